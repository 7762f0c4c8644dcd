/** A class, a market that knows what units cost, and offers in it. */
import type { Market, ResourceClass } from "../../src/job/market";
import type { Offer } from "../../src/job/offers";
import type { Hex } from "../../src/protocol/bytes";
import type { Announcement } from "../../src/protocol/messages";

export const RUNTIME = "aa".repeat(32);
export const market = {
    valueUp: async (units: bigint, price: bigint) => units * price,
} as Market;
export const found: ResourceClass = {
    id: 1,
    retired: false,
    judged: true,
    floor: 1n,
    price: 100n,
    maxTaskUnits: 1000n,
    maxTaskMemory: 1n << 30n,
    maxTaskBytes: 1n << 30n,
    runtimes: [undefined, `0x${RUNTIME}`],
};

export function offerOf(change: Partial<Offer> = {}, said: Partial<Announcement> = {}): Offer {
    const announcement = {
        runtimes: [`0x${RUNTIME}` as Hex],
        unitsPerSecond: 100,
        workers: 1,
        margin: 150,
        reserve: 15,
        programs: [] as Hex[],
        ...said,
    } as unknown as Announcement;
    return {
        minerId: 1,
        miner: "0x01",
        free: 10_000n,
        ask: 120n,
        validUntil: 1000,
        verifiedOnly: false,
        announcement,
        ...change,
    };
}
