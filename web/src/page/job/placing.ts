/** From a job to a request that a miner can take: the deposit, the upload, the signature. */
import type { Job } from "../../job/build";
import type { ResourceClass, Terms } from "../../job/market";
import type { Estimate } from "../../job/offers";
import { missingFor, post, requestFor, upload } from "../../job/request";
import { envelopeFor, listFor, sealJob, type SealedJob } from "../../job/sealed";
import { keep } from "../../job/shelf";
import type { Trial } from "../../job/trial";
import type { Bytes, Hex } from "../../protocol/bytes";
import { digestOfMessage, type Request, typedData } from "../../protocol/messages";
import { normalized } from "../../protocol/signatures";
import type { Signed } from "../../protocol/signed";
import { askToLast } from "../remember";
import { t } from "../text";
import { beginWith, dismiss, type Step } from "../wallet/act";
import { depositing } from "../wallet/acts";
import type { Session } from "../wallet/session";
import type { Typed } from "../wallet/words";
import type { Places } from "./places";

/** Seconds in which a visitor reads and signs, before the miner's own time begins. */
const READING = 180;

export interface Order {
    name: string;
    job: Job;
    found: ResourceClass;
    chosen: Estimate;
    terms: Terms;
    trial: Trial | undefined;
    /** Nobody but its miner is to read it */
    seal: boolean;
}

/** Uploads the job, then shows what is to be signed. `placed` is told the request's id. */
export async function place(
    now: Session,
    places: Places,
    order: Order,
    uploaded: (done: number, all: number) => void,
    placed: (id: Hex) => void,
): Promise<void> {
    const { market, relay } = places;
    const { job, found, chosen, terms } = order;
    const { publicKey } = chosen.offer.announcement;
    const sealed = order.seal ? await sealJob(job) : undefined;
    await (sealed ? relay.put(sealed.blobs, uploaded) : upload(relay, job, uploaded));
    const make = (): Promise<Request> =>
        requestFor(market, job, found, chosen, terms, now.account, READING);
    const missing = await missingFor(market, await make());
    let id: Hex | undefined;
    const sign = (): void =>
        beginWith(
            t("job.sign"),
            async () => {
                const request = await make();
                id = digestOfMessage("Request", market.domain, request);
                const list = sealed && (await listFor(sealed, id, publicKey));
                if (list) await relay.put([list]);
                return signing(places, order, request, sealed, list);
            },
            () => {
                dismiss();
                if (id) placed(id);
            },
        );
    if (missing) beginWith(t("job.deposit"), () => depositing(now, "market", missing), sign);
    else sign();
}

/** The request, and for a sealed job its envelope: both are signed before either is told. */
function signing(
    { market, relay }: Places,
    order: Order,
    request: Request,
    sealed: SealedJob | undefined,
    list: Bytes | undefined,
): Step {
    const { requester } = request;
    const id = digestOfMessage("Request", market.domain, request);
    const by = (signature: Hex) => ({ signer: requester, signature: normalized(signature) });
    const lodge = async (signed: Signed<"Request">): Promise<void> => {
        // Kept before it is told: without its salt nobody could read what comes back.
        askToLast();
        await keep({ ...keptOf(order, sealed), id, signed, ...market.domain });
        await post(relay, signed);
    };
    return {
        kind: "sign",
        typed: typedOf(typedData("Request", market.domain, request)),
        next: async (signature) => {
            const signed = { message: request, ...by(signature) };
            if (!list) {
                await lodge(signed);
                return null;
            }
            const message = envelopeFor(id, requester, list, seconds());
            return {
                kind: "sign",
                typed: typedOf(typedData("Envelope", market.domain, message)),
                next: async (signature) => {
                    await lodge(signed);
                    await relay.post("Envelope", { message, ...by(signature) });
                    return null;
                },
            };
        },
    };
}

function keptOf(order: Order, sealed: SealedJob | undefined) {
    const { name, job, chosen, trial } = order;
    return {
        made: seconds(),
        name,
        salt: job.salt,
        manifest: job.manifest,
        ...(job.gatherer && { gatherer: job.gatherer }),
        ...(trial && { trial }),
        ...(sealed && { key: sealed.key }),
        lock: chosen.lock,
    };
}

function seconds(): number {
    return Math.floor(Date.now() / 1000);
}

/** As the dialog shows messages, and as wallets take them. */
export function typedOf(typed: unknown): Typed {
    return typed as Typed;
}
