import { type Account, recoverAddress } from "viem";
import { bigEndian, concat, equal, fromBigEndian, hex, type Hex, unhex } from "./bytes";
import { Malformed } from "./errors";
import {
    digestOfMessage,
    type Kind,
    type MarketDomain,
    type Message,
    SIGNER,
    typedData,
} from "./messages";
import type { Signed } from "./signed";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const MAGIC = unhex("1626ba7e");

/** Whoever signs: a key of viem's, or a wallet through a client of viem's. */
export interface Signer {
    readonly address: Hex;
    signTypedData(data: ReturnType<typeof typedData>): Promise<Hex>;
}

/**
 * What a contract account answers to `isValidSignature(digest, signature)` (ERC-1271): the bytes that its call
 * returned, `undefined` if it failed or there is no contract. Asked each time: its answer may change.
 */
export type AskContract = (
    account: Hex,
    digest: Hex,
    signature: Hex,
) => Promise<Uint8Array | undefined>;

/** Signs a message of one market, in the one form that it has. */
export async function sign<K extends Kind>(
    kind: K,
    domain: MarketDomain,
    message: Message<K>,
    signer: Signer,
): Promise<Signed<K>> {
    const data = typedData(kind, domain, message) as unknown as ReturnType<typeof typedData>;
    const signature = normalized(await signer.signTypedData(data));
    return { message, signer: signer.address.toLowerCase() as Hex, signature };
}

/**
 * Whether a message is by whom it names. Kinds that name nobody are by whoever `signer` says; whether that one may say
 * it, the reader decides. Vouchers are by a key alone: no contract is asked.
 */
export async function verify<K extends Kind>(
    kind: K,
    domain: MarketDomain,
    signed: Signed<K>,
    ask?: AskContract,
): Promise<boolean> {
    const named = SIGNER[kind];
    const signer = signed.signer.toLowerCase() as Hex;
    if (named && (signed.message[named] as string).toLowerCase() !== signer) return false;
    const digest = digestOfMessage(kind, domain, signed.message);
    if ((await keyOf(digest, signed.signature)) === signer) return true;
    if (!ask || kind === "Voucher") return false;
    const answer = await ask(signer, digest, signed.signature);
    return isMagic(answer);
}

/** The address whose key made a signature, `undefined` if it is in none of the forms that count. */
export async function keyOf(digest: Hex, signature: Hex): Promise<Hex | undefined> {
    const bytes = unhex(signature);
    if (bytes.length !== 65 || (bytes[64] !== 27 && bytes[64] !== 28)) return undefined;
    if (2n * fromBigEndian(bytes.subarray(32, 64)) > ORDER) return undefined;
    try {
        return (await recoverAddress({ hash: digest, signature })).toLowerCase() as Hex;
    } catch {
        return undefined;
    }
}

/** The form that counts of a key's signature: some wallets sign with v 0 or 1, in 64 bytes, or with high s. */
export function normalized(signature: Hex): Hex {
    const bytes = unhex(signature.toLowerCase());
    if (bytes.length !== 64 && bytes.length !== 65) return hex(bytes); // a contract account's own
    let s = fromBigEndian(bytes.subarray(32, 64));
    let odd: boolean;
    if (bytes.length === 64) {
        odd = s >> 255n === 1n; // ERC-2098
        s &= (1n << 255n) - 1n;
    } else {
        const v = bytes[64]!;
        if (![0, 1, 27, 28].includes(v)) throw new Malformed(`a signature with v ${v}`);
        odd = v === 1 || v === 28;
    }
    if (2n * s > ORDER) {
        s = ORDER - s;
        odd = !odd;
    }
    return hex(concat(bytes.subarray(0, 32), bigEndian(s, 32), Uint8Array.of(odd ? 28 : 27)));
}

/** An account of viem's as a signer. */
export function signerOf(account: Account): Signer {
    if (!("signTypedData" in account) || !account.signTypedData)
        throw new Malformed("an account that can't sign");
    return account as unknown as Signer;
}

function isMagic(answer: Uint8Array | undefined): boolean {
    if (!answer || answer.length < 32) return false;
    return equal(answer.subarray(0, 32), concat(MAGIC, new Uint8Array(28)));
}
