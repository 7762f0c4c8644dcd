import { secp256k1 } from "@noble/curves/secp256k1";
import { type Bytes, concat, digits, equal, hex, type Hex, unhex } from "./bytes";
import { Malformed } from "./errors";

const VERSION = 1;
const [REQUEST_BYTES, PRIVATE_BYTES, PUBLIC_BYTES, PAIR_BYTES] = [32, 32, 33, 64];
const BEGIN = 1 + REQUEST_BYTES + PRIVATE_BYTES + PUBLIC_BYTES;
const NO_KEYS = new Uint8Array(PRIVATE_BYTES + PUBLIC_BYTES);

/** What an envelope lists, for one request: by the digest of a blob that of the sealed one, both as 64 digits. */
export interface Contents {
    readonly request: Hex;
    readonly sealed: ReadonlyMap<string, string>;
    /** A requester's; a miner's has none. */
    readonly keys?: {
        /** The private key that opens what is listed. */
        readonly key: Bytes;
        /** The public key that the result is to be sealed to. */
        readonly reply: Bytes;
    };
}

export function encodeContents({ request, sealed, keys }: Contents): Bytes {
    const pairs = [...sealed].sort(([left], [right]) => (left < right ? -1 : 1));
    const listed = pairs.flatMap(([digest, other]) => [unhex(digest), unhex(other)]);
    const both = keys ? concat(keys.key, keys.reply) : NO_KEYS;
    return concat(Uint8Array.of(VERSION), unhex(request), both, ...listed);
}

/** Reads what a stranger may have made. Whether it is for the request that one looks at, the reader sees. */
export function decodeContents(bytes: Bytes): Contents {
    if (bytes[0] !== VERSION || bytes.length < BEGIN || (bytes.length - BEGIN) % PAIR_BYTES)
        throw new Malformed("not in the form of an envelope's contents");
    const sealed = new Map<string, string>();
    let before = "";
    for (let at = BEGIN; at < bytes.length; at += PAIR_BYTES) {
        const digest = digits(bytes.subarray(at, at + 32));
        if (digest <= before)
            throw new Malformed("contents that are not sorted, or name one twice");
        sealed.set(digest, digits(bytes.subarray(at + 32, at + PAIR_BYTES)));
        before = digest;
    }
    const request = hex(bytes.subarray(1, 1 + REQUEST_BYTES));
    const both = bytes.slice(1 + REQUEST_BYTES, BEGIN);
    return equal(both, NO_KEYS) ? { request, sealed } : { request, sealed, keys: keysOf(both) };
}

function keysOf(both: Bytes): { key: Bytes; reply: Bytes } {
    const [key, reply] = [both.slice(0, PRIVATE_BYTES), both.slice(PRIVATE_BYTES)];
    try {
        secp256k1.ProjectivePoint.fromHex(reply);
    } catch {
        throw new Malformed("the reply of an envelope's contents is no point of the curve");
    }
    if (!secp256k1.utils.isValidPrivateKey(key))
        throw new Malformed("the key of an envelope's contents is none");
    return { key, reply };
}
