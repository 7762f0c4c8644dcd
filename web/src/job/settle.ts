import type { Hex } from "../protocol/bytes";
import type { Claim } from "../protocol/messages";
import { sign, type Signer } from "../protocol/signatures";
import type { Signed } from "../protocol/signed";
import type { Blobs, Relay } from "../relay/relay";
import { leavesOf, resultsOf, type TaskResult } from "./results";
import type { Job } from "./build";
import type { Lodged } from "./request";

/** All outputs of a claim, checked; `progress` is told how many tasks are there. */
export async function download(
    relay: Blobs,
    job: Pick<Job, "salt" | "manifest">,
    lodged: Lodged,
    claim: Claim,
    progress: (done: number) => void = () => {},
): Promise<TaskResult[]> {
    const leaves = await leavesOf(relay, lodged.signed.message, claim);
    const results: TaskResult[] = [];
    for await (const result of resultsOf(relay, job, leaves)) {
        results.push(result);
        progress(results.length);
    }
    return results;
}

/**
 * Signs that a result is taken and gives that to the relay: the miner hands it in and is paid at once. Give it again,
 * by `acceptAgain`, until the deal is settled. A result that the miner submitted on the chain itself is accepted there,
 * by the market's `acceptResult`.
 */
export async function accept(
    relay: Relay,
    id: Hex,
    claim: Claim,
    signer: Signer,
): Promise<Signed<"Acceptance">> {
    const { root, unitsUsed } = claim;
    const signed = await sign("Acceptance", relay.domain, { request: id, root, unitsUsed }, signer);
    await relay.post("Acceptance", signed);
    return signed;
}

export async function acceptAgain(relay: Relay, signed: Signed<"Acceptance">): Promise<void> {
    await relay.post("Acceptance", signed);
}
