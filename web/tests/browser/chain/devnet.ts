/** A whole market on this machine, as `suanli devnet` makes it, and what tests do on its chain beside the browser. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
    type Abi,
    type Address,
    createPublicClient,
    createWalletClient,
    type Hex,
    http,
    type PublicClient,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";

const ROOT = new URL("../../../../", import.meta.url).pathname;
/** Anvil's first account: it deployed everything, and has all votes. */
export const DEPLOYER: Hex = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const READY = 300_000;

export function abiOf(name: string): Abi {
    const file = join(ROOT, "suanli/chain/generated", `${name}.json`);
    return (JSON.parse(readFileSync(file, "utf8")) as { abi: Abi }).abi;
}
const [MARKET, TOKEN] = [abiOf("ComputeMarket"), abiOf("LocalToken")];

export class Devnet {
    readonly client: PublicClient;
    constructor(
        readonly rpc: string,
        readonly market: Address,
        readonly page: string,
        /** Nothing of a devnet that somebody else ends */
        private readonly own?: { child: ChildProcess; folder: string },
    ) {
        this.client = createPublicClient({
            transport: http(rpc),
            pollingInterval: 200,
            cacheTime: 0,
        });
    }

    static async start(...options: string[]): Promise<Devnet> {
        const folder = mkdtempSync(join(tmpdir(), "suanli-page-"));
        const command = join(ROOT, ".venv/bin/suanli");
        const child = spawn(command, ["devnet", "--folder", folder, ...options], {
            stdio: ["ignore", "pipe", "pipe"],
        });
        const said = await ready(child);
        const told = (name: string): string => {
            const found = new RegExp(`^${name} +(\\S+)$`, "m").exec(said)?.[1];
            if (!found) throw new Error(`the devnet names no ${name}:\n${said}`);
            return found;
        };
        const page = told("page").replace(/\/$/, "");
        return new Devnet(told("chain"), told("market") as Address, page, { child, folder });
    }

    async stop(): Promise<void> {
        if (!this.own) return;
        const { child, folder } = this.own;
        const ended = new Promise((done) => child.once("exit", done));
        child.kill("SIGTERM");
        await ended;
        rmSync(folder, { recursive: true, force: true });
    }

    async read<T>(
        address: Address,
        abi: Abi,
        functionName: string,
        ...args: unknown[]
    ): Promise<T> {
        return (await this.client.readContract({ address, abi, functionName, args })) as T;
    }

    inMarket<T>(functionName: string, ...args: unknown[]): Promise<T> {
        return this.read<T>(this.market, MARKET, functionName, ...args);
    }

    /** A transaction by somebody who is not in the browser. */
    async send(
        key: Hex,
        to: Address,
        abi: Abi,
        functionName: string,
        ...args: unknown[]
    ): Promise<void> {
        const account = privateKeyToAccount(key);
        const wallet = createWalletClient({ account, transport: http(this.rpc) });
        const hash = await wallet.writeContract({
            chain: null,
            address: to,
            abi,
            functionName,
            args,
        });
        const { status } = await this.client.waitForTransactionReceipt({ hash });
        if (status !== "success") throw new Error(`${functionName} reverted`);
    }

    sendMarket(key: Hex, functionName: string, ...args: unknown[]): Promise<void> {
        return this.send(key, this.market, MARKET, functionName, ...args);
    }

    /** Ether and settlement tokens out of nothing. */
    async fund(key: Hex, tokens: bigint): Promise<void> {
        const { address } = privateKeyToAccount(key);
        await this.ask("anvil_setBalance", [address, "0x56bc75e2d63100000"]);
        if (tokens) await this.send(key, await this.token(), TOKEN, "faucet", tokens);
    }

    token(): Promise<Address> {
        return this.inMarket<Address>("token");
    }

    async ask(method: string, params: unknown[] = []): Promise<unknown> {
        return (this.client as unknown as { request(asked: object): Promise<unknown> }).request({
            method,
            params,
        });
    }

    async now(): Promise<number> {
        return Number((await this.client.getBlock()).timestamp);
    }
}

function ready(child: ChildProcess): Promise<string> {
    return new Promise((resolve, reject) => {
        let said = "";
        const timer = setTimeout(
            () => reject(new Error(`the devnet is not ready:\n${said}`)),
            READY,
        );
        const hear = (text: Buffer): void => {
            said += text.toString();
            if (!/^Ready\./m.test(said)) return;
            clearTimeout(timer);
            resolve(said);
        };
        child.stdout!.on("data", hear);
        child.stderr!.on("data", hear);
        child.once("exit", (code) => reject(new Error(`the devnet ended (${code}):\n${said}`)));
    });
}
