import { hashTypedData, type Hex, keccak256, toHex } from "viem";
import { privateKeyToAccount, sign } from "viem/accounts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { buildJob, countedTasks, type Job, USUAL_LIMITS } from "../../src/job/build";
import type { Market } from "../../src/job/market";
import { postKept } from "../../src/job/request";
import type { Kept } from "../../src/job/shelf";
import type { Places } from "../../src/page/job/places";
import type { Order } from "../../src/page/job/placing";
import type { Session } from "../../src/page/wallet/session";
import type { Relay } from "../../src/relay/relay";
import { ADDRESSES, FakeWallet, pass } from "./wallet";

const { session, keep } = vi.hoisted(() => {
    vi.stubGlobal("navigator", { languages: ["en-US"] });
    return { session: { value: null as Session | null }, keep: vi.fn() };
});
vi.mock("../../src/page/wallet/session", () => ({ session }));
vi.mock("../../src/job/shelf", () => ({ keep }));
const { agree, dismiss, doing } = await import("../../src/page/wallet/act");
const { place } = await import("../../src/page/job/placing");

const KEYS = ["buyer", "other"].map((name) => keccak256(toHex(name))) as [Hex, Hex];
const BUYER = privateKeyToAccount(KEYS[0]).address.toLowerCase() as Hex;
const RUNTIME = "aa".repeat(32);

let wallet: FakeWallet;
let now: Session;
let key: Hex;
beforeEach(() => {
    vi.useFakeTimers();
    keep.mockReset();
    wallet = new FakeWallet();
    key = KEYS[0];
    wallet.answers.eth_signTypedData_v4 = async (_: Hex, text: string) =>
        sign({ hash: hashTypedData(JSON.parse(text)), privateKey: key, to: "hex" });
    session.value = now = { ...wallet.connected(), account: BUYER };
});
afterEach(() => {
    dismiss();
    vi.useRealTimers();
});

const job = buildJob({
    runtime: RUNTIME,
    module: new Uint8Array(100),
    inputs: {},
    env: {},
    dirs: [],
    limits: USUAL_LIMITS,
    tasks: countedTasks(2, []),
    gather: { kind: "files" },
});
const market = {
    domain: { chainId: 31337, market: ADDRESSES.market },
    epochOf: async () => 0,
    now: async () => 100,
    valueUp: async () => 5n,
    accountOf: async () => ({ available: 100n, locked: 0n }),
    ask: async () => undefined,
    dealOf: async () => ({ state: "none" }),
} as unknown as Market;
const relay = { put: async () => {}, post: vi.fn(async () => {}) };
const places = { market, relay } as unknown as Places;

/** Of so many miners, a task for each. */
function orderOf(miners: number): Order {
    const shares = Array.from({ length: miners }, (_, index) => ({
        job: job as Job,
        tasks: [index],
        estimate: {
            offer: { minerId: index + 1, announcement: {} },
            units: 1n,
            bid: 5n,
            lock: 5n,
            confirmWithin: 60,
            duration: 60,
        },
    }));
    const found = { id: 1, runtimes: [`0x${RUNTIME}`] };
    const order = { name: "job", job, found, shares, terms: { id: 1 }, seal: false };
    return { ...order, trial: undefined } as unknown as Order;
}
async function ordered(miners: number) {
    const placed = vi.fn();
    await place(now, places, orderOf(miners), () => {}, placed);
    await pass();
    return placed;
}

test("once all is signed the job is kept and shown; nothing was told before", async () => {
    const placed = await ordered(2);
    await agree();
    expect(keep).not.toHaveBeenCalled();
    await agree();
    const [kept] = keep.mock.lastCall as [Kept];
    expect(kept.parts.map(({ signed }) => signed.message.miner)).toEqual([1, 2]);
    expect(placed.mock.calls).toEqual([[kept.id]]);
    expect(doing.value).toBe(null);
    expect(relay.post).not.toHaveBeenCalled();
});

test("what can't be kept is not ordered", async () => {
    keep.mockRejectedValueOnce(new Error("the disk is full"));
    const placed = await ordered(1);
    await agree();
    expect(placed).not.toHaveBeenCalled();
    expect(doing.value?.sentence).toMatch(/the disk is full/);
});

test("an account that was changed between two signatures orders nothing", async () => {
    const placed = await ordered(2);
    await agree();
    key = KEYS[1];
    await agree();
    expect(doing.value?.stage).toBe("failed");
    expect(doing.value?.sentence).toMatch(`the one that orders, ${BUYER}: nothing is ordered`);
    expect([keep, placed].map((called) => called.mock.calls.length)).toEqual([0, 0]);
});

test("an order that was left while the wallet asked buys nothing once there is another one", async () => {
    const signed = wallet.answers.eth_signTypedData_v4!;
    let answer = (): void => {};
    wallet.answers.eth_signTypedData_v4 = (...asked) =>
        new Promise((resolve) => (answer = () => resolve(signed(...asked))));
    const first = await ordered(1);
    void agree();
    await pass();
    dismiss();
    wallet.answers.eth_signTypedData_v4 = signed;
    const second = await ordered(1);
    answer();
    await pass();
    expect(keep).not.toHaveBeenCalled();
    await agree();
    expect([keep, first, second].map((called) => called.mock.calls.length)).toEqual([1, 0, 1]);
});

test("an order that was left is placed by the wallet's late answer, and the one begun meanwhile is not", async () => {
    let stored = (): void => {};
    keep.mockReturnValueOnce(new Promise<void>((resolve) => (stored = resolve)));
    const first = await ordered(1);
    void agree();
    await pass();
    dismiss();
    const second = await ordered(1);
    stored();
    await pass();
    expect(first).toHaveBeenCalledOnce();
    await agree();
    expect([keep, second].map((called) => called.mock.calls.length)).toEqual([1, 0]);
    expect(doing.value?.sentence).toMatch(/this one is not placed/);
});

test("what was kept is told as long as a miner could take it, the request before its envelope", async () => {
    const told = vi.fn(async (_: string) => {});
    const signed = { message: { confirmBy: 100 } };
    const part = { id: "0x01", signed, envelope: { message: {} } } as never;
    const tell = (more: object): Promise<void> =>
        postKept({ ...market, ...more } as Market, { post: told } as unknown as Relay, part);
    await tell({ dealOf: async () => ({ state: "confirmed" }) });
    await tell({ now: async () => 101 });
    expect(told).not.toHaveBeenCalled();
    await tell({});
    expect(told.mock.calls.map(([kind]) => kind)).toEqual(["Request", "Envelope"]);
});
