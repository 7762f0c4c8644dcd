import { sha256 } from "@noble/hashes/sha2";
import { base32 } from "@scure/base";
import { type Bytes, bigEndian, concat, equal, fromBigEndian } from "./bytes";
import { Malformed } from "./errors";

export const SALT_BYTES = 32;
export const MAX_BLOB = 2 ** 30;
export const BATCH = { blobs: 1000, blobBytes: 64 * 1024, bytes: 4 * 1024 * 1024 } as const;
const CID_PREFIX = Uint8Array.of(0x01, 0x55, 0x12, 0x20);

/** The sha2-256 digest by which a blob is named. */
export function digestOf(bytes: Uint8Array): Bytes {
    return sha256(bytes) as Bytes;
}

/** A digest as stores write it: a CIDv1 of raw bytes. */
export function cidOf(digest: Uint8Array): string {
    const text = base32.encode(concat(CID_PREFIX, ofDigest(digest)));
    return `b${text.toLowerCase().replace(/=+$/, "")}`;
}

/** 32 random bytes, under which all data of a job but its module is hashed. */
export function newSalt(): Bytes {
    return crypto.getRandomValues(new Uint8Array(SALT_BYTES));
}

export function salted(salt: Uint8Array, plaintext: Uint8Array): Bytes {
    if (salt.length !== SALT_BYTES) throw new Malformed(`a salt has ${SALT_BYTES} bytes`);
    return concat(salt, plaintext);
}

export function saltedDigest(salt: Uint8Array, plaintext: Uint8Array): Bytes {
    return digestOf(salted(salt, plaintext));
}

/** The plaintext of a salted blob; refused if its digest or its salt is another one. */
export function unsalted(salt: Uint8Array, digest: Uint8Array, blob: Bytes): Bytes {
    if (!equal(digestOf(blob), digest))
        throw new Malformed("a blob has another digest than asked for");
    if (!equal(blob.subarray(0, SALT_BYTES), salt))
        throw new Malformed("a blob does not begin with the job's salt");
    return blob.subarray(SALT_BYTES);
}

/** Body of `PUT /v1/blobs`: of each blob its digest, its length and its bytes. */
export function encodeBatch(blobs: readonly Uint8Array[]): Bytes {
    const batch = blobs.flatMap((blob) => [digestOf(blob), bigEndian(blob.length, 4), blob]);
    const body = concat(...batch);
    const fits = blobs.length <= BATCH.blobs && body.length <= BATCH.bytes;
    if (!fits || blobs.some((blob) => blob.length > BATCH.blobBytes))
        throw new Malformed("more blobs or bytes than a batch takes");
    return body;
}

/**
 * Answer of `POST /v1/blobs/fetch`, one entry for each digest asked for: its blob, `null` if it is not there, and
 * `undefined` where the answer ended early. Another blob than asked for is refused.
 */
export function decodeFetched(
    digests: readonly Uint8Array[],
    answer: Bytes,
): (Bytes | null | undefined)[] {
    let rest = answer;
    const take = (length: number): Bytes => {
        if (length > rest.length) throw new Malformed("an answer breaks off within a blob");
        const taken = rest.subarray(0, length);
        rest = rest.subarray(length);
        return taken;
    };
    const blobs = digests.map((digest) => {
        if (!rest.length) return undefined;
        const length = Number(fromBigEndian(take(4)));
        if (length === 0xffffffff) return null;
        const blob = take(length);
        if (!equal(digestOf(blob), digest)) throw new Malformed("another blob than asked for");
        return blob;
    });
    if (rest.length) throw new Malformed("an answer with more than was asked for");
    return blobs;
}

function ofDigest(digest: Uint8Array): Uint8Array {
    if (digest.length !== 32) throw new Malformed("a digest has 32 bytes");
    return digest;
}
