import { fromBigEndian, type Hex } from "../protocol/bytes";
import { Malformed } from "../protocol/errors";
import { digestOfMessage, type Request } from "../protocol/messages";
import { sign, type Signer } from "../protocol/signatures";
import type { Signed } from "../protocol/signed";
import type { Relay } from "../relay/relay";
import { blobsOf, type Job } from "./build";
import type { Market, ResourceClass, Terms } from "./market";
import type { Estimate } from "./offers";

/** A request that was lodged: keep it beside the job, it is needed to follow, to accept and to cancel. */
export interface Lodged {
    readonly id: Hex;
    readonly signed: Signed<"Request">;
}

/** The request for a job that a person is about to sign, for the miner of one offer. */
export async function requestFor(
    market: Market,
    job: Job,
    found: ResourceClass,
    chosen: Estimate,
    terms: Terms,
    requester: Hex,
    /** Seconds in which a person reads and signs it. */
    reading = 0,
): Promise<Request> {
    const runtime = found.runtimes.indexOf(`0x${job.manifest.runtime}`);
    if (runtime < 0) throw new Malformed("the class does not permit the job's runtime");
    const [epoch, now] = await Promise.all([market.epochOf(requester), market.now()]);
    return {
        requester: requester.toLowerCase() as Hex,
        miner: chosen.offer.minerId,
        resource: found.id,
        runtime,
        units: chosen.units,
        maxPrice: chosen.bid,
        // A local chain's clock may be behind, and a miner goes by its own, too.
        confirmBy: Math.max(now, Math.floor(Date.now() / 1000)) + chosen.confirmWithin + reading,
        duration: chosen.duration,
        tasks: job.manifest.tasks.length,
        job: job.digest,
        terms: terms.id,
        flags: 0,
        epoch,
        salt: fromBigEndian(crypto.getRandomValues(new Uint8Array(8))),
    };
}

/** Base units that must be deposited before miners can take these requests of one account. */
export async function missingFor(
    market: Market,
    first: Request,
    ...others: readonly Request[]
): Promise<bigint> {
    const { available } = await market.accountOf(first.requester);
    const locks = [first, ...others].map(({ units, maxPrice }) => market.valueUp(units, maxPrice));
    const lock = (await Promise.all(locks)).reduce((sum, one) => sum + one, 0n);
    return lock > available ? lock - available : 0n;
}

/** Uploads the job's data, has the request signed, and gives it to the relay. */
export async function lodge(
    relay: Relay,
    job: Job,
    request: Request,
    signer: Signer,
    progress?: (done: number, all: number) => void,
): Promise<Lodged> {
    if (request.job !== job.digest) throw new Malformed("the request is for another job");
    await upload(relay, job, progress);
    return post(relay, await sign("Request", relay.domain, request, signer));
}

/** Puts all that a miner fetches where it looks for it. */
export function upload(
    relay: Relay,
    job: Job,
    progress?: (done: number, all: number) => void,
): Promise<void> {
    return relay.put(blobsOf(job), progress);
}

/** Gives a kept request, and what tells where its sealed data are, to the relay as long as a miner could take it. Again does no harm. */
export async function postKept(
    market: Market,
    relay: Relay,
    { id, signed, envelope }: Lodged & { readonly envelope?: Signed<"Envelope"> },
): Promise<void> {
    const [{ state }, now] = await Promise.all([market.dealOf(signed.message, id), market.now()]);
    if (state !== "none" || now > signed.message.confirmBy) return;
    await relay.post("Request", signed);
    if (envelope) await relay.post("Envelope", envelope);
}

/** Gives a signed request to the relay: now a miner can take it. Again, if the relay forgot it. */
export async function post(relay: Relay, signed: Signed<"Request">): Promise<Lodged> {
    await relay.post("Request", signed);
    return { id: digestOfMessage("Request", relay.domain, signed.message), signed };
}
