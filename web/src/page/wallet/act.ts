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
}
export interface Signing {
    kind: "sign";
    typed: Typed;
    /** What is done with the signature: the next step, or nothing more */
    next(signature: Hex): Step | null | Promise<Step | null>;
}
export type Step = Sending | Signing;

export type Stage = "checking" | "review" | "wallet" | "chain" | "done" | "failed";
export interface Doing {
    title: string;
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
let finished: (() => void) | null = null;

/** Begin an act: the first step is shown, and asks to be confirmed. `after`: when all is done. */
export function begin(title: string, step: Step, after: () => void = () => {}): void {
    finished = after;
    void show(title, step, 1);
}

/** Begin an act whose first step takes asking first. */
export function beginWith(
    title: string,
    make: () => Promise<Step>,
    after: () => void = () => {},
): void {
    make().then(
        (step) => begin(title, step, after),
        (error: unknown) => {
            doing.value = {
                title,
                step: NOTHING,
                stage: "failed",
                told: { sentences: [], lines: [] },
                hash: null,
                sentence: sentenceOf(error),
                number: 1,
            };
        },
    );
}
const NOTHING: Sending = { kind: "send", role: "market", name: "", args: [] };

export function dismiss(): void {
    doing.value = null;
}

export function dataOf({ role, name, args }: Sending): Hex {
    return encodeFunctionData({ abi: ABIS[role], functionName: name, args });
}

/** The call is tried before anybody is asked to sign it: what a contract would refuse is told first. */
async function show(title: string, step: Step, number: number): Promise<void> {
    const before = { title, step, number, hash: null, sentence: "" };
    try {
        const now = required();
        const told =
            step.kind === "sign"
                ? tellTyped(step.typed, now.contracts)
                : tellCall(addressOf(step, now), dataOf(step), now.contracts);
        if (step.kind === "send") {
            doing.value = { ...before, told, stage: "checking" };
            await now.reader.call({
                account: now.account,
                to: addressOf(step, now),
                data: dataOf(step),
            });
        }
        doing.value = { ...before, told, stage: "review" };
    } catch (error) {
        const told = doing.value?.step === step ? doing.value.told : { sentences: [], lines: [] };
        doing.value = { ...before, told, stage: "failed", sentence: sentenceOf(error) };
    }
}

/** The visitor has read it and agrees. */
export async function agree(): Promise<void> {
    const current = doing.value;
    if (current?.stage !== "review") return;
    doing.value = { ...current, stage: "wallet" };
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
    if (next) await show(current.title, next, current.number + 1);
    else end(current, "done", t("act.signed"));
}

async function send(current: Doing, step: Sending, now: Session): Promise<void> {
    const hash = await walletOf(now).sendTransaction({
        account: now.account,
        chain: null,
        to: addressOf(step, now),
        data: dataOf(step),
    });
    doing.value = { ...current, stage: "chain", hash };
    let replaced: { reason: string; hash: Hex } | null = null;
    const receipt = await now.reader.waitForTransactionReceipt({
        hash,
        onReplaced: ({ reason, transaction }) => (replaced = { reason, hash: transaction.hash }),
    });
    const { reason, hash: last } = (replaced as { reason: string; hash: Hex } | null) ?? {
        reason: "",
        hash,
    };
    const ended = { ...current, hash: last };
    if (reason === "cancelled") end(ended, "failed", t("act.cancelled"));
    else if (reason === "replaced") end(ended, "failed", t("act.replaced"));
    else if (receipt.status !== "success") end(ended, "failed", t("act.reverted"));
    else
        end(
            ended,
            "done",
            t(reason ? "act.repriced" : "act.done", { block: String(receipt.blockNumber) }),
        );
}

function end(current: Doing, stage: Stage, sentence: string): void {
    doing.value = { ...current, stage, sentence };
    if (stage === "done") finished?.();
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
