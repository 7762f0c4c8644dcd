/** What the visitor chose, kept in this browser; without its storage, until the page is left. */
const instead = new Map<string, string>();

export function remembered(name: string): string | null {
    try {
        return localStorage.getItem(`suanli.${name}`);
    } catch {
        return instead.get(name) ?? null;
    }
}

export function remember(name: string, value: string | null): void {
    try {
        if (value === null) localStorage.removeItem(`suanli.${name}`);
        else localStorage.setItem(`suanli.${name}`, value);
    } catch {
        if (value === null) instead.delete(name);
        else instead.set(name, value);
    }
}
