/** Light, dark, or as the system says. */
import { signal } from "@preact/signals";
import { remember, remembered } from "./remember";

export type Theme = "auto" | "light" | "dark";
export const THEMES: readonly Theme[] = ["auto", "light", "dark"];

const chosen = remembered("theme");
export const theme = signal<Theme>(THEMES.find((known) => known === chosen) ?? "auto");
/** Counts changes of the colours in force, for what is drawn and not styled. */
export const colours = signal(0);

export function paint(next: Theme): void {
    theme.value = next;
    remember("theme", next === "auto" ? null : next);
    apply();
}

export function watchTheme(): void {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => colours.value++);
    apply();
}

function apply(): void {
    if (theme.value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
    colours.value++;
}
