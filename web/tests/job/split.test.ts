import { expect, test } from "vitest";
import { buildJob, tasksOfFiles, USUAL_LIMITS } from "../../src/job/build";
import { estimate, type Offer } from "../../src/job/offers";
import { partOf, placed, split, takersOf } from "../../src/job/split";
import { hex, utf8 } from "../../src/protocol/bytes";
import { jobDigest } from "../../src/protocol/manifest";
import { found, market, offerOf, RUNTIME } from "./offer";

const files = Object.fromEntries(
    Array.from({ length: 6 }, (_, index) => [`${index}.txt`, utf8(`text ${index}`)]),
);
const job = buildJob({
    runtime: RUNTIME,
    module: new Uint8Array(100),
    inputs: { all: utf8("for all") },
    env: {},
    dirs: [],
    limits: { ...USUAL_LIMITS, fuel: 100_000_000n },
    tasks: tasksOfFiles(files, ["{path}", "{index}"]),
    gather: { kind: "files" },
});

/** Of a miner that asks so much, is so fast, and has room for so many tasks of 100 units. */
function minerOf(minerId: number, ask: bigint, unitsPerSecond: number, room: number): Offer {
    return offerOf({ minerId, ask, free: BigInt(room) * 100n }, { unitsPerSecond });
}
const estimates = (...offers: Offer[]) =>
    Promise.all(offers.map((offer) => estimate(market, found, offer, job.manifest, 1)));
const given = (shares: Awaited<ReturnType<typeof split>>) =>
    shares.map(({ estimate: { offer }, tasks }) => [offer.minerId, tasks]);

test("tasks go to whoever is done first, and all are done together", async () => {
    const all = await estimates(minerOf(1, 100n, 200, 99), minerOf(2, 110n, 100, 99));
    expect(given(await split(market, found, all, job, 2, 1))).toEqual([
        [1, [0, 1, 3, 4]],
        [2, [2, 5]],
    ]);
});

test("the cheapest come first, and those that take nothing are left out", async () => {
    const late = { ...minerOf(4, 100n, 100, 99), validUntil: 0 };
    const all = await estimates(
        minerOf(1, 150n, 100, 99),
        minerOf(2, 120n, 100, 0),
        minerOf(3, 130n, 100, 99),
        late,
        minerOf(5, 110n, 100, 3),
    );
    expect(takersOf(all, job.manifest).map(({ offer }) => offer.minerId)).toEqual([5, 3, 1]);
    expect(given(await split(market, found, all, job, 2, 1))).toEqual([
        [5, [0, 2, 4]],
        [3, [1, 3, 5]],
    ]);
});

test("what finds no room is in no share", async () => {
    const all = await estimates(minerOf(1, 100n, 100, 2), minerOf(2, 110n, 100, 1));
    const takers = takersOf(all, job.manifest);
    expect([...placed(takers, job.manifest).values()].flat().sort()).toEqual([0, 1, 2]);
});

test("a share is a job of its own: its tasks as they were, its data alone, and its own price", async () => {
    const all = await estimates(minerOf(1, 100n, 100, 3), minerOf(2, 110n, 100, 3));
    const [first, second] = await split(market, found, all, job, 2, 1);
    const { manifest, digest, plaintexts, salt } = second!.job;
    expect(manifest.tasks.map(({ args }) => args)).toEqual(
        [1, 3, 5].map((index) => [`inputs/${index}.txt`, String(index)]),
    );
    expect(salt).toBe(job.salt);
    expect(digest).toBe(jobDigest(salt, manifest));
    expect(digest).not.toBe(first!.job.digest);
    const texts = [...plaintexts.values()].map((data) => hex(data)).sort();
    const wanted = ["for all", "text 1", "text 3", "text 5"].map((text) => hex(utf8(text)));
    expect(texts).toEqual(wanted.sort());
    expect(second!.estimate).toMatchObject({ units: 300n, price: 110n, objections: [] });
    expect(partOf(job, [0, 1, 2, 3, 4, 5])).toBe(job);
});
