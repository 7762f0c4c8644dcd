/** What the wallet's node says, asked again whenever something happens. */
import { useEffect, useRef, useState } from "preact/hooks";
import { onRefresh } from "../api/use";
import { sentenceOf } from "../wallet/refusals";

export interface ChainRead<T> {
    value: T | null;
    problem: string;
    again(): void;
}

export function useChain<T>(ask: () => Promise<T>, about: readonly unknown[]): ChainRead<T> {
    const [found, setFound] = useState<{ value: T | null; problem: string }>({
        value: null,
        problem: "",
    });
    const run = useRef(0);
    const again = (): void => {
        const mine = ++run.current;
        ask().then(
            (value) => mine === run.current && setFound({ value, problem: "" }),
            (error: unknown) =>
                mine === run.current &&
                setFound((old) => ({ value: old.value, problem: sentenceOf(error) })),
        );
    };
    useEffect(() => {
        again();
        const forget = onRefresh(again);
        return () => {
            run.current++;
            forget();
        };
    }, about);
    return { ...found, again };
}
