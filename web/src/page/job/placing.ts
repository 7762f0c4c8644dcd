/** From a job to requests that miners can take, one for each: the deposit, the upload, the signatures. They are given to
 * the relay by the job's own view, as often as it takes. */
import { blobsOf, type Job } from "../../job/build";
import type { ResourceClass, Terms } from "../../job/market";
import { missingFor, requestFor } from "../../job/request";
import { envelopeFor, listFor, sealJob, type SealedJob } from "../../job/sealed";
import { keep, type KeptPart } from "../../job/shelf";
import type { Share } from "../../job/split";
import type { Trial } from "../../job/trial";
import type { Bytes, Hex } from "../../protocol/bytes";
import { digestOfMessage, type Message, type Request, typedData } from "../../protocol/messages";
import { normalized, verify } from "../../protocol/signatures";
import type { Signed } from "../../protocol/signed";
import { askToLast } from "../remember";
import { t } from "../text";
import { beginWith, dismiss, type Signing } from "../wallet/act";
import { depositing } from "../wallet/acts";
import { Refusal } from "../wallet/refusals";
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

/** Of all orders of this page, from 1. The wallet may answer for an earlier one late: that one was left. */
let newest = 0;

/** Uploads the job, then shows what is to be signed. `placed` is told the job's id once it is kept. */
export async function place(
    now: Session,
    places: Places,
    order: Order,
    uploaded: (done: number, all: number) => void,
    placed: (id: Hex) => void,
): Promise<void> {
    const own = ++newest;
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
    if (own !== newest) return;
    const lodge = async (parts: readonly KeptPart[]): Promise<void> => {
        if (own !== newest) throw new Refusal(t("job.overtaken"));
        const id = await keepAll(places, order, parts);
        newest++; // what was begun meanwhile would buy it twice
        placed(id);
    };
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
                return signing(places, wanted, [], lodge);
            },
            dismiss,
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

/** Each request, and for a sealed job its envelope. Nothing is kept before all is signed: who refuses one has ordered nothing. */
function signing(
    places: Places,
    [next, ...others]: readonly Wanted[],
    ready: readonly KeptPart[],
    lodge: (all: readonly KeptPart[]) => Promise<void>,
): Signing {
    const { share, request, id, sealed, list } = next!;
    const { requester } = request;
    const goOn = async (part: KeptPart): Promise<Signing | null> => {
        const all = [...ready, part];
        if (others.length) return signing(places, others, all, lodge);
        await lodge(all);
        return null;
    };
    return signingOf(places, "Request", request, requester, (signed) => {
        const part: KeptPart = {
            id,
            signed,
            tasks: share.tasks,
            manifest: share.job.manifest,
            lock: share.estimate.lock,
            ...(sealed && { key: sealed.key }),
        };
        if (!list) return goOn(part);
        const message = envelopeFor(id, requester, list, seconds());
        return signingOf(places, "Envelope", message, requester, (envelope) =>
            goOn({ ...part, envelope }),
        );
    });
}

/** What the wallet signs by another account, chosen there meanwhile, would be refused when others were ordered already. */
function signingOf<K extends "Request" | "Envelope">(
    { market }: Places,
    kind: K,
    message: Message<K>,
    signer: Hex,
    next: (signed: Signed<K>) => Signing | Promise<Signing | null>,
): Signing {
    return {
        kind: "sign",
        typed: typedOf(typedData(kind, market.domain, message)),
        next: async (signature) => {
            const signed = { message, signer, signature: normalized(signature) };
            if (!(await verify(kind, market.domain, signed, market.ask)))
                throw new Refusal(t("job.otherSigner", { account: signer }));
            return next(signed);
        },
    };
}

/** Kept before it is told: without its salt nobody could read what comes back. */
async function keepAll(
    { market }: Places,
    { name, job, trial }: Order,
    parts: readonly KeptPart[],
): Promise<Hex> {
    const { id } = parts[0]!;
    askToLast();
    await keep({
        ...market.domain,
        id,
        made: seconds(),
        name,
        salt: job.salt,
        manifest: job.manifest,
        ...(job.gatherer && { gatherer: job.gatherer }),
        ...(trial && { trial }),
        parts,
    });
    return id;
}

function seconds(): number {
    return Math.floor(Date.now() / 1000);
}

/** As the dialog shows messages, and as wallets take them. */
export function typedOf(typed: unknown): Typed {
    return typed as Typed;
}
