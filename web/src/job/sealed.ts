import { digestOf, salted } from "../protocol/blobs";
import { type Bytes, digits, equal, hex, type Hex, unhex } from "../protocol/bytes";
import { type Contents, decodeContents, encodeContents } from "../protocol/envelope";
import { encodeManifest } from "../protocol/manifest";
import { Malformed } from "../protocol/errors";
import type { Message } from "../protocol/messages";
import { newSealingKey, publicKeyOf, seal, SEALED_OVERHEAD, unseal } from "../protocol/sealing";
import { RelayAway } from "../relay/errors";
import type { Blobs, Relay } from "../relay/relay";
import type { Job } from "./build";

const CONTENTS_BYTES = 256 * 1024 * 1024;

/** A job as it travels to one miner: what relays still see of it is in docs/privacy.md. */
export interface SealedJob {
    /** What is uploaded, besides the list. */
    readonly blobs: readonly Bytes[];
    readonly listed: ReadonlyMap<string, string>;
    /** The private key that the job is sealed to: the list gives it to the miner. Of this request alone. */
    readonly own: Bytes;
    /** The private key that opens the result: keep it with the job. */
    readonly key: Bytes;
}

/** Seals manifest and inputs to a key that is made for one request. */
export async function sealJob(job: Job): Promise<SealedJob> {
    const own = newSealingKey();
    const plain = [...job.plaintexts.values(), encodeManifest(job.manifest)];
    const listed = new Map<string, string>();
    const blobs: Bytes[] = job.gatherer ? [job.module, job.gatherer] : [job.module];
    for (const plaintext of plain) {
        const blob = salted(job.salt, plaintext);
        const closed = await seal(publicKeyOf(own), blob);
        listed.set(digits(digestOf(blob)), digits(digestOf(closed)));
        blobs.push(closed);
    }
    return { blobs, listed, own, key: newSealingKey() };
}

/** The list of what is sealed for a request, sealed to the key that its miner announced: a blob to upload. */
export async function listFor(
    { listed, own, key }: SealedJob,
    request: Hex,
    publicKey: Hex,
): Promise<Bytes> {
    const keys = { key: own, reply: publicKeyOf(key) };
    return seal(unhex(publicKey), encodeContents({ request, sealed: listed, keys }));
}

/** The message that tells the miner where the list is; signed like the request, after it. */
export function envelopeFor(
    request: Hex,
    requester: Hex,
    list: Bytes,
    issued: number,
): Message<"Envelope"> {
    return { sender: requester, issued, request, contents: hex(digestOf(list)) };
}

/**
 * Where the result of a sealed job is: what its miner's envelope lists is opened, all else is read as it is.
 * Whatever it names is checked against the claim as ever.
 */
export async function openResult(
    relay: Relay,
    request: Hex,
    miner: Hex,
    key: Bytes,
): Promise<Blobs> {
    const envelopes = await relay.said("Envelope", request);
    const envelope = envelopes.find(({ message }) => message.sender === miner)?.message;
    if (!envelope) return relay;
    const list = await relay.blob(unhex(envelope.contents), CONTENTS_BYTES);
    try {
        const contents = decodeContents(await unseal(key, list));
        // One for another request is none: somebody shows what others sealed.
        return contents.request === request ? new Opened(relay, key, contents) : relay;
    } catch (error) {
        if (error instanceof Malformed) return relay;
        throw error;
    }
}

class Opened implements Blobs {
    constructor(
        private readonly relay: Blobs,
        private readonly key: Bytes,
        private readonly contents: Contents,
    ) {}

    async blob(digest: Uint8Array, most: number): Promise<Bytes> {
        const name = this.contents.sealed.get(digits(digest));
        if (!name) return this.relay.blob(digest, most);
        return this.opened(digest, await this.relay.blob(unhex(name), most + SEALED_OVERHEAD));
    }

    async blobs(digests: readonly Uint8Array[]): Promise<(Bytes | undefined)[]> {
        const names = digests.map((digest) => this.contents.sealed.get(digits(digest)));
        const asked = digests.map((digest, at) => (names[at] ? unhex(names[at]) : digest));
        const found = await this.relay.blobs(asked);
        return Promise.all(
            found.map((blob, at) => (blob && names[at] ? this.opened(digests[at]!, blob) : blob)),
        );
    }

    private async opened(digest: Uint8Array, sealed: Bytes): Promise<Bytes> {
        const blob = await unseal(this.key, sealed);
        if (!equal(digestOf(blob), digest)) throw new RelayAway("what was sealed is another blob");
        return blob;
    }
}
