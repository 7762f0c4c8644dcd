/** What the visitor chose, kept in this browser; without its storage, until the page is left. */
const instead = new Map<string, string>();

export function remembered(name: string): string | null {
    return instead.get(name) ?? stored(name);
}

/** Whether it is still there when the page is left: storage may be full, or switched off. */
export function remember(name: string, value: string | null): boolean {
    instead.delete(name);
    try {
        if (value === null) localStorage.removeItem(`suanli.${name}`);
        else localStorage.setItem(`suanli.${name}`, value);
    } catch {
        if (value !== null) instead.set(name, value);
    }
    return stored(name) === value;
}

function stored(name: string): string | null {
    try {
        return localStorage.getItem(`suanli.${name}`);
    } catch {
        return null;
    }
}

/** Ask the browser not to throw away what is kept here when its disk is full. */
export function askToLast(): void {
    void navigator.storage?.persist?.().catch(() => false);
}
