import { Malformed } from "./errors";
import type { Json, JsonObject } from "./json";

/** An object with exactly these members, of which some may be left out. */
export function objectOf(
    json: Json | undefined,
    required: readonly string[],
    optional: readonly string[] = [],
): JsonObject {
    if (json === null || typeof json !== "object" || Array.isArray(json))
        throw new Malformed("must be an object");
    const missing = required.find((name) => !(name in json));
    if (missing !== undefined) throw new Malformed(`${missing} is missing`);
    const known = [...required, ...optional];
    const unknown = Object.keys(json).find((name) => !known.includes(name));
    if (unknown !== undefined) throw new Malformed(`${JSON.stringify(unknown)} is unknown`);
    return json;
}

/** An object of whatever names, its members read one by one. */
export function mapOf<T>(
    json: Json | undefined,
    read: (value: Json) => T,
): { readonly [name: string]: T } {
    if (json === null || typeof json !== "object" || Array.isArray(json))
        throw new Malformed("must be an object");
    const map: { [name: string]: T } = Object.create(null);
    for (const [name, value] of Object.entries(json)) map[name] = read(value);
    return map;
}

export function listOf<T>(json: Json | undefined, read: (value: Json) => T): T[] {
    if (!Array.isArray(json)) throw new Malformed("must be a list");
    return json.map(read);
}

export function textOf(json: Json | undefined): string {
    if (typeof json !== "string") throw new Malformed("must be text");
    return json;
}

export function wholeOf(json: Json | undefined, least: bigint, most: bigint): bigint {
    if (typeof json !== "bigint" || json < least || json > most)
        throw new Malformed(`must be a whole number from ${least} to ${most}`);
    return json;
}

/** 32 bytes as 64 digits. */
export function digestText(json: Json | undefined): string {
    const text = textOf(json);
    if (!/^[0-9a-f]{64}$/.test(text)) throw new Malformed("must be 64 hexadecimal digits");
    return text;
}

/** Data by its digest, and bytes of its plaintext. */
export interface Reference {
    readonly digest: string;
    readonly size: bigint;
}

export function referenceOf(json: Json | undefined): Reference {
    const form = objectOf(json, ["digest", "size"]);
    return { digest: digestText(form["digest"]), size: wholeOf(form["size"], 0n, 2n ** 63n - 1n) };
}
