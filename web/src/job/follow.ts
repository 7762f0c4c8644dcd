import type { Hex } from "../protocol/bytes";
import type { Claim, Rejection } from "../protocol/messages";
import { BlobMissing, RelayAway, RelayRefused } from "../relay/errors";
import type { Relay } from "../relay/relay";
import type { DealNow, Market } from "./market";
import type { Lodged } from "./request";

/** What there is to tell of a request, newest state whole each time. */
export interface Standing {
    readonly deal: DealNow;
    /** Tasks that the deal's miner says are done; `issued` of what it said last. */
    readonly done: number;
    readonly issued: number;
    /** What the deal's miner says of its result. */
    readonly claim?: Claim;
    /** Why miners don't take it, last said first. */
    readonly rejections: readonly Rejection[];
    /** Relay or node could not be asked this time: the rest is of earlier. */
    readonly trouble?: string;
}

export const ENDED = new Set([
    "settled",
    "cancelled",
    "released",
    "annulled",
    "defaulted",
    "overturned",
    "expired",
]);

/** Tells a request's standing, whenever it is another one, until it ended or `signal` is given. */
export async function* follow(
    market: Market,
    relay: Relay,
    lodged: Lodged,
    options: { readonly every?: number; readonly signal?: AbortSignal } = {},
): AsyncGenerator<Standing> {
    const { every = 1000, signal } = options;
    let last: Standing | undefined;
    let told = "";
    for (;;) {
        last = await look(market, relay, lodged, last);
        const text = JSON.stringify(last, (_, value) =>
            typeof value === "bigint" ? String(value) : value,
        );
        if (text !== told) yield last;
        told = text;
        if (signal?.aborted || isOver(last)) return;
        await pause(every, signal);
    }
}

/** Whether nothing more happens by itself: the deal ended, or nobody took the request in time. */
export function isOver({ deal }: Standing): boolean {
    return ENDED.has(deal.state);
}

async function look(
    market: Market,
    relay: Relay,
    { id, signed }: Lodged,
    before: Standing | undefined,
): Promise<Standing> {
    const known = before ?? { deal: NOTHING, done: 0, issued: 0, rejections: [] };
    let deal: DealNow;
    try {
        deal = await dealNow(market, signed.message, id);
    } catch (error) {
        return { ...known, trouble: `the node can't be asked: ${shortly(error)}` };
    }
    try {
        return await said(market, relay, id, { ...known, deal });
    } catch (error) {
        return { ...without(known), deal, trouble: shortly(error) };
    }
}

/** A request that nobody took is in no book: whether its time is over, the clock tells. */
async function dealNow(market: Market, request: Lodged["signed"]["message"], id: Hex) {
    const deal = await market.dealOf(request, id);
    if (deal.state !== "none") return deal;
    return (await market.now()) > request.confirmBy ? { ...deal, state: "expired" as const } : deal;
}

async function said(market: Market, relay: Relay, id: Hex, known: Standing): Promise<Standing> {
    const { deal } = known;
    if (deal.state === "none" || deal.state === "expired") {
        const rejections = await relay.said("Rejection", id);
        const all = rejections.map(({ message }) => message);
        return { ...without(known), rejections: all.sort((a, b) => b.issued - a.issued) };
    }
    const [progress, claims] = await Promise.all([
        relay.said("Progress", id),
        relay.said("Claim", id),
    ]);
    // Others may say what they like of a request that names nobody: the deal's miner counts.
    const miner = await market.minerOf(deal.minerId);
    const newest = progress.find(({ message }) => message.miner === miner)?.message;
    const claim = claims.find(({ message }) => message.miner === miner)?.message;
    return {
        deal,
        done: Math.max(known.done, newest?.done ?? 0),
        issued: Math.max(known.issued, newest?.issued ?? 0),
        rejections: known.rejections,
        ...((claim ?? known.claim) ? { claim: claim ?? known.claim! } : {}),
    };
}

function without(standing: Standing): Standing {
    const { trouble: _, ...rest } = standing;
    return rest;
}

function shortly(error: unknown): string {
    const known = [RelayAway, RelayRefused, BlobMissing].some((kind) => error instanceof kind);
    const { shortMessage, message } = error as { shortMessage?: string; message: string };
    return known ? message : (shortMessage ?? message);
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    });
}

const NOTHING: DealNow = {
    state: "none",
    minerId: 0,
    price: 0n,
    time: 0,
    root: `0x${"00".repeat(32)}`,
    unitsUsed: 0n,
};
