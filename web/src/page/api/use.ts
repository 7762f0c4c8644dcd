/** Answers of the relay in components: fetched once, shown again at once, and asked anew when something happened. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ask, Failure } from "./ask";
import type { Decode } from "./decode";

export interface Asked<T> {
    value: T | null;
    failure: Failure | null;
    again(): void;
}

const KEPT = 60;
const kept = new Map<string, unknown>();
const waiting = new Set<() => void>();

/** Ask everything that is on the screen anew. */
export function refresh(): void {
    for (const again of waiting) again();
}

/** Be told when everything is asked anew; what it returns ends that. */
export function onRefresh(again: () => void): () => void {
    waiting.add(again);
    return () => waiting.delete(again);
}

/** `path` null: nothing is asked. */
export function useAsked<T>(path: string | null, decode: Decode<T>): Asked<T> {
    const [answer, setAnswer] = useState<{ path: string; value?: T; failure?: Failure }>();
    const run = useRef(0);
    const again = (): void => {
        if (path === null) return;
        const mine = ++run.current;
        ask(path, decode).then(
            (value) => {
                keep(path, value);
                if (mine === run.current) setAnswer({ path, value });
            },
            (error: unknown) => {
                const failure =
                    error instanceof Failure ? error : new Failure("strange", String(error));
                if (mine === run.current)
                    setAnswer((old) => ({ ...(old?.path === path ? old : {}), path, failure }));
            },
        );
    };
    useEffect(() => {
        again();
        const forget = onRefresh(again);
        return () => {
            run.current++;
            forget();
        };
    }, [path]);
    const current = answer?.path === path ? answer : undefined;
    const old = path === null ? undefined : (kept.get(path) as T | undefined);
    return { value: current?.value ?? old ?? null, failure: current?.failure ?? null, again };
}

function keep(path: string, value: unknown): void {
    kept.delete(path);
    kept.set(path, value);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
}
