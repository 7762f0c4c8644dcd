/** Lists that come page by page: the first is asked anew with each event, more are added by the visitor. */
import { useEffect, useState } from "preact/hooks";
import { ask, Failure } from "./ask";
import type { Decode } from "./decode";
import { pageOf } from "./shapes";
import { type Asked, useAsked } from "./use";

export interface Listed<T> extends Asked<T[]> {
    next: string | null;
    more(): void;
}

export function useListed<T>(path: string, item: Decode<T>): Listed<T> {
    const decode = pageOf(item);
    const first = useAsked(path, decode);
    const [rest, setRest] = useState<{ items: T[]; next: string | null; failure?: Failure }>();
    useEffect(() => setRest(undefined), [path]);
    const next = rest ? rest.next : (first.value?.next ?? null);
    const more = (): void => {
        if (next === null) return;
        const joint = path.includes("?") ? "&" : "?";
        ask(`${path}${joint}after=${encodeURIComponent(next)}`, decode).then(
            (page) => setRest({ items: [...(rest?.items ?? []), ...page.items], next: page.next }),
            (error: unknown) =>
                setRest({ items: rest?.items ?? [], next, failure: error as Failure }),
        );
    };
    return {
        value: first.value && [...first.value.items, ...(rest?.items ?? [])],
        failure: rest?.failure ?? first.failure,
        again: first.again,
        next,
        more,
    };
}
