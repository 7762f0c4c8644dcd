import { secp256k1 } from "@noble/curves/secp256k1";
import { type Bytes, concat, digits, unhex } from "./bytes";
import { Malformed } from "./errors";

const VERSION = 1;
const KEY_BYTES = 33;
const PAIR_BYTES = 64;

/** What an envelope lists: by the digest of a blob that of the sealed one, both as 64 digits. */
export interface Contents {
    readonly sealed: ReadonlyMap<string, string>;
    /** The public key that the result is to be sealed to; none in a miner's. */
    readonly reply?: Bytes;
}

export function encodeContents({ sealed, reply }: Contents): Bytes {
    const pairs = [...sealed].sort(([left], [right]) => (left < right ? -1 : 1));
    const listed = pairs.flatMap(([digest, other]) => [unhex(digest), unhex(other)]);
    return concat(Uint8Array.of(VERSION), reply ?? new Uint8Array(KEY_BYTES), ...listed);
}

/** Reads what a stranger may have made. */
export function decodeContents(bytes: Bytes): Contents {
    const begin = 1 + KEY_BYTES;
    if (bytes[0] !== VERSION || bytes.length < begin || (bytes.length - begin) % PAIR_BYTES)
        throw new Malformed("not in the form of an envelope's contents");
    const sealed = new Map<string, string>();
    let before = "";
    for (let at = begin; at < bytes.length; at += PAIR_BYTES) {
        const digest = digits(bytes.subarray(at, at + 32));
        if (digest <= before)
            throw new Malformed("contents that are not sorted, or name one twice");
        sealed.set(digest, digits(bytes.subarray(at + 32, at + PAIR_BYTES)));
        before = digest;
    }
    const reply = bytes.slice(1, begin);
    return reply.every((byte) => byte === 0) ? { sealed } : { sealed, reply: checkedKey(reply) };
}

function checkedKey(key: Bytes): Bytes {
    try {
        secp256k1.ProjectivePoint.fromHex(key);
        return key;
    } catch {
        throw new Malformed("the key of an envelope's contents is no point of the curve");
    }
}
