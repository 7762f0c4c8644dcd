/** What a relay answers is read field by field: it may be broken, or lie. */

/** Reads a value, or throws `Strange` with the name of what is wrong. */
export type Decode<T> = (value: unknown, where: string) => T;
export type Decoded<D> = D extends Decode<infer T> ? T : never;

export class Strange extends Error {
    constructor(readonly where: string) {
        super(`unexpected ${where}`);
    }
}

const MOST_DIGITS = 80;

export const whole: Decode<number> = (value, where) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
    throw new Strange(where);
};

export const flag: Decode<boolean> = (value, where) => {
    if (typeof value === "boolean") return value;
    throw new Strange(where);
};

/** Any number, for charts and shares alone. */
export const real: Decode<number> = (value, where) => {
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw new Strange(where);
};

/** Decimal text, or a whole number. */
export const amount: Decode<bigint> = (value, where) => {
    if (typeof value === "string" && value.length <= MOST_DIGITS && /^-?\d+$/.test(value))
        return BigInt(value);
    return BigInt(whole(value, where));
};

export const text: Decode<string> = (value, where) => {
    if (typeof value === "string") return value;
    throw new Strange(where);
};

function hex(digits: number): Decode<`0x${string}`> {
    const form = new RegExp(`^0x[0-9a-f]{${digits}}$`);
    return (value, where) => {
        if (typeof value === "string" && value.length === digits + 2) {
            const lower = value.toLowerCase();
            if (form.test(lower)) return lower as `0x${string}`;
        }
        throw new Strange(where);
    };
}

export const address = hex(40);
export const hash = hex(64);

export const bytes: Decode<`0x${string}`> = (value, where) => {
    if (typeof value === "string" && /^0x(?:[0-9a-f]{2})*$/i.test(value))
        return value.toLowerCase() as `0x${string}`;
    throw new Strange(where);
};

export function maybe<T>(inner: Decode<T>): Decode<T | null> {
    return (value, where) => (value === null || value === undefined ? null : inner(value, where));
}

export function list<T>(inner: Decode<T>, most = 5_000): Decode<T[]> {
    return (value, where) => {
        if (!Array.isArray(value) || value.length > most) throw new Strange(where);
        return value.map((item, index) => inner(item, `${where}[${index}]`));
    };
}

export function record<S extends Record<string, Decode<unknown>>>(
    fields: S,
): Decode<{ [K in keyof S]: Decoded<S[K]> }> {
    return (value, where) => {
        if (typeof value !== "object" || value === null || Array.isArray(value))
            throw new Strange(where);
        const found: Record<string, unknown> = {};
        for (const [name, inner] of Object.entries(fields)) {
            const given = Object.hasOwn(value, name)
                ? (value as Record<string, unknown>)[name]
                : undefined;
            found[name] = inner(given, `${where}.${name}`);
        }
        return found as { [K in keyof S]: Decoded<S[K]> };
    };
}

/** An object with any names, of which the first `most` are read. */
export function named<T>(inner: Decode<T>, most = 100): Decode<[string, T][]> {
    return (value, where) => {
        if (typeof value !== "object" || value === null || Array.isArray(value))
            throw new Strange(where);
        return Object.entries(value)
            .slice(0, most)
            .map(([name, item]) => [name, inner(item, `${where}.${name.slice(0, 40)}`)]);
    };
}

export const anything: Decode<unknown> = (value) => value;
