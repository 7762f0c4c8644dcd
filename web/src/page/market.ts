/** What the whole page knows of the market it shows: its configuration, how far the index is, its classes. */
import { computed, signal } from "@preact/signals";
import { ask, Failure } from "./api/ask";
import { listen, live } from "./api/live";
import { record, maybe, whole } from "./api/decode";
import * as shapes from "./api/shapes";
import { refresh } from "./api/use";
import { symbolOf } from "./format/text";
import { setClock } from "./format/time";

const API = "/api/v1";
const MOST_DECIMALS = 30;

export const configuration = signal<shapes.Config | null>(null);
export const troubled = signal<Failure | null>(null);
export const status = signal<shapes.Status | null>(null);
export const classes = signal<shapes.ResourceClass[]>([]);

/** Symbol and decimals of the settlement token. */
export const config = computed(() => {
    const token = configuration.value?.token;
    return token
        ? { decimals: Math.min(token.decimals, MOST_DECIMALS), symbol: symbolOf(token.symbol) }
        : null;
});

/** Where the API answers. */
export function at(path: string): string {
    return API + path;
}

const told = record({ block: maybe(whole) });

/** The block that the stream told last: an answer on its way may be older. */
let streamed = 0;

/** Ask for it all, and again whenever something happens. */
export function follow(): void {
    void load();
    listen(at("/events"), ["entry", "block", "reorganized", "reset"], told, (all) => {
        const block = all.findLast((event) => event.told.block !== null)?.told.block ?? null;
        const known = status.value;
        if (block !== null) streamed = block;
        if (known && block !== null)
            status.value = { ...known, block, head: Math.max(block, known.head ?? 0) };
        // A block in which nothing happened to the market changes nothing else.
        if (all.some((event) => event.name !== "block")) {
            void load();
            refresh();
        }
    });
    // Time alone changes states, too, and a stream may be broken.
    setInterval(() => {
        void load();
        refresh();
    }, 15_000);
}

async function load(): Promise<void> {
    try {
        configuration.value ??= await ask(at("/config"), shapes.config);
        [status.value, classes.value] = await Promise.all([
            ask(at("/status"), shapes.status),
            ask(at("/classes"), shapes.classes),
        ]);
        if (live.value && status.value.block !== null)
            status.value = { ...status.value, block: Math.max(streamed, status.value.block) };
        if (status.value.time !== null) setClock(status.value.time);
        troubled.value = null;
    } catch (error) {
        troubled.value = error instanceof Failure ? error : new Failure("strange", String(error));
    }
}
