import { Malformed } from "./errors";

export type Hex = `0x${string}`;

/** Bytes of a form's own, not shared with another thread: what browsers' functions take. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Puts byte strings one after the other. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
        all.set(part, at);
        at += part.length;
    }
    return all;
}

export function equal(left: Uint8Array, right: Uint8Array): boolean {
    return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** A whole number as big-endian bytes. */
export function bigEndian(value: number | bigint, length: number): Bytes {
    const bytes = new Uint8Array(length);
    let rest = BigInt(value);
    if (rest < 0n || rest >> BigInt(8 * length))
        throw new Malformed(`${value} does not fit into ${length} bytes`);
    for (let at = length - 1; rest; at--, rest >>= 8n) bytes[at] = Number(rest & 255n);
    return bytes;
}

export function fromBigEndian(bytes: Uint8Array): bigint {
    return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** Lowercase digits without a prefix, as manifests and paths write digests. */
export function digits(bytes: Uint8Array): string {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function hex(bytes: Uint8Array): Hex {
    return `0x${digits(bytes)}`;
}

/** Bytes of lowercase hexadecimal digits, with `0x` or without. */
export function unhex(text: string): Bytes {
    const plain = text.startsWith("0x") ? text.slice(2) : text;
    if (!/^([0-9a-f]{2})*$/.test(plain)) throw new Malformed("not lowercase hexadecimal digits");
    const bytes = new Uint8Array(plain.length / 2);
    for (let at = 0; at < bytes.length; at++)
        bytes[at] = Number.parseInt(plain.slice(2 * at, 2 * at + 2), 16);
    return bytes;
}

/** UTF-8 of a text; halves of surrogate pairs have none. */
export function utf8(text: string): Bytes {
    if (/\p{Surrogate}/u.test(text)) throw new Malformed("text with half of a surrogate pair");
    return new TextEncoder().encode(text);
}

/** Text of UTF-8, which has no other form. */
export function fromUtf8(bytes: Uint8Array): string {
    try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
        throw new Malformed("not UTF-8");
    }
}
