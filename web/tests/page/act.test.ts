import { decodeFunctionData, encodeFunctionResult, type Hex } from "viem";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { agree, begin, beginWith, dismiss, doing } from "../../src/page/wallet/act";
import { depositing, send } from "../../src/page/wallet/acts";
import { ABIS } from "../../src/page/wallet/contracts";
import type { Session } from "../../src/page/wallet/session";
import { ADDRESSES, FakeWallet, pass, Reverted, Silence } from "./wallet";

const { session } = vi.hoisted(() => {
    vi.stubGlobal("navigator", { languages: ["en-US"] });
    return { session: { value: null as Session | null } };
});
vi.mock("../../src/page/wallet/session", () => ({ session }));

let wallet: FakeWallet;
let now: Session;
beforeEach(() => {
    vi.useFakeTimers();
    wallet = new FakeWallet();
    session.value = now = wallet.connected();
});
afterEach(() => {
    dismiss();
    vi.useRealTimers();
});

const SENT = `0x${"1".padStart(64, "0")}`;
const shown = () => [doing.value?.stage, doing.value?.hash, doing.value?.sentence];

/** An act whose words are shown, and what is told when it is done. */
async function begun(title = "Take a place") {
    const after = vi.fn();
    begin(title, send("market", "succeed", ADDRESSES.court), after);
    await pass();
    return after;
}

test("what was sent is waited for without end, while its node is away, too", async () => {
    const after = await begun();
    wallet.sending = (data) => {
        wallet.away = true;
        return wallet.take(data);
    };
    void agree();
    await pass(1_000_000);
    expect(shown()).toEqual(["chain", SENT, ""]);
    wallet.away = false;
    await pass(5_000);
    expect(shown()).toEqual(["done", SENT, "Done, in block 7."]);
    expect(after).toHaveBeenCalledOnce();
});

test("what somebody else may make dearer is sent with the gas for that", async () => {
    const limits: unknown[] = [];
    wallet.answers.eth_estimateGas = () => "0x64";
    wallet.answers.eth_sendTransaction = ({ gas, data }: { gas?: Hex; data: Hex }) => {
        limits.push(gas);
        return wallet.sending(data);
    };
    await begun();
    await agree();
    begin("Reveal", { ...send("market", "succeed", ADDRESSES.court), moreGas: 156n });
    await pass();
    await agree();
    expect(limits).toEqual([undefined, "0x100"]);
});

test("what was sent and can't be followed is not told to be tried again", async () => {
    const after = await begun();
    wallet.mined = false;
    wallet.answers.eth_getTransactionByHash = () => {
        throw new Silence();
    };
    void agree();
    await pass(100_000);
    expect(shown()).toEqual([
        "failed",
        SENT,
        "It was sent; what became of it can't be seen: look in your wallet before you do it again.",
    ]);
    expect(after).not.toHaveBeenCalled();
});

test("a node that goes away in the middle of sending may have sent it", async () => {
    await begun();
    wallet.sending = () => {
        throw new Silence();
    };
    void agree();
    await pass(10_000);
    expect(shown()).toEqual([
        "failed",
        null,
        expect.stringMatching(/it may have been sent all the same\. Look in your wallet before/),
    ]);
});

test("an act that was closed while the wallet asked does not touch the next one", async () => {
    const first = await begun("First");
    let answer = (): void => {};
    wallet.sending = (data) =>
        new Promise((resolve) => (answer = () => resolve(wallet.take(data))));
    void agree();
    await pass();
    dismiss();
    const second = await begun("Second");
    answer();
    await pass(5_000);
    expect([doing.value?.title, doing.value?.stage, doing.value?.hash]).toEqual([
        "Second",
        "review",
        null,
    ]);
    expect([first, second].map((after) => after.mock.calls.length)).toEqual([0, 0]);
    wallet.sending = (data) => wallet.take(data);
    void agree();
    await pass(5_000);
    expect([doing.value?.title, doing.value?.stage]).toEqual(["Second", "done"]);
    expect([first, second].map((after) => after.mock.calls.length)).toEqual([0, 1]);
});

test("an act that was closed while the wallet asked is shown again by its answer", async () => {
    const after = await begun();
    let answer = (): void => {};
    wallet.sending = (data) =>
        new Promise((resolve) => (answer = () => resolve(wallet.take(data))));
    void agree();
    await pass();
    dismiss();
    answer();
    await pass(5_000);
    expect(shown()).toEqual(["done", SENT, "Done, in block 7."]);
    expect(after).toHaveBeenCalledOnce();
});

test("an act that was closed while the chain was asked stays closed", async () => {
    begin("Take a place", send("market", "succeed", ADDRESSES.court));
    expect(doing.value?.stage).toBe("checking");
    dismiss();
    await pass(5_000);
    expect(doing.value).toBe(null);
});

test("of two acts that were begun at once the later one is shown", async () => {
    const step = send("market", "succeed", ADDRESSES.court);
    beginWith("Slow", () => new Promise((resolve) => setTimeout(() => resolve(step), 1_000)));
    await begun("Fast");
    await pass(5_000);
    expect(doing.value?.title).toBe("Fast");
});

/** A token that knows these functions alone. */
function token(known: Record<string, unknown>) {
    return (to: Hex, data: Hex): Hex => {
        if (to.toLowerCase() !== ADDRESSES.token) return "0x";
        const { functionName } = decodeFunctionData({ abi: ABIS.token, data });
        if (!(functionName in known)) throw new Reverted();
        return encodeFunctionResult({ abi: ABIS.token, functionName, result: known[functionName] });
    };
}
const PLAIN = { balanceOf: 1_000n, allowance: 0n, approve: true };
const DOMAIN = ["0x0f", "Token", "1", 31337n, ADDRESSES.token, `0x${"00".repeat(32)}`, []];

test.each([
    ["no domain", PLAIN],
    ["a domain, but no permit", { ...PLAIN, eip712Domain: DOMAIN }],
])("a token with %s: the allowance leads to the deposit", async (_, known) => {
    wallet.call = token(known);
    const after = vi.fn();
    beginWith("Put in", () => depositing(now, "market", 500n), after);
    await pass(5_000);
    expect(doing.value?.told.sentences[0]).toMatch(/^Let 0x1{40} take up to /);
    void agree();
    await pass(5_000);
    expect(after).not.toHaveBeenCalled();
    expect([doing.value?.stage, doing.value?.number]).toEqual(["review", 2]);
    expect(doing.value?.told.sentences[0]).toMatch(/^Put .* into your account in the market\.$/);
    void agree();
    await pass(5_000);
    expect(doing.value?.stage).toBe("done");
    expect(after).toHaveBeenCalledOnce();
    const both = [...ABIS.token, ...ABIS.market].filter((item) => item.type === "function");
    expect(wallet.sent.map((data) => decodeFunctionData({ abi: both, data }))).toEqual([
        { functionName: "approve", args: [ADDRESSES.market, 500n] },
        { functionName: "deposit", args: [500n] },
    ]);
});

test("a token with a permit is put in by a signature", async () => {
    wallet.call = token({ ...PLAIN, eip712Domain: DOMAIN, nonces: 3n });
    const step = await depositing(now, "market", 500n);
    expect(step.kind === "sign" && step.typed.message).toMatchObject({ nonce: 3n, value: 500n });
});
