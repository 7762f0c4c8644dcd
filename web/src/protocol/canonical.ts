import { type Bytes, equal, fromUtf8, utf8 } from "./bytes";
import { Malformed } from "./errors";
import { type Json, readJson } from "./json";

const LEVELS = 32;
const SHORT: { [character: string]: string } = {
    "\\": "\\\\",
    '"': '\\"',
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
};

/** What canonical JSON is made from: whole numbers may stand as numbers, and nothing may be left undefined. */
export type Value = null | boolean | number | bigint | string | readonly Value[] | Members;
export type Members = { readonly [name: string]: Value };

/** The one canonical form of a value: ASCII, sorted names, no spaces. */
export function encodeCanonical(value: Value): Bytes {
    return utf8(write(value, LEVELS));
}

/** Reads canonical JSON and refuses any other form of the same value. */
export function decodeCanonical(bytes: Uint8Array): Json {
    const value = readJson(fromUtf8(bytes), LEVELS);
    if (!equal(encodeCanonical(value), bytes)) throw new Malformed("JSON is not in canonical form");
    return value;
}

function write(value: Value, levels: number): string {
    if (value === null || typeof value === "boolean") return String(value);
    if (typeof value === "string") return quote(value);
    if (typeof value === "bigint" || typeof value === "number") return whole(value);
    if (levels === 0) throw new Malformed(`more than ${LEVELS} levels`);
    if (isArray(value)) return `[${value.map((item) => write(item, levels - 1)).join(",")}]`;
    const members = Object.entries(value).sort(([left], [right]) => byCodePoint(left, right));
    const written = members.map(([name, member]) => `${quote(name)}:${write(member, levels - 1)}`);
    return `{${written.join(",")}}`;
}

function whole(value: bigint | number): string {
    if (typeof value === "number" && !Number.isSafeInteger(value))
        throw new Malformed(`${value} is not a whole number that is kept exactly`);
    return BigInt(value).toString();
}

function quote(text: string): string {
    utf8(text); // halves of surrogate pairs have no form
    const escaped = text.replace(
        /[^ !#-[\]-~]/g, // all but printable ASCII without " and \
        (unit) => SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    return `"${escaped}"`;
}

/** Order of code points, which is not that of UTF-16's units above U+FFFF. */
export function byCodePoint(left: string, right: string): number {
    const [a, b] = [[...left], [...right]];
    for (let at = 0; at < Math.min(a.length, b.length); at++) {
        const difference = a[at]!.codePointAt(0)! - b[at]!.codePointAt(0)!;
        if (difference) return difference;
    }
    return a.length - b.length;
}

function isArray(value: readonly Value[] | Members): value is readonly Value[] {
    return Array.isArray(value);
}
