import { zeroHash } from "viem";
import { expect, test, vi } from "vitest";

vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en-US"] }));
const { dueIn, numberSeen, waits } = await import("../../src/page/wallet/pleading");
type Stand = import("../../src/page/wallet/pleading").Stand;

const PHASES = [
    "none",
    "queued",
    "answering",
    "drawing",
    "voting",
    "showing",
    "revealing",
    "curing",
    "decided",
    "rejected",
    "upheld",
    "undecided",
    "void",
] as const;
const OUTCOMES = ["none", "stands", "wrong", "unavailable"] as const;
const SEED = `0x${"5e".repeat(32)}` as const;

interface Change {
    status?: Partial<Stand["status"]> & { seed?: `0x${string}` };
    docket?: Partial<Stand["docket"]>;
    outcome?: (typeof OUTCOMES)[number];
    state?: number;
    money?: bigint;
    time?: number;
    block?: number;
}

/** A case in time, second 100 of a phase that ends with 100, block 11 after block 10 was named. */
function stand(phase: (typeof PHASES)[number], change: Change = {}): Stand {
    const { status, docket, outcome = "none", state = 3, time = 100, block = 11 } = change;
    const { money = 1n } = change;
    return {
        status: {
            phase: PHASES.indexOf(phase),
            deadline: PHASES.indexOf(phase) > 8 ? 0 : 100,
            round: 0,
            filerActed: true,
            minerActed: true,
            outcome: OUTCOMES.indexOf(outcome),
            shown: false,
            named: 10,
            places: 0,
            seed: zeroHash,
            ...status,
        },
        docket: { filingUntil: 99, open: 0, frozen: true, finished: false, ...docket },
        state,
        appeal: 1n,
        money,
        at: { time, block },
    };
}

test.each([
    ["no case", stand("none"), null, null],
    ["no seats yet", stand("queued"), null, null],
    ["no seats in time", stand("queued", { time: 101 }), "advance", "advance"],
    ["the miner is to answer", stand("answering", { status: { minerActed: false } }), null, null],
    ["the miner was silent", stand("answering", { time: 101 }), "advance", "advance"],
    [
        "a second jury",
        stand("answering", { status: { round: 1, filerActed: false } }),
        "commit",
        null,
    ],
    ["an appeal of its own", stand("answering", { status: { round: 2 } }), null, null],
    [
        "the named block has no successor",
        stand("drawing", { block: 10, status: { filerActed: false } }),
        null,
        null,
    ],
    ["a secret is due", stand("drawing", { status: { filerActed: false } }), "reveal", null],
    [
        "the miner revealed first",
        stand("drawing", { block: 300, status: { filerActed: false, seed: SEED } }),
        "reveal",
        null,
    ],
    [
        "the last block that tells the hash",
        stand("drawing", { block: 266, status: { filerActed: false } }),
        "reveal",
        null,
    ],
    [
        "the hash was missed",
        stand("drawing", { block: 267, status: { filerActed: false } }),
        "record",
        "record",
    ],
    [
        "the miner is to reveal",
        stand("drawing", { status: { minerActed: false, seed: SEED } }),
        null,
        null,
    ],
    ["more seats are to be drawn", stand("drawing", { status: { seed: SEED } }), "draw", "draw"],
    ["jurors vote", stand("voting"), null, null],
    ["jurors did not vote", stand("voting", { time: 101 }), "advance", "advance"],
    ["the leaf is due", stand("showing"), "show", null],
    ["the leaf was not shown", stand("showing", { time: 101 }), "advance", "advance"],
    ["votes are revealed", stand("revealing"), null, null],
    ["data is served", stand("curing"), null, null],
    ["lost", stand("decided", { outcome: "stands" }), "appeal", null],
    [
        "nothing found twice",
        stand("decided", { outcome: "none", status: { round: 1 } }),
        "appeal",
        null,
    ],
    [
        "lost, with too little to appeal",
        stand("decided", { outcome: "stands", money: 0n }),
        "fund",
        null,
    ],
    ["won", stand("decided", { outcome: "wrong" }), null, null],
    ["nobody appealed", stand("decided", { outcome: "stands", time: 101 }), "advance", "advance"],
    [
        "the appeal is decided",
        stand("decided", { outcome: "stands", status: { round: 2 } }),
        "advance",
        "advance",
    ],
    ["the requester accepted", stand("voting", { state: 4 }), "advance", "advance"],
    ["others may challenge still", stand("upheld", { time: 99 }), null, null],
    ["another case is open", stand("upheld", { docket: { open: 1 } }), null, null],
    ["nobody may challenge any more", stand("upheld"), "finish", "finish"],
    [
        "finished, with something to collect",
        stand("upheld", { state: 9, docket: { finished: true }, status: { places: 1 } }),
        "collect",
        null,
    ],
    [
        "finished, and collected",
        stand("upheld", { state: 9, docket: { finished: true } }),
        null,
        null,
    ],
    [
        "served late",
        stand("rejected", { state: 4, docket: { finished: true }, status: { places: 1 } }),
        "collect",
        null,
    ],
    ["lost, and the deal goes on", stand("rejected", { docket: { frozen: false } }), null, null],
    ["void", stand("void", { state: 4, docket: { finished: true } }), null, null],
    ["paid by time, before it was finished", stand("upheld", { state: 4 }), null, null],
] as const)("%s: what the filer, and what anybody can do", (_, at, filer, anybody) => {
    expect([dueIn(at, true), dueIn(at, false)]).toEqual([filer, anybody]);
});

test("a decided case waits as long as its deal can be challenged", () => {
    const phases = PHASES.filter((phase) => waits(stand(phase)));
    expect(phases).toEqual(["rejected", "upheld", "undecided"]);
    expect(waits(stand("upheld", { docket: { finished: true } }))).toBe(false);
});

test("blocks have the numbers that contracts see", () => {
    expect(numberSeen({ number: 300n })).toBe(300);
    expect(numberSeen({ number: 300n, l1BlockNumber: "0x10" })).toBe(16);
});
