/** One devnet for all files: its start takes longer than most tests. */
import type { TestProject } from "vitest/node";
import { Devnet } from "./devnet";

declare module "vitest" {
    interface ProvidedContext {
        devnet: { rpc: string; market: `0x${string}`; page: string };
    }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
    const net = await Devnet.start("--miners", "2", "--jurors", "3");
    project.provide("devnet", { rpc: net.rpc, market: net.market, page: net.page });
    return () => net.stop();
}
