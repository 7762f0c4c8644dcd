import { expect, test } from "vitest";
import { buildJob, countedTasks, USUAL_LIMITS } from "../../src/job/build";
import type { ResourceClass } from "../../src/job/market";
import { estimate, type Offer } from "../../src/job/offers";
import { digestOf } from "../../src/protocol/blobs";
import { concat, hex, unhex, utf8 } from "../../src/protocol/bytes";
import type { Announcement } from "../../src/protocol/messages";
import { found, market, offerOf, RUNTIME } from "./offer";

const { manifest } = buildJob({
    runtime: RUNTIME,
    module: new Uint8Array(10_000_000),
    inputs: { a: utf8("1234") },
    env: {},
    dirs: [],
    limits: { ...USUAL_LIMITS, fuel: 1_000_000_000n },
    tasks: countedTasks(10, []),
    gather: { kind: "files" },
});
const offer = offerOf({}, { workers: 2 });

test("an estimate has the ask or the market's price, with room to move, and the miner's time", async () => {
    const made = await estimate(market, found, offer, manifest, 1000);
    // 10 tasks of 1,000 units: (100 - 10) / 2 + 10 = 55 s, 1.5 times, 15 more, and a half on top.
    expect(made).toMatchObject({ units: 10_000n, price: 120n, bid: 126n, lock: 1_260_000n });
    expect(made).toMatchObject({ duration: Math.ceil(1.5 * 97.5), confirmWithin: 80 });
    expect(made.objections).toEqual([]);
    const cheap = await estimate(market, found, { ...offer, ask: 50n }, manifest, 0);
    expect(cheap).toMatchObject({ price: 100n, bid: 105n });
});

test("a miner that has the program compiled gets no time to compile it", async () => {
    const name = digestOf(concat(unhex(RUNTIME), unhex(manifest.module.digest)));
    const compiled = offerOf({}, { workers: 2, programs: [hex(name)] });
    const made = await estimate(market, found, compiled, manifest, 0);
    expect(made.confirmWithin).toBe(60);
});

test.each<[string, Partial<ResourceClass>, Partial<Offer>, Partial<Announcement>, number, string]>([
    ["retired", { retired: true }, {}, {}, 0, "the class is retired"],
    ["leased", { judged: false }, {}, {}, 0, "the class is leased, not sold by deals"],
    ["units", { maxTaskUnits: 999n }, {}, {}, 0, "a task may use 999 units"],
    ["memory", { maxTaskMemory: 1n }, {}, {}, 0, "a task may use 1 bytes of memory"],
    ["outputs", { maxTaskBytes: 5n }, {}, {}, 0, "a task may write 5 bytes in all"],
    ["inputs", { maxTaskBytes: 3n }, {}, {}, 0, "a task may read 3 bytes in all"],
    ["suspended", { runtimes: [undefined] }, {}, {}, 0, "the class does not permit the runtime"],
    ["ended", {}, {}, {}, 1001, "the offer has ended"],
    ["full", {}, { free: 9n }, {}, 0, "9 units are free, 10000 are needed"],
    ["dear", {}, { ask: 201n }, {}, 0, "it asks more than twice the market's price"],
    ["other runtime", {}, {}, { runtimes: ["0xbb"] }, 0, "it does not run the runtime"],
    ["unknown speed", {}, {}, { unitsPerSecond: 0 }, 0, "it does not say how fast it is"],
    ["slow", {}, {}, { reserve: 2_000_000 }, 0, "it would take more than 30 days"],
    [
        "verified",
        {},
        { verifiedOnly: true },
        {},
        0,
        "it takes requests of attested identities only",
    ],
])("%s: it says why it would not be taken", async (_, ofClass, ofOffer, said, now, why) => {
    const one = offerOf(ofOffer, { workers: 2, ...said });
    const made = await estimate(market, { ...found, ...ofClass }, one, manifest, now);
    expect(made.objections.map(({ detail }) => detail)).toContain(why);
});
