import { digestOf } from "../protocol/blobs";
import { concat, hex, type Hex, unhex } from "../protocol/bytes";
import type { Announcement } from "../protocol/messages";
import { unitsOf, unitsPerTask, type Manifest } from "../protocol/manifest";
import type { Relay } from "../relay/relay";
import type { Market, ResourceClass } from "./market";

/** A miner's offer of a class: what the chain says, with what it announced. */
export interface Offer {
    readonly minerId: number;
    readonly miner: Hex;
    /** Units that can be taken now. */
    readonly free: bigint;
    /** 10^-18 token per unit. */
    readonly ask: bigint;
    /** Seconds since 1970. */
    readonly validUntil: number;
    readonly verifiedOnly: boolean;
    readonly announcement: Announcement;
}

/** What a job would cost with an offer, and whether its miner would take it. */
export interface Estimate {
    readonly offer: Offer;
    readonly units: bigint;
    /** Price now, between ask and bid; 10^-18 token per unit. */
    readonly price: bigint;
    /** What the request bids. */
    readonly bid: bigint;
    /** Base units that are locked until the deal ends, the most that it can cost. */
    readonly lock: bigint;
    /** Seconds that the miner is given for the result. */
    readonly duration: number;
    /** Seconds that the miner is given to take the request. */
    readonly confirmWithin: number;
    /** Why the miner would not take it; none: it should. */
    readonly objections: readonly Objection[];
}

/** `code` is for pages, which say it in their own words; `detail` is a plain sentence. */
export interface Objection {
    readonly code: string;
    readonly detail: string;
}

const SLIPPAGE = 5n; // percent above the quote that a bid allows for
const CONFIRM_WITHIN = 60;
/** Seconds that the market allows for a result. */
const DURATIONS = [60, 30 * 86_400] as const;

/** Offers of miners that announce themselves at the relay, cheapest first. */
export async function offersOf(market: Market, relay: Relay, resource: number): Promise<Offer[]> {
    const announced = await relay.announcements(resource);
    const read = announced.map(async ({ message }) => {
        try {
            const { minerId, ...offer } = await market.offerOf(message.miner, resource);
            return { minerId, miner: message.miner, announcement: message, ...rest(offer) };
        } catch {
            return undefined; // it is not registered, or not any more
        }
    });
    const offers = (await Promise.all(read)).filter((offer) => offer !== undefined);
    return offers.sort((left, right) => (left.ask < right.ask ? -1 : left.ask > right.ask ? 1 : 0));
}

/** What a job would cost and take with an offer now, and what stands against it. */
export async function estimate(
    market: Market,
    found: ResourceClass,
    offer: Offer,
    manifest: Manifest,
    now: number,
): Promise<Estimate> {
    const units = unitsOf(manifest);
    const price = offer.ask > found.price ? offer.ask : found.price;
    const bid = most(price + (price * SLIPPAGE) / 100n, found.floor);
    const { duration, confirmWithin } = timesOf(offer.announcement, manifest);
    const lock = await market.valueUp(units, bid);
    const against = [
        ...objectionsOfClass(found, manifest),
        ...objectionsOfMiner(found, offer, manifest, now),
        ...objections([[duration > DURATIONS[1], "too_long", "it would take more than 30 days"]]),
    ];
    return { offer, units, price, bid, lock, duration, confirmWithin, objections: against };
}

/**
 * Seconds for the result, by the miner's own rule: after (T − t)/W + t seconds a deal is done at the latest, where t
 * is its longest task's time and T that of all, which must be allowed `margin` times, and `reserve`. A half more, since
 * others' work may come first.
 */
function timesOf(
    announcement: Announcement,
    manifest: Manifest,
): { duration: number; confirmWithin: number } {
    const { margin, reserve } = announcement;
    const longest = secondsFor(announcement, manifest, manifest.tasks.length);
    const allowed = (longest * margin) / 100 + reserve;
    const megabytes = Number(manifest.module.size) / 1e6;
    const compiling = isCompiled(announcement, manifest) ? 0 : 2 * megabytes;
    const confirmWithin = Math.ceil(Math.max(CONFIRM_WITHIN, 2 * reserve) + compiling);
    return { duration: Math.max(Math.ceil(1.5 * allowed), DURATIONS[0]), confirmWithin };
}

/** Seconds in which so many of the job's tasks are done at the latest, each with all its units. */
export function secondsFor(
    { unitsPerSecond, workers }: Announcement,
    manifest: Manifest,
    tasks: number,
): number {
    const task = Number(unitsPerTask(manifest)) / Math.max(unitsPerSecond, 1);
    return ((tasks - 1) * task) / workers + task;
}

/** Whether the miner announced that it has the program compiled. */
function isCompiled(announcement: Announcement, manifest: Manifest): boolean {
    const name = digestOf(concat(unhex(manifest.runtime), unhex(manifest.module.digest)));
    return announcement.programs.includes(hex(name));
}

function objectionsOfClass(found: ResourceClass, manifest: Manifest): Objection[] {
    const { limits, tasks } = manifest;
    const sizes = tasks.map((task) => {
        const inputs = { ...manifest.inputs, ...task.inputs };
        const all = [...Object.values(inputs), ...(task.stdin ? [task.stdin] : [])];
        return all.reduce((sum, { size }) => sum + size, 0n);
    });
    const largest = sizes.reduce(most, 0n);
    const outputs = limits.file_bytes + limits.stdout_bytes + limits.stderr_bytes;
    const told: Told[] = [
        [found.retired, "class_retired", "the class is retired"],
        [!found.judged, "class_leased", "the class is leased, not sold by deals"],
        [
            unitsPerTask(manifest) > found.maxTaskUnits,
            "task_units",
            `a task may use ${found.maxTaskUnits} units`,
        ],
        [
            limits.memory > found.maxTaskMemory,
            "task_memory",
            `a task may use ${found.maxTaskMemory} bytes of memory`,
        ],
        [
            outputs > found.maxTaskBytes,
            "task_outputs",
            `a task may write ${found.maxTaskBytes} bytes in all`,
        ],
        [
            largest > found.maxTaskBytes,
            "task_inputs",
            `a task may read ${found.maxTaskBytes} bytes in all`,
        ],
        [limits.files > 10_000n, "task_files", "a task may leave 10,000 files"],
        [
            !found.runtimes.includes(`0x${manifest.runtime}`),
            "runtime_not_permitted",
            "the class does not permit the runtime",
        ],
    ];
    return objections(told);
}

function objectionsOfMiner(
    found: ResourceClass,
    offer: Offer,
    manifest: Manifest,
    now: number,
): Objection[] {
    const { announcement } = offer;
    const units = unitsOf(manifest);
    const told: Told[] = [
        [offer.validUntil < now, "expired", "the offer has ended"],
        [units > offer.free, "too_few_units", `${offer.free} units are free, ${units} are needed`],
        [
            offer.ask > 2n * most(found.price, 1n),
            "dear",
            "it asks more than twice the market's price",
        ],
        [
            !announcement.runtimes.includes(`0x${manifest.runtime}`),
            "runtime_not_served",
            "it does not run the runtime",
        ],
        [!announcement.unitsPerSecond, "speed_unknown", "it does not say how fast it is"],
        [
            offer.verifiedOnly,
            "verified_requesters_only",
            "it takes requests of attested identities only",
        ],
    ];
    return objections(told);
}

type Told = [holds: boolean, code: string, detail: string];

function objections(told: readonly Told[]): Objection[] {
    return told.filter(([holds]) => holds).map(([, code, detail]) => ({ code, detail }));
}

function rest(
    offer:
        | Awaited<ReturnType<Market["offerOf"]>>
        | Omit<Awaited<ReturnType<Market["offerOf"]>>, "minerId">,
) {
    const { published, reserved, ask, validUntil, verifiedOnly } = offer;
    return { free: published - reserved, ask, validUntil, verifiedOnly };
}

function most(left: bigint, right: bigint): bigint {
    return left > right ? left : right;
}
