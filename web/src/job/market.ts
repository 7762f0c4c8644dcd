import { createPublicClient, http, type PublicClient } from "viem";
import { MARKET, STATES, type DealState, TOKEN } from "../chain/abi";
import { type Hex, unhex } from "../protocol/bytes";
import { Malformed } from "../protocol/errors";
import type { MarketDomain, Request } from "../protocol/messages";
import type { AskContract } from "../protocol/signatures";

/** Of a class what a job must fit. */
export interface ResourceClass {
    readonly id: number;
    readonly retired: boolean;
    readonly judged: boolean;
    /** 10^-18 token per unit. */
    readonly floor: bigint;
    readonly price: bigint;
    readonly maxTaskUnits: bigint;
    /** Bytes. */
    readonly maxTaskMemory: bigint;
    readonly maxTaskBytes: bigint;
    /** Runtime ids by their index; a suspended one stands as `undefined`. */
    readonly runtimes: readonly (Hex | undefined)[];
}

export interface Terms {
    readonly id: number;
    readonly feeBps: number;
    /** Seconds. */
    readonly challengeWindow: number;
    readonly verdictBy: number;
    /** Zero: no court. */
    readonly court: Hex;
    readonly treasury: Hex;
    readonly identityVerifier: Hex;
}

/** A deal as the chain has it now. */
export interface DealNow {
    readonly state: DealState;
    readonly minerId: number;
    /** 10^-18 token per unit; 0: it is not confirmed. */
    readonly price: bigint;
    /** Confirmed: its deadline; submitted: when. Seconds since 1970. */
    readonly time: number;
    readonly root: Hex;
    readonly unitsUsed: bigint;
}

/** A market on its chain, read by a viem client. */
export class Market {
    private scale: Promise<{ token: Hex; decimals: number; symbol: string }> | undefined;

    constructor(
        readonly domain: MarketDomain,
        readonly client: PublicClient,
    ) {}

    static at(domain: MarketDomain, rpc: string): Market {
        const transport = http(rpc, { batch: true, timeout: 20_000 });
        return new Market(domain, createPublicClient({ transport }));
    }

    /** The contract as viem's functions take it. */
    get contract() {
        return { address: this.domain.market, abi: MARKET } as const;
    }

    async resourceClass(id: number): Promise<ResourceClass> {
        const { client, contract } = this;
        const [record, ids, price] = await Promise.all([
            client.readContract({ ...contract, functionName: "resourceClass", args: [id] }),
            client.readContract({ ...contract, functionName: "runtimesOf", args: [id] }),
            client.readContract({ ...contract, functionName: "priceOf", args: [id] }),
        ]);
        const suspended = await Promise.all(
            ids.map((_, index) =>
                client.readContract({
                    ...contract,
                    functionName: "isRuntimeSuspended",
                    args: [id, index],
                }),
            ),
        );
        const { retired, floor, maxTaskUnits, maxTaskMemory, maxTaskBytes } = record;
        const judged = record.kind === 0;
        const runtimes = ids.map((runtime, index) => (suspended[index] ? undefined : runtime));
        const bounds = { maxTaskUnits, maxTaskMemory, maxTaskBytes };
        return { id, retired, judged, floor, price, ...bounds, runtimes };
    }

    /** The newest terms that are open; a person must see them before they are signed. */
    async newestTerms(): Promise<Terms> {
        const { client, contract } = this;
        const count = await client.readContract({ ...contract, functionName: "termsCount" });
        for (let id = count; id > 0; id--) {
            const found = await client.readContract({
                ...contract,
                functionName: "termsOf",
                args: [id],
            });
            if (!found.retired) return { ...found, id, identityVerifier: found.identityVerifier };
        }
        throw new Malformed("the market has no open terms");
    }

    async offerOf(miner: Hex, resource: number) {
        const { client, contract } = this;
        const [account, offer] = await Promise.all([
            client.readContract({ ...contract, functionName: "minerAccount", args: [miner] }),
            client.readContract({ ...contract, functionName: "offerOf", args: [miner, resource] }),
        ]);
        return { ...offer, minerId: account.minerId };
    }

    /** The address that acts for a miner now, in lowercase. */
    async minerOf(minerId: number): Promise<Hex> {
        const call = { ...this.contract, functionName: "minerOf", args: [minerId] } as const;
        return (await this.client.readContract(call)).toLowerCase() as Hex;
    }

    epochOf(requester: Hex): Promise<number> {
        const call = { ...this.contract, functionName: "epochOf", args: [requester] } as const;
        return this.client.readContract(call);
    }

    async accountOf(account: Hex): Promise<{ available: bigint; locked: bigint }> {
        const call = { ...this.contract, functionName: "accountOf", args: [account] } as const;
        const [available, locked] = await this.client.readContract(call);
        return { available, locked };
    }

    async dealOf(request: Request, id: Hex): Promise<DealNow> {
        const { client, contract } = this;
        const [state, deal] = await Promise.all([
            client.readContract({ ...contract, functionName: "stateOf", args: [request] }),
            client.readContract({ ...contract, functionName: "dealOf", args: [id] }),
        ]);
        const { minerId, price, time, root, unitsUsed } = deal;
        return { state: STATES[state]!, minerId, price, time, root, unitsUsed };
    }

    /** Seconds since 1970 by the chain's last block. */
    async now(): Promise<number> {
        return Number((await this.client.getBlock()).timestamp);
    }

    token(): Promise<{ token: Hex; decimals: number; symbol: string }> {
        this.scale ??= this.readToken();
        return this.scale;
    }

    /** What units at a price lock, in base units: rounded up. */
    async valueUp(units: bigint, price: bigint): Promise<bigint> {
        const { decimals } = await this.token();
        const [up, down] = [
            10n ** BigInt(Math.max(decimals - 18, 0)),
            10n ** BigInt(Math.max(18 - decimals, 0)),
        ];
        return (units * price * up + down - 1n) / down;
    }

    /** Asks contract accounts about signatures. */
    get ask(): AskContract {
        const abi = [
            {
                type: "function",
                name: "isValidSignature",
                stateMutability: "view",
                inputs: [
                    { name: "hash", type: "bytes32" },
                    { name: "signature", type: "bytes" },
                ],
                outputs: [{ name: "", type: "bytes4" }],
            },
        ] as const;
        return async (account, hash, signature) => {
            try {
                const magic = await this.client.readContract({
                    address: account,
                    abi,
                    functionName: "isValidSignature",
                    args: [hash, signature],
                });
                return unhex(magic.slice(2).padEnd(64, "0"));
            } catch {
                return undefined;
            }
        };
    }

    private async readToken(): Promise<{ token: Hex; decimals: number; symbol: string }> {
        const { client, contract } = this;
        const token = await client.readContract({ ...contract, functionName: "token" });
        const [decimals, symbol] = await Promise.all([
            client.readContract({ address: token, abi: TOKEN, functionName: "decimals" }),
            client.readContract({ address: token, abi: TOKEN, functionName: "symbol" }),
        ]);
        return { token, decimals, symbol };
    }
}
