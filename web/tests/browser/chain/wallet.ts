/** A wallet that signs by a local key, announced by EIP-6963; messages as MetaMask does, with its library. It asks nobody,
 * but a test may have it refuse. */
import { signTypedData, SignTypedDataVersion } from "@metamask/eth-sig-util";
import type { BrowserContext } from "playwright-core";
import { createPublicClient, createWalletClient, type Hex, http, isAddressEqual } from "viem";
import { privateKeyToAccount } from "viem/accounts";

interface Sent {
    to: Hex;
    data?: Hex;
    value?: Hex;
}
class WalletError extends Error {
    constructor(
        readonly code: number,
        message: string,
        readonly data?: unknown,
    ) {
        super(message);
    }
}

export class TestWallet {
    /** What it was asked to sign or send, in order */
    readonly asked: { method: string; params: unknown }[] = [];
    refuses = false;
    /** Whether its node answers */
    away = false;
    /** What comes in the place of the next transaction, with the same number and more gas */
    instead: Sent | null = null;
    chain: number;
    private contexts: BrowserContext[] = [];

    constructor(
        public key: Hex,
        private readonly rpc: string,
        readonly home = 31337,
    ) {
        this.chain = home;
    }

    get address(): Hex {
        return privateKeyToAccount(this.key).address;
    }

    /** Without a name it announces nothing, as the browser within a wallet's app. */
    async into(context: BrowserContext, name: string | null = "Test wallet"): Promise<void> {
        this.contexts.push(context);
        await context.exposeBinding(
            "__wallet",
            async (_, asked: { method: string; params?: unknown[] }) => {
                try {
                    return { result: await this.answer(asked.method, asked.params ?? []) };
                } catch (error) {
                    const { code = -32603, message, data } = error as WalletError;
                    return { error: { code, message, data } };
                }
            },
        );
        await context.addInitScript(announce, name);
    }

    /** The account is another one now, as when somebody chooses it in the wallet. */
    async become(key: Hex): Promise<void> {
        this.key = key;
        await this.tell("accountsChanged", [this.address]);
    }

    async onChain(chain: number): Promise<void> {
        this.chain = chain;
        await this.tell("chainChanged", `0x${chain.toString(16)}`);
    }

    private async tell(event: string, told: unknown): Promise<void> {
        for (const page of this.contexts.flatMap((context) => context.pages()))
            await page
                .evaluate(
                    ([name, value]) =>
                        (window as never as { __tell(name: unknown, value: unknown): void }).__tell(
                            name,
                            value,
                        ),
                    [event, told],
                )
                .catch(() => {});
    }

    private async answer(method: string, params: unknown[]): Promise<unknown> {
        const account = privateKeyToAccount(this.key);
        switch (method) {
            case "eth_accounts":
            case "eth_requestAccounts":
                return [account.address];
            case "eth_chainId":
                return `0x${this.chain.toString(16)}`;
            case "wallet_switchEthereumChain": {
                const wanted = Number((params[0] as { chainId: Hex }).chainId);
                if (wanted !== this.home) throw new WalletError(4902, "Unrecognized chain ID");
                await this.onChain(wanted);
                return null;
            }
            case "eth_signTypedData_v4":
                this.ask(method, params);
                return this.sign(params as [Hex, string]);
            case "eth_sendTransaction":
                this.ask(method, params);
                return this.send(params[0] as Sent);
        }
        if (this.away) throw new WalletError(-32603, "fetch failed");
        const client = createPublicClient({ transport: http(this.rpc, { retryCount: 0 }) });
        try {
            return await client.request({ method, params } as never);
        } catch (error) {
            const inner = (error as { cause?: { code?: number; message?: string; data?: unknown } })
                .cause;
            throw new WalletError(
                inner?.code ?? -32603,
                inner?.message ?? String(error),
                inner?.data,
            );
        }
    }

    private ask(method: string, params: unknown): void {
        this.asked.push({ method, params });
        if (this.refuses) throw new WalletError(4001, "User rejected the request.");
    }

    private sign([signer, text]: [Hex, string]): Hex {
        const data = JSON.parse(text);
        if (!isAddressEqual(signer, this.address)) throw new WalletError(4100, "unauthorized");
        if (Number(data.domain.chainId) !== this.chain) {
            const both = `"${data.domain.chainId}" must match the active chainId "${this.chain}"`;
            throw new WalletError(-32603, `Provided chainId ${both}`);
        }
        const privateKey = Buffer.from(this.key.slice(2), "hex");
        return signTypedData({ privateKey, data, version: SignTypedDataVersion.V4 }) as Hex;
    }

    private async send({ to, data, value }: Sent): Promise<Hex> {
        if (this.away) throw new WalletError(-32603, "fetch failed");
        const account = privateKeyToAccount(this.key);
        const wallet = createWalletClient({ account, transport: http(this.rpc) });
        const client = createPublicClient({ transport: http(this.rpc) });
        const nonce = await client.getTransactionCount({
            address: account.address,
            blockTag: "pending",
        });
        const fees = await client.estimateFeesPerGas();
        const made = {
            chain: null,
            to,
            nonce,
            value: BigInt(value ?? 0),
            ...fees,
            ...(data ? { data } : {}),
        };
        const hash = await wallet.sendTransaction(made);
        if (this.instead) {
            const other = {
                ...made,
                ...this.instead,
                value: 0n,
                maxFeePerGas: fees.maxFeePerGas * 3n,
            };
            const priority = { maxPriorityFeePerGas: fees.maxPriorityFeePerGas * 3n + 1n };
            if (!this.instead.data) delete (other as { data?: Hex }).data;
            this.instead = null;
            // The page must have seen the first one before it is gone.
            setTimeout(() => void wallet.sendTransaction({ ...other, ...priority }), 1_500);
        }
        return hash;
    }
}

/** Runs in the browser, before the page does. */
function announce(name: string | null): void {
    const hears: Record<string, ((told: unknown) => void)[]> = {};
    const provider = {
        async request(asked: unknown) {
            const { result, error } = await (
                window as never as {
                    __wallet(asked: unknown): Promise<{ result?: unknown; error?: object }>;
                }
            ).__wallet(asked);
            if (error) throw Object.assign(new Error((error as Error).message), error);
            return result;
        },
        on: (event: string, hear: (told: unknown) => void) => (hears[event] ??= []).push(hear),
        removeListener(event: string, hear: (told: unknown) => void) {
            hears[event] = (hears[event] ?? []).filter((one) => one !== hear);
        },
    };
    Object.assign(window, {
        __tell: (event: string, told: unknown) => hears[event]?.forEach((hear) => hear(told)),
    });
    if (name === null) {
        Object.assign(window, { ethereum: provider });
        return;
    }
    const detail = {
        info: { uuid: "6f1d6c1e-0000-4000-8000-000000000001", name, icon: "", rdns: "test.wallet" },
        provider,
    };
    const tell = (): void => {
        dispatchEvent(
            new CustomEvent("eip6963:announceProvider", { detail: Object.freeze(detail) }),
        );
    };
    addEventListener("eip6963:requestProvider", tell);
    tell();
}
