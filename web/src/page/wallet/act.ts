/** One act after the other: shown in words, signed or sent by the wallet, followed on the chain. */
import { signal } from "@preact/signals";
import { createWalletClient, custom, encodeFunctionData, type Hex } from "viem";
import { refresh } from "../api/use";
import { t } from "../text";
import { ABIS, type Role } from "./contracts";
import { astray, connection } from "./provider";
import { Refusal, sentenceOf } from "./refusals";
import { type Session, session } from "./session";
import { tellCall, tellTyped, type Told, type Typed } from "./words";

/** A call of one of the market's contracts. */
export interface Sending {
    kind: "send";
    role: Role;
    name: string;
    args: readonly unknown[];
    /** Gas that it may need beyond what it needs now, as when somebody else acts before it */
    moreGas?: bigint;
    /** The step after it, once it is in a block */
    next?(): Step;
}
export interface Signing {
    kind: "sign";
    typed: Typed;
    /** What is done with the signature: the next step, or nothing more */
    next(signature: Hex): Step | null | Promise<Step | null>;
}
export type Step = Sending | Signing;

export type Stage = "checking" | "review" | "wallet" | "chain" | "done" | "failed";
interface Act {
    title: string;
    /** Of all acts of this page, from 1: only the newest one is shown */
    turn: number;
    /** When all is done */
    after(): void;
}
export interface Doing extends Act {
    step: Step;
    stage: Stage;
    told: Told;
    /** Of the transaction that was sent */
    hash: Hex | null;
    /** How it ended, or why it can't be done */
    sentence: string;
    /** Which of the steps it is, from 1 */
    number: number;
}

export const doing = signal<Doing | null>(null);
let turn = 0;

/** Begin an act: the first step is shown, and asks to be confirmed. `after`: when all is done. */
export function begin(title: string, step: Step, after: () => void = () => {}): void {
    void show({ title, turn: ++turn, after }, step, 1);
}

/** Begin an act whose first step takes asking first. */
export function beginWith(
    title: string,
    make: () => Promise<Step>,
    after: () => void = () => {},
): void {
    const act = { title, turn: ++turn, after };
    make().then(
        (step) => show(act, step, 1),
        (error: unknown) =>
            tell({
                ...act,
                step: NOTHING,
                stage: "failed",
                told: { sentences: [], lines: [] },
                hash: null,
                sentence: sentenceOf(error),
                number: 1,
            }),
    );
}
const NOTHING: Sending = { kind: "send", role: "market", name: "", args: [] };

/** An act that was left for another one goes on unseen: the wallet may still answer it. */
function tell(now: Doing): void {
    if (now.turn === turn) doing.value = now;
}

/** What the wallet was asked already is shown again when it has answered. */
export function dismiss(): void {
    const left = doing.value;
    doing.value = null;
    if (left?.stage === "checking" && left.turn === turn) turn++;
}

export function dataOf({ role, name, args }: Sending): Hex {
    return encodeFunctionData({ abi: ABIS[role], functionName: name, args });
}

/** The call is tried before anybody is asked to sign it: what a contract would refuse is told first. */
async function show(act: Act, step: Step, number: number): Promise<void> {
    const { title, turn, after } = act;
    const before = { title, turn, after, step, number, hash: null, sentence: "" };
    let told: Told = { sentences: [], lines: [] };
    try {
        const now = required();
        told =
            step.kind === "sign"
                ? tellTyped(step.typed, now.contracts)
                : tellCall(addressOf(step, now), dataOf(step), now.contracts);
        if (step.kind === "send") {
            tell({ ...before, told, stage: "checking" });
            await now.reader.call({
                account: now.account,
                to: addressOf(step, now),
                data: dataOf(step),
            });
        }
        tell({ ...before, told, stage: "review" });
    } catch (error) {
        tell({ ...before, told, stage: "failed", sentence: sentenceOf(error) });
    }
}

/** The visitor has read it and agrees. */
export async function agree(): Promise<void> {
    const current = doing.value;
    if (current?.stage !== "review") return;
    tell({ ...current, stage: "wallet" });
    try {
        const now = required();
        await requireChain(now);
        if (current.step.kind === "sign") await sign(current, current.step, now);
        else await send(current, current.step, now);
    } catch (error) {
        end(current, "failed", sentenceOf(error));
    }
}

async function sign(current: Doing, step: Signing, now: Session): Promise<void> {
    const { domain, types, primaryType, message } = step.typed;
    const signature = await walletOf(now).signTypedData({
        account: now.account,
        domain,
        types,
        primaryType,
        message,
    });
    const next = await step.next(signature);
    if (next) await show(current, next, current.number + 1);
    else end(current, "done", t("act.signed"));
}

async function send(current: Doing, step: Sending, now: Session): Promise<void> {
    const hash = await handOver(step, now);
    const sent = { ...current, hash };
    tell({ ...sent, stage: "chain" });
    const ended = await outcomeOf(hash, now).catch(() => null);
    if (!ended) return end(sent, "failed", t("act.unseen"));
    const { status, reason, block } = ended;
    const last = { ...current, hash: ended.hash };
    if (reason === "cancelled") end(last, "failed", t("act.cancelled"));
    else if (reason === "replaced") end(last, "failed", t("act.replaced"));
    else if (status !== "success") end(last, "failed", t("act.reverted"));
    else if (step.next) await show(current, step.next(), current.number + 1);
    else end(last, "done", t(reason ? "act.repriced" : "act.done", { block: String(block) }));
}

async function handOver(step: Sending, now: Session): Promise<Hex> {
    const call = { account: now.account, to: addressOf(step, now), data: dataOf(step) };
    const { moreGas } = step;
    const limit = moreGas && { gas: (await now.reader.estimateGas(call)) + moreGas };
    try {
        return await walletOf(now).sendTransaction({ ...call, ...limit, chain: null });
    } catch (error) {
        // Nobody knows how far it came.
        if (sentenceOf(error) === t("refused.node")) throw new Refusal(t("act.unanswered"));
        throw error;
    }
}

/** Waits without end: what was sent may be taken at any time. By another hash, if it was replaced in the wallet. */
async function outcomeOf(hash: Hex, now: Session) {
    let reason = "";
    const receipt = await now.reader.waitForTransactionReceipt({
        hash,
        timeout: 0,
        onReplaced: (replaced) => (reason = replaced.reason),
    });
    const { status, blockNumber: block, transactionHash } = receipt;
    return { status, block, reason, hash: transactionHash };
}

function end(current: Doing, stage: Stage, sentence: string): void {
    tell({ ...current, stage, sentence });
    if (stage === "done" && current.turn === turn) current.after();
    refresh();
}

function walletOf(now: Session) {
    const provider = connection.value!.wallet.provider;
    return createWalletClient({
        account: now.account,
        transport: custom(provider as Parameters<typeof custom>[0], { retryCount: 0 }),
    });
}

function addressOf(step: Sending, now: Session): `0x${string}` {
    const address = now.contracts.addresses[step.role];
    if (!address) throw new Refusal(t("refused.noContract", { place: t(`role.${step.role}`) }));
    return address;
}

function required(): Session {
    if (astray.value) throw new Refusal(t("refused.chain"));
    if (!session.value)
        throw new Refusal(t(connection.value ? "refused.notReady" : "refused.noWallet"));
    return session.value;
}

/** Asked again at the last moment: the wallet may have been switched meanwhile. */
async function requireChain(now: Session): Promise<void> {
    if ((await now.reader.getChainId()) !== now.contracts.chain)
        throw new Refusal(t("refused.chain"));
}
