import { decodeFunctionData, encodeFunctionResult, type Hex, zeroAddress, zeroHash } from "viem";
import { beforeEach, expect, test, vi } from "vitest";
import { remember, remembered } from "../../src/page/remember";
import {
    challenging,
    leafCommitment,
    secretCommitment,
    secretsOf,
    showing,
} from "../../src/page/wallet/challenge";
import { ABIS } from "../../src/page/wallet/contracts";
import type { Request } from "../../src/page/wallet/request";
import type { Session } from "../../src/page/wallet/session";
import { ACCOUNT, FakeWallet } from "./wallet";

const { storage, persist } = vi.hoisted(() => {
    const kept = new Map<string, string>();
    const storage = {
        kept,
        full: false,
        getItem: (name: string) => kept.get(name) ?? null,
        setItem(name: string, value: string) {
            if (storage.full) throw new Error("QuotaExceededError");
            kept.set(name, value);
        },
        removeItem: (name: string) => kept.delete(name),
    };
    const persist = vi.fn(async () => true);
    vi.stubGlobal("localStorage", storage);
    vi.stubGlobal("navigator", { languages: ["en-US"], storage: { persist } });
    return { storage, persist };
});

const DEAL = `0x${"de".repeat(32)}` as const;
const [RIGHT, WRONG] = [`0x${"0a".repeat(32)}`, `0x${"0b".repeat(32)}`] as const;
const REQUEST: Request = {
    requester: ACCOUNT,
    miner: 1,
    resource: 1,
    runtime: 0,
    units: 10n,
    maxPrice: 1n,
    confirmBy: 1,
    duration: 1,
    tasks: 1,
    job: zeroHash,
    terms: 1,
    flags: 0,
    epoch: 0,
    salt: 1n,
};

let now: Session;
/** The commitment of the case on the chain; null: there is none. */
let filed: Hex | null;
let next = 0;
let caseId: Hex;
beforeEach(() => {
    Object.assign(storage, { full: false });
    filed = null;
    caseId = `0x${String(++next).padStart(64, "0")}`;
    const wallet = new FakeWallet();
    wallet.call = (_, data) => {
        const { functionName } = decodeFunctionData({ abi: ABIS.court, data });
        const result =
            functionName === "caseIdOf"
                ? caseId
                : { ...EMPTY, phase: filed ? 1 : 0, leaf: filed ?? zeroHash };
        return encodeFunctionResult({ abi: ABIS.court, functionName, result });
    };
    now = wallet.connected();
});
const fields = ABIS.court.find(
    (item) => item.type === "function" && item.name === "caseOf",
) as unknown as {
    outputs: { components: { name: string; type: string }[] }[];
};
const EMPTY = Object.fromEntries(
    fields.outputs[0]!.components.map(({ name, type }) => {
        const bytes = /^bytes(\d+)$/.exec(type);
        if (bytes) return [name, `0x${"00".repeat(Number(bytes[1]))}`];
        return [name, type === "address" ? zeroAddress : type === "bool" ? false : 0n];
    }),
);

const commitments = async (leaf: Hex | null) =>
    (await challenging(now, DEAL, REQUEST, 0, leaf)).args.slice(-2) as [Hex, Hex];
const shownLeaf = async () => (await showing(now, caseId, secretsOf(caseId)!)).args[2];

test("a challenge that is begun again commits to the same, so that neither is lost", async () => {
    const first = await commitments(RIGHT);
    expect(await commitments(RIGHT.toUpperCase().replace("0X", "0x") as Hex)).toEqual(first);
    const { salt, rounds } = secretsOf(caseId)!;
    expect(first).toEqual([
        leafCommitment(ACCOUNT, RIGHT, salt),
        secretCommitment(caseId, 0, rounds[0]!),
    ]);
});

test.each(["first", "second"] as const)(
    "of two with different leaves the %s one is mined: its leaf is shown",
    async (which) => {
        const [first, second] = [await commitments(WRONG), await commitments(null)];
        expect(second[1]).toBe(first[1]);
        [filed] = which === "first" ? first : second;
        expect(await shownLeaf()).toBe(which === "first" ? WRONG : zeroHash);
    },
);

test("a case that was filed from another browser shows no leaf of this one", async () => {
    await commitments(RIGHT);
    filed = leafCommitment(ACCOUNT, RIGHT, zeroHash);
    await expect(shownLeaf()).rejects.toThrow(/^The secrets of this case are not in this browser/);
});

test("secrets that the browser can't keep are not committed to", async () => {
    storage.full = true;
    await expect(commitments(RIGHT)).rejects.toThrow(
        /^This browser can't keep what you commit to, .* Nothing was sent\.$/,
    );
    storage.full = false;
    persist.mockClear();
    await commitments(RIGHT);
    expect(storage.kept.get(`suanli.case.${caseId}`)).toContain(RIGHT);
    expect(persist).toHaveBeenCalledOnce();
});

test("what full storage does not take is known until the page is left", () => {
    expect(remember("a", "old")).toBe(true);
    storage.full = true;
    expect([remember("a", "new"), remembered("a")]).toEqual([false, "new"]);
    storage.full = false;
    expect([remember("a", "newer"), remembered("a")]).toEqual([true, "newer"]);
    expect([remember("a", null), remembered("a")]).toEqual([true, null]);
});
