/** The page's addresses: `/deal/0x…`, each a view, without a reload from one to the other. */
import { signal } from "@preact/signals";

export interface Route {
    /** First part: which view; empty: the market */
    view: string;
    /** The parts after it, decoded */
    rest: string[];
    query: URLSearchParams;
}

export const route = signal<Route>(read());

export function go(to: string, instead = false): void {
    if (instead) history.replaceState(null, "", to);
    else history.pushState(null, "", to);
    route.value = read();
    if (!instead) {
        scrollTo(0, 0);
        // Screen readers hear where they are.
        requestAnimationFrame(() => document.querySelector<HTMLElement>("main h1")?.focus());
    }
}

/** Change one of the query's values, in the place of the present address. */
export function ask(name: string, value: string | null): void {
    const query = new URLSearchParams(location.search);
    if (value === null) query.delete(name);
    else query.set(name, value);
    const text = query.toString();
    go(location.pathname + (text ? `?${text}` : ""), true);
}

export function watchRoute(): void {
    addEventListener("popstate", () => (route.value = read()));
    document.addEventListener("click", (event) => {
        const link = (event.target as Element | null)?.closest?.("a");
        if (!link || event.defaultPrevented || event.button !== 0 || link.target || link.download)
            return;
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        if (link.origin !== location.origin || !link.hasAttribute("data-view")) return;
        event.preventDefault();
        go(link.pathname + link.search);
    });
}

function read(): Route {
    const [view = "", ...rest] = location.pathname.split("/").filter(Boolean).map(decoded);
    return { view, rest, query: new URLSearchParams(location.search) };
}

function decoded(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}
