/** The connected wallet with the contracts that its own node knows: what acts are made of. */
import { computed, effect, signal } from "@preact/signals";
import type { PublicClient } from "viem";
import { configuration } from "../market";
import { astray, connection } from "./provider";
import { type Contracts, contractsOf, readerOf, trustMarket } from "./contracts";
import { sentenceOf } from "./refusals";

export interface Session {
    account: `0x${string}`;
    reader: PublicClient;
    contracts: Contracts;
}

const contracts = signal<{ chain: number; found: Contracts } | null>(null);
export const sessionProblem = signal<string | null>(null);

const provider = computed(() => connection.value?.wallet.provider ?? null);
const reader = computed(() => provider.value && readerOf(provider.value));
const asking = signal(0);

/** Null: no wallet, the wrong chain, or the chain is not read yet. */
export const session = computed<Session | null>(() => {
    const [now, read, known] = [connection.value, reader.value, contracts.value];
    if (!now || !read || !known || astray.value || known.chain !== now.chain) return null;
    return { account: now.account, reader: read, contracts: known.found };
});

export function followWallet(): void {
    let run = 0;
    const look = computed(() => (astray.value ? null : (connection.value?.chain ?? null)));
    effect(() => {
        const [chain, config, client] = [look.value, configuration.value, reader.value];
        void asking.value;
        contracts.value = null;
        sessionProblem.value = null;
        if (chain === null || !config || !client) return;
        const mine = ++run;
        contractsOf(client, config).then(
            (found) => mine === run && (contracts.value = { chain, found }),
            (error: unknown) => mine === run && (sessionProblem.value = sentenceOf(error)),
        );
    });
}

/** Ask the node again. */
export function lookAgain(): void {
    asking.value++;
}

/** The market is another one than before, and the visitor says that it is right. */
export function trust(): void {
    const known = contracts.value;
    if (known) contracts.value = { ...known, found: trustMarket(known.found) };
}
