/** From a job to a request that a miner can take: the deposit, the upload, the signature. */
import type { Job } from "../../job/build";
import type { ResourceClass, Terms } from "../../job/market";
import type { Estimate } from "../../job/offers";
import { missingFor, post, requestFor, upload } from "../../job/request";
import { keep } from "../../job/shelf";
import type { Trial } from "../../job/trial";
import type { Hex } from "../../protocol/bytes";
import { digestOfMessage, type Request, typedData } from "../../protocol/messages";
import { normalized } from "../../protocol/signatures";
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
    await upload(relay, job, uploaded);
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
                return signing(places, order, request);
            },
            () => {
                dismiss();
                if (id) placed(id);
            },
        );
    if (missing) beginWith(t("job.deposit"), () => depositing(now, "market", missing), sign);
    else sign();
}

function signing({ market, relay }: Places, order: Order, request: Request): Step {
    const { name, job, chosen, trial } = order;
    return {
        kind: "sign",
        typed: typedOf(typedData("Request", market.domain, request)),
        next: async (signature) => {
            const signed = {
                message: request,
                signer: request.requester,
                signature: normalized(signature),
            };
            const id = digestOfMessage("Request", market.domain, request);
            // Kept before it is told: without its salt nobody could read what comes back.
            await keep({
                id,
                signed,
                ...market.domain,
                made: Math.floor(Date.now() / 1000),
                name,
                salt: job.salt,
                manifest: job.manifest,
                ...(job.gatherer && { gatherer: job.gatherer }),
                ...(trial && { trial }),
                lock: chosen.lock,
            });
            await post(relay, signed);
            return null;
        },
    };
}

/** As the dialog shows messages, and as wallets take them. */
export function typedOf(typed: unknown): Typed {
    return typed as Typed;
}
