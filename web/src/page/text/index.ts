/** The page's languages: one dictionary each, chosen by the visitor. */
import { signal } from "@preact/signals";
import { remembered, remember } from "../remember";
import { en } from "./en";
import { zh } from "./zh";

export type Key = keyof typeof en;
export type Words = Record<Key, string>;
export type Language = "en" | "zh";
export const LANGUAGES: Record<Language, { name: string; tag: string; words: Words }> = {
    en: { name: "English", tag: "en", words: en },
    zh: { name: "中文", tag: "zh-Hans", words: zh },
};

export const language = signal<Language>(first());

export function speak(chosen: Language): void {
    language.value = chosen;
    remember("language", chosen);
    document.documentElement.lang = LANGUAGES[chosen].tag;
}

/** A sentence in the visitor's language, with what stands for its `{names}`. */
export function t(key: Key, named: Record<string, string | number> = {}): string {
    const sentence = LANGUAGES[language.value].words[key];
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(named[name] ?? whole));
}

/** A word for a value that may be unknown here, such as a state of a newer relay: then itself. */
export function tOr(key: string, otherwise: string): string {
    return key in en ? t(key as Key) : otherwise;
}

export const localeTag = (): string => LANGUAGES[language.value].tag;

function first(): Language {
    const chosen = remembered("language");
    if (chosen === "en" || chosen === "zh") return chosen;
    return navigator.languages.find((tag) => /^(en|zh)\b/.test(tag))?.startsWith("zh")
        ? "zh"
        : "en";
}
