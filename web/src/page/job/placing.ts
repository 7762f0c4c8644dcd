/** From a job to requests that miners can take, one for each: the deposit, the upload, the signatures. */
import { blobsOf, type Job } from "../../job/build";
import type { ResourceClass, Terms } from "../../job/market";
import { missingFor, post, requestFor } from "../../job/request";
import { envelopeFor, listFor, sealJob, type SealedJob } from "../../job/sealed";
import { keep, type KeptPart } from "../../job/shelf";
import type { Share } from "../../job/split";
import type { Trial } from "../../job/trial";
import type { Bytes, Hex } from "../../protocol/bytes";
import { digestOfMessage, type Request, typedData } from "../../protocol/messages";
import { normalized } from "../../protocol/signatures";
import type { Signed } from "../../protocol/signed";
import { askToLast } from "../remember";
import { t } from "../text";
import { beginWith, dismiss, type Signing } from "../wallet/act";
import { depositing } from "../wallet/acts";
import type { Session } from "../wallet/session";
import type { Typed } from "../wallet/words";
import type { Places } from "./places";

/** Seconds in which a visitor reads and signs the first request, and each other, before the miners' own time begins. */
const READING = 180;
const READING_MORE = 60;

export interface Order {
    name: string;
    /** All of it */
    job: Job;
    found: ResourceClass;
    shares: readonly Share[];
    terms: Terms;
    trial: Trial | undefined;
    /** Nobody but its miners is to read it */
    seal: boolean;
}

/** A share that is to be signed for. */
interface Wanted {
    share: Share;
    request: Request;
    id: Hex;
    sealed: SealedJob | undefined;
    /** Where its sealed data are, sealed to its miner */
    list: Bytes | undefined;
}

/** What is told once all is signed. */
interface Ready {
    part: KeptPart;
    envelope: Signed<"Envelope"> | undefined;
}

/** Uploads the job, then shows what is to be signed. `placed` is told the job's id. */
export async function place(
    now: Session,
    places: Places,
    order: Order,
    uploaded: (done: number, all: number) => void,
    placed: (id: Hex) => void,
): Promise<void> {
    const { market, relay } = places;
    const { shares, found, terms } = order;
    const sealed = await Promise.all(
        shares.map(({ job }) => (order.seal ? sealJob(job) : undefined)),
    );
    const blobs = shares.flatMap(({ job }, index) => sealed[index]?.blobs ?? blobsOf(job));
    await relay.put(blobs, uploaded);
    const reading = READING + READING_MORE * (shares.length - 1);
    const requests = (): Promise<Request[]> =>
        Promise.all(
            shares.map(({ job, estimate }) =>
                requestFor(market, job, found, estimate, terms, now.account, reading),
            ),
        );
    const [first, ...others] = await requests();
    const missing = await missingFor(market, first!, ...others);
    let id: Hex | undefined;
    const sign = (): void =>
        beginWith(
            t("job.sign"),
            async () => {
                const made = await requests();
                const wanted = await Promise.all(
                    made.map((request, index) =>
                        wantedOf(places, shares[index]!, request, sealed[index]),
                    ),
                );
                id = wanted[0]!.id;
                return signing(places, wanted, [], (ready) => lodge(places, order, ready));
            },
            () => {
                dismiss();
                if (id) placed(id);
            },
        );
    if (missing) beginWith(t("job.deposit"), () => depositing(now, "market", missing), sign);
    else sign();
}

async function wantedOf(
    { market, relay }: Places,
    share: Share,
    request: Request,
    sealed: SealedJob | undefined,
): Promise<Wanted> {
    const id = digestOfMessage("Request", market.domain, request);
    const { publicKey } = share.estimate.offer.announcement;
    const list = sealed && (await listFor(sealed, id, publicKey));
    if (list) await relay.put([list]);
    return { share, request, id, sealed, list };
}

/** Each request, and for a sealed job its envelope. Nothing is told before all is signed: who refuses one has ordered nothing. */
function signing(
    places: Places,
    [next, ...others]: readonly Wanted[],
    ready: readonly Ready[],
    lodge: (all: readonly Ready[]) => Promise<void>,
): Signing {
    const { domain } = places.market;
    const { share, request, id, sealed, list } = next!;
    const by = (signature: Hex) => ({
        signer: request.requester,
        signature: normalized(signature),
    });
    const goOn = async (part: KeptPart, envelope?: Signed<"Envelope">): Promise<Signing | null> => {
        const all = [...ready, { part, envelope }];
        if (others.length) return signing(places, others, all, lodge);
        await lodge(all);
        return null;
    };
    return {
        kind: "sign",
        typed: typedOf(typedData("Request", domain, request)),
        next: async (signature) => {
            const part: KeptPart = {
                id,
                signed: { message: request, ...by(signature) },
                tasks: share.tasks,
                manifest: share.job.manifest,
                lock: share.estimate.lock,
                ...(sealed && { key: sealed.key }),
            };
            if (!list) return goOn(part);
            const message = envelopeFor(id, request.requester, list, seconds());
            return {
                kind: "sign",
                typed: typedOf(typedData("Envelope", domain, message)),
                next: (signature) => goOn(part, { message, ...by(signature) }),
            };
        },
    };
}

/** Kept before it is told: without its salt nobody could read what comes back. */
async function lodge(
    { market, relay }: Places,
    order: Order,
    ready: readonly Ready[],
): Promise<void> {
    const { name, job, trial } = order;
    askToLast();
    await keep({
        ...market.domain,
        id: ready[0]!.part.id,
        made: seconds(),
        name,
        salt: job.salt,
        manifest: job.manifest,
        ...(job.gatherer && { gatherer: job.gatherer }),
        ...(trial && { trial }),
        parts: ready.map(({ part }) => part),
    });
    for (const { part, envelope } of ready) {
        await post(relay, part.signed);
        if (envelope) await relay.post("Envelope", envelope);
    }
}

function seconds(): number {
    return Math.floor(Date.now() / 1000);
}

/** As the dialog shows messages, and as wallets take them. */
export function typedOf(typed: unknown): Typed {
    return typed as Typed;
}
