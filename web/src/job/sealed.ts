import { digestOf, salted } from "../protocol/blobs";
import { type Bytes, digits, equal, hex, type Hex, unhex } from "../protocol/bytes";
import { type Contents, decodeContents, encodeContents } from "../protocol/envelope";
import { encodeManifest } from "../protocol/manifest";
import type { Message } from "../protocol/messages";
import { newSealingKey, publicKeyOf, seal, SEALED_OVERHEAD, unseal } from "../protocol/sealing";
import { RelayAway } from "../relay/errors";
import type { Blobs, Relay } from "../relay/relay";
import type { Job } from "./build";

const CONTENTS_BYTES = 256 * 1024 * 1024;

/** A job as it travels to one miner: relays learn sizes and times, and the program. */
export interface SealedJob {
    /** What is uploaded. */
    readonly blobs: readonly Bytes[];
    /** What the envelope names: the digest of the sealed list. */
    readonly contents: Hex;
    /** The key that opens the result: keep it with the job. */
    readonly key: Bytes;
}

/** Seals manifest and inputs to the key that a miner announced. */
export async function sealJob(job: Job, publicKey: Hex): Promise<SealedJob> {
    const recipient = unhex(publicKey);
    const plain = [...job.plaintexts.values(), encodeManifest(job.manifest)];
    const sealed = new Map<string, string>();
    const blobs: Bytes[] = job.gatherer ? [job.module, job.gatherer] : [job.module];
    for (const plaintext of plain) {
        const blob = salted(job.salt, plaintext);
        const closed = await seal(recipient, blob);
        sealed.set(digits(digestOf(blob)), digits(digestOf(closed)));
        blobs.push(closed);
    }
    const key = newSealingKey();
    const list = await seal(recipient, encodeContents({ sealed, reply: publicKeyOf(key) }));
    return { blobs: [...blobs, list], contents: hex(digestOf(list)), key };
}

/** The message that tells the miner where the list is; signed like the request, after it. */
export function envelopeFor(
    request: Hex,
    requester: Hex,
    contents: Hex,
    issued: number,
): Message<"Envelope"> {
    return { sender: requester, issued, request, contents };
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
    return new Opened(relay, key, decodeContents(await unseal(key, list)));
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
