import { expect, test, vi } from "vitest";
import type { Standing } from "../../src/job/follow";
import type { Claim } from "../../src/protocol/messages";

vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en-US"] }));
const { countsOf } = await import("../../src/page/job/tiles");

const NONE = { waits: 0, works: 0, done: 0, here: 0, lost: 0 };
function standing(state: string, done = 0, claimed = false): Standing {
    const minerId = state === "none" || state === "expired" ? 0 : 7;
    const deal = { state, minerId, price: 1n, time: 1, root: "0x", unitsUsed: 0n };
    const claim = claimed ? { claim: {} as Claim } : {};
    return { deal, done, issued: 0, rejections: [], ...claim } as unknown as Standing;
}

test.each([
    ["nothing is known yet", {}, { waits: 5 }],
    ["nobody has taken it", { standing: standing("none") }, { waits: 5 }],
    ["its miner works", { standing: standing("confirmed", 2) }, { done: 2, works: 3 }],
    ["its miner says more than there is", { standing: standing("confirmed", 9) }, { done: 5 }],
    ["its result is claimed", { standing: standing("confirmed", 2, true) }, { done: 5 }],
    ["its outputs are here", { standing: standing("defaulted"), results: [] }, { here: 5 }],
    ["nobody took it in time", { standing: standing("expired") }, { lost: 5 }],
    ["its miner was late", { standing: standing("defaulted", 4) }, { lost: 5 }],
    ["a court found it wrong", { standing: standing("overturned", 5, true) }, { lost: 5 }],
    ["it is paid, and its outputs are fetched", { standing: standing("settled") }, { done: 5 }],
] as const)("tiles of a share: %s", (_, known, counts) => {
    expect(countsOf(5, known)).toEqual({ ...NONE, ...counts });
});
