/** A miner of class 1 that does what a test says, and no more. */
import { type Address, type Hex, keccak256 } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { abiOf, type Devnet } from "./devnet";

const TOKEN = 10n ** 18n;
let salts = 0n;

export class Seller {
    private constructor(
        private readonly net: Devnet,
        private readonly key: Hex,
        readonly number: number,
    ) {}

    /** Registered, with its offer on the chain. */
    static async start(net: Devnet, key: Hex, owner: Address): Promise<Seller> {
        const { address } = privateKeyToAccount(key);
        const stake = 10_000n * TOKEN;
        await net.send(key, await net.token(), abiOf("LocalToken"), "approve", net.market, stake);
        await net.sendMarket(key, "deposit", stake);
        await net.sendMarket(key, "registerMiner", owner);
        await net.sendMarket(key, "addStake", address, stake);
        await net.sendMarket(key, "registerResource", 1, 5_000n);
        const until = (await net.now()) + 86_400;
        await net.sendMarket(key, "publishOffer", 1, 5_000n, 1n, until, false);
        const { minerId } = await net.inMarket<{ minerId: number }>("minerAccount", address);
        return new Seller(net, key, minerId);
    }

    /** A deal that it has taken. */
    async taken(buyer: Hex, duration = 3_600): Promise<{ id: Hex; request: object }> {
        const { net, number } = this;
        const requester = privateKeyToAccount(buyer).address;
        const request = {
            requester,
            miner: number,
            resource: 1,
            runtime: 0,
            units: 1_000n,
            maxPrice: TOKEN / 10n,
            confirmBy: (await net.now()) + 600,
            duration,
            tasks: 10,
            job: keccak256("0x01"),
            terms: 1,
            flags: 0,
            epoch: await net.inMarket<number>("epochOf", requester),
            salt: ++salts,
        };
        const id = await net.inMarket<Hex>("requestId", request);
        await net.sendMarket(buyer, "postRequest", request);
        await net.sendMarket(this.key, "confirmRequest", request, "0x");
        return { id, request };
    }

    /** A deal whose result stands on the chain. */
    async handedIn(buyer: Hex): Promise<Hex> {
        const { id, request } = await this.taken(buyer);
        await this.net.sendMarket(this.key, "submitResult", request, keccak256("0x02"), 900n);
        return id;
    }
}
