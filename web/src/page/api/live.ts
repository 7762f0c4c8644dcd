/** What happens on the chain, as the relay tells it: server-sent events, without a reload. */
import { signal } from "@preact/signals";
import { type Decode, Strange } from "./decode";

export const live = signal(false);

export interface Heard<T> {
    /** The event's name */
    name: string;
    told: T;
}

const RETRY = 2_000;
/** Changes are looked at together, so that a full block does not ask a hundred times. */
const TOGETHER = 150;

/** Listen to a stream of the relay for as long as the page is open. */
export function listen<T>(
    path: string,
    names: readonly string[],
    decode: Decode<T>,
    hear: (all: Heard<T>[]) => void,
): void {
    let heard: Heard<T>[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pass = (): void => {
        const all = heard;
        [heard, timer] = [[], undefined];
        hear(all);
    };
    const take = (event: MessageEvent<unknown>): void => {
        if (typeof event.data !== "string" || event.data.length > 100_000) return;
        try {
            heard.push({ name: event.type, told: decode(JSON.parse(event.data), "event") });
        } catch (error) {
            if (error instanceof Strange || error instanceof SyntaxError) return;
            throw error;
        }
        timer ??= setTimeout(pass, TOGETHER);
    };
    const open = (): void => {
        const source = new EventSource(path);
        source.onopen = () => (live.value = true);
        source.onerror = () => {
            live.value = false;
            // The browser tries again by itself unless the answer was a refusal.
            if (source.readyState === EventSource.CLOSED) setTimeout(open, RETRY);
        };
        source.onmessage = take;
        for (const name of names) source.addEventListener(name, take as EventListener);
    };
    open();
}
