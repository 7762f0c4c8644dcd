/** A wallet and its node, as a test has them answer. */
import { type Hex, numberToHex } from "viem";
import { vi } from "vitest";
import { readerOf } from "../../src/page/wallet/contracts";
import { connection } from "../../src/page/wallet/provider";
import type { Session } from "../../src/page/wallet/session";

export const ACCOUNT = `0x${"aa".repeat(20)}` as const;
export const ADDRESSES = {
    market: `0x${"11".repeat(20)}`,
    court: `0x${"22".repeat(20)}`,
    token: `0x${"33".repeat(20)}`,
} as const;
const CHAIN = 31337;

type Answer = (...params: never[]) => unknown;

export class Silence extends Error {
    readonly code = -32603;
    constructor() {
        super("fetch failed");
    }
}

/** What a contract without that function answers. */
export class Reverted extends Error {
    readonly code = 3;
    constructor() {
        super("execution reverted");
    }
}

export class FakeWallet {
    /** The data of what was sent, in order */
    readonly sent: Hex[] = [];
    away = false;
    mined = true;
    call: (to: Hex, data: Hex) => Hex = () => "0x";
    /** How the wallet answers what it is asked to send */
    sending: (data: Hex) => Hex | Promise<Hex> = (data) => this.take(data);

    /** The hash of what was sent: its number, from 1. */
    take(data: Hex): Hex {
        return numberToHex(this.sent.push(data), { size: 32 });
    }

    answers: Record<string, Answer> = {
        eth_chainId: () => numberToHex(CHAIN),
        eth_blockNumber: () => numberToHex(Math.floor(Date.now() / 1_000)),
        eth_call: ({ to, data }: { to: Hex; data: Hex }) => this.call(to, data),
        eth_sendTransaction: ({ data }: { data: Hex }) => this.sending(data),
        eth_getTransactionReceipt: (hash: Hex) => this.mined && { ...MINED, transactionHash: hash },
        eth_getTransactionByHash: (hash: Hex) => ({ ...MINED, hash, nonce: "0x0", from: ACCOUNT }),
        eth_getBlockByNumber: () => ({ timestamp: "0x64", transactions: [] }),
    };

    readonly request = async (asked: { method: string; params?: unknown }): Promise<unknown> => {
        const answer = this.answers[asked.method];
        if (!answer || (this.away && asked.method !== "eth_sendTransaction")) throw new Silence();
        return answer(...((asked.params ?? []) as never[]));
    };

    connected(): Session {
        connection.value = {
            wallet: { id: "1", name: "A wallet", icon: null, provider: this },
            account: ACCOUNT,
            chain: CHAIN,
        };
        const known = { chain: CHAIN, addresses: ADDRESSES, decimals: 18, symbol: "SLT" };
        return {
            account: ACCOUNT,
            reader: readerOf(this),
            contracts: { ...known, before: null },
        };
    }
}
const MINED = { status: "0x1", blockNumber: "0x7", blockHash: `0x${"07".repeat(32)}`, logs: [] };

/** Lets this many milliseconds go by, and all that happens in them. */
export async function pass(time = 10): Promise<void> {
    await vi.advanceTimersByTimeAsync(time);
}
