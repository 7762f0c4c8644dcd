import { secp256k1 } from "@noble/curves/secp256k1";
import { type Bytes, concat, utf8 } from "./bytes";
import { Malformed } from "./errors";

const VERSION = 1;
const KEY_BYTES = 33;
const TAG_BYTES = 16;
const INFO = "suanli-seal-1";

/** Bytes that sealing adds. */
export const SEALED_OVERHEAD = 1 + KEY_BYTES + TAG_BYTES;

/** A private key that something may be sealed to. */
export function newSealingKey(): Bytes {
    return secp256k1.utils.randomPrivateKey() as Bytes;
}

export function publicKeyOf(key: Uint8Array): Bytes {
    return secp256k1.getPublicKey(key, true) as Bytes;
}

/** Seals a blob to a compressed public key; `ephemeral`, a private key, is for one blob alone. */
export async function seal(
    recipient: Uint8Array,
    plaintext: Bytes,
    ephemeral: Uint8Array = secp256k1.utils.randomPrivateKey(),
): Promise<Bytes> {
    const sender = secp256k1.getPublicKey(ephemeral, true) as Bytes;
    const aad = concat(sender, recipient);
    const key = await keyOf(ephemeral, recipient, aad, "encrypt");
    const sealed = await crypto.subtle.encrypt(algorithm(aad), key, plaintext);
    return concat(Uint8Array.of(VERSION), sender, new Uint8Array(sealed));
}

/** Opens what was sealed to the public key of `key`; refused if it was changed or is another's. */
export async function unseal(key: Uint8Array, sealed: Bytes): Promise<Bytes> {
    if (sealed.length < SEALED_OVERHEAD) throw new Malformed("too short for a sealed blob");
    if (sealed[0] !== VERSION) throw new Malformed(`sealed in an unknown way: ${sealed[0]}`);
    const sender = sealed.subarray(1, 1 + KEY_BYTES);
    const aad = concat(sender, secp256k1.getPublicKey(key, true));
    const shared = await keyOf(key, sender, aad, "decrypt");
    try {
        const rest = sealed.subarray(1 + KEY_BYTES);
        return new Uint8Array(await crypto.subtle.decrypt(algorithm(aad), shared, rest));
    } catch {
        throw new Malformed("sealed for another key, or changed");
    }
}

async function keyOf(
    own: Uint8Array,
    other: Uint8Array,
    aad: Bytes,
    use: KeyUsage,
): Promise<CryptoKey> {
    if (other.length !== KEY_BYTES) throw new Malformed("no compressed public key");
    let shared: Bytes;
    try {
        shared = secp256k1.getSharedSecret(own, other, true).slice(1) as Bytes; // x alone
    } catch {
        throw new Malformed("no point of the curve");
    }
    const secret = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    const info = concat(utf8(INFO), aad);
    const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
    const aes = { name: "AES-GCM", length: 256 };
    return crypto.subtle.deriveKey(derivation, secret, aes, false, [use]);
}

function algorithm(aad: Bytes): AesGcmParams {
    // The key is for this one blob, so that its nonce may be zero.
    return { name: "AES-GCM", iv: new Uint8Array(12), additionalData: aad, tagLength: 128 };
}
