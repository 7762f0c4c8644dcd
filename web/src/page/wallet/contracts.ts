/** The market's contracts, as the chain itself names them: what a relay says is not enough to sign by. */
import {
    type Abi,
    type Address,
    createPublicClient,
    custom,
    getAddress,
    isAddressEqual,
    type PublicClient,
    zeroAddress,
} from "viem";
import { abi as channelsAbi } from "../../../../suanli/chain/generated/PaymentChannels.json";
import { abi as courtAbi } from "../../../../suanli/chain/generated/Court.json";
import { abi as governorAbi } from "../../../../suanli/chain/generated/MarketGovernor.json";
import { abi as marketAbi } from "../../../../suanli/chain/generated/ComputeMarket.json";
import { abi as permitAbi } from "../../../../suanli/chain/generated/LocalToken.json";
import { abi as storageAbi } from "../../../../suanli/chain/generated/StorageDeals.json";
import { abi as timelockAbi } from "../../../../suanli/chain/generated/MarketTimelock.json";
import { abi as votesAbi } from "../../../../suanli/chain/generated/MarketToken.json";
import { symbolOf } from "../format/text";
import { remember, remembered } from "../remember";
import type { Config } from "../api/shapes";
import type { Provider } from "./provider";

export const ABIS = {
    market: marketAbi as Abi,
    court: courtAbi as Abi,
    channels: channelsAbi as Abi,
    storage: storageAbi as Abi,
    governor: governorAbi as Abi,
    votes: votesAbi as Abi,
    token: permitAbi as Abi,
    timelock: timelockAbi as Abi,
};
export type Role = keyof typeof ABIS;
/** Contracts in which an account has money. */
export type Escrow = "market" | "court" | "channels" | "storage";

export interface Contracts {
    chain: number;
    addresses: Partial<Record<Role, Address>> & { market: Address; token: Address };
    /** Of the settlement token, as the token says */
    decimals: number;
    symbol: string;
    /** The market that this browser saw here before, if it is another one */
    before: Address | null;
}

export class NotThisMarket extends Error {}

export function readerOf(provider: Provider): PublicClient {
    return createPublicClient({
        transport: custom(provider as Parameters<typeof custom>[0], { retryCount: 1 }),
        ccipRead: false,
        pollingInterval: 1_000,
        cacheTime: 0,
    });
}

export async function read<T>(
    client: PublicClient,
    role: Role,
    address: Address,
    functionName: string,
    args: readonly unknown[] = [],
): Promise<T> {
    return (await client.readContract({ abi: ABIS[role], address, functionName, args })) as T;
}

/** Raises NotThisMarket, and what the node's errors are. */
export async function contractsOf(client: PublicClient, config: Config): Promise<Contracts> {
    const market = getAddress(config.contracts.market);
    const code = await client.getCode({ address: market });
    if (!code || code === "0x") throw new NotThisMarket(market);
    const domain = await read<readonly unknown[]>(client, "market", market, "eip712Domain");
    if (domain[1] !== "Suanli" || Number(domain[3]) !== config.chain_id)
        throw new NotThisMarket(market);
    const token = await read<Address>(client, "market", market, "token");
    const [decimals, symbol] = await Promise.all([
        read<number>(client, "token", token, "decimals"),
        read<string>(client, "token", token, "symbol").catch(() => ""),
    ]);
    const addresses: Contracts["addresses"] = { market, token };
    const court = await courtOf(client, market);
    if (court) addresses.court = court;
    for (const role of ["channels", "storage"] as const) {
        const told = config.contracts[role];
        if (told && (await belongs(client, role, getAddress(told), market)))
            addresses[role] = getAddress(told);
    }
    Object.assign(addresses, await votingOf(client, market));
    return {
        chain: config.chain_id,
        addresses,
        decimals,
        symbol: symbolOf(symbol),
        before: seenBefore(config, market),
    };
}

async function belongs(
    client: PublicClient,
    role: Role,
    address: Address,
    market: Address,
): Promise<boolean> {
    return read<Address>(client, role, address, "market").then(
        (named) => isAddressEqual(named, market),
        () => false,
    );
}

/** The court of the newest open terms, if it is one. */
async function courtOf(client: PublicClient, market: Address): Promise<Address | null> {
    const count = await read<number>(client, "market", market, "termsCount");
    for (let number = count; number >= 1 && number > count - 20; number--) {
        const terms = await read<{ court: Address; retired: boolean }>(
            client,
            "market",
            market,
            "termsOf",
            [number],
        );
        if (terms.retired || isAddressEqual(terms.court, zeroAddress)) continue;
        return (await belongs(client, "court", terms.court, market)) ? terms.court : null;
    }
    return null;
}

/** Who governs: the market's owner is a timelock, which names its governor, which names its token. */
async function votingOf(
    client: PublicClient,
    market: Address,
): Promise<{ timelock?: Address; governor?: Address; votes?: Address }> {
    try {
        const timelock = await read<Address>(client, "market", market, "owner");
        const governor = await read<Address>(client, "timelock", timelock, "governor");
        const votes = await read<Address>(client, "governor", governor, "token");
        return { timelock, governor, votes };
    } catch {
        return {};
    }
}

function seenBefore(config: Config, market: Address): Address | null {
    const name = `market.${config.chain_id}`;
    const before = remembered(name);
    if (before === null) remember(name, market);
    return before !== null && before !== market ? (before as Address) : null;
}

/** From now on this one is the market that was seen here. */
export function trustMarket(contracts: Contracts): Contracts {
    remember(`market.${contracts.chain}`, contracts.addresses.market);
    return { ...contracts, before: null };
}
