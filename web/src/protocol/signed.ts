import { type Bytes, type Hex, unhex, utf8 } from "./bytes";
import { Malformed } from "./errors";
import { objectOf } from "./forms";
import { type Json, type JsonObject, readJson } from "./json";
import { BOUNDS, type Kind, type Message, TYPES } from "./messages";

const MAX_SIGNATURE = 4096;

/** A message with who says to have signed it; whether that is so, `verify` tells. */
export interface Signed<K extends Kind> {
    readonly message: Message<K>;
    readonly signer: Hex;
    readonly signature: Hex;
}

/** Reads one signed message, from its text or as an element of a list; every other form is refused. */
export function readSigned<K extends Kind>(kind: K, from: string | Json): Signed<K> {
    const form = objectOf(typeof from === "string" ? readJson(from) : from, [
        "message",
        "signer",
        "signature",
    ]);
    return {
        message: readMessage(kind, form["message"]!),
        signer: readField("address", "signer", form["signer"]!, [0]) as Hex,
        signature: readField("bytes", "signature", form["signature"]!, [0, MAX_SIGNATURE]) as Hex,
    };
}

/** Reads a message from its JSON form. */
export function readMessage<K extends Kind>(kind: K, json: Json): Message<K> {
    const fields = TYPES[kind];
    const form = objectOf(
        json,
        fields.map(({ name }) => name),
    );
    const read = fields.map(({ name, type }) => [
        name,
        readField(type, name, form[name]!, BOUNDS[kind][name] ?? [0]),
    ]);
    return Object.fromEntries(read) as Message<K>;
}

/** The JSON form of a message. Refuses one that readers would refuse. */
export function writeMessage<K extends Kind>(kind: K, message: Message<K>): JsonObject {
    const form = Object.fromEntries(
        Object.entries(message as Record<string, unknown>).map(([name, value]) => [
            name,
            writeValue(kind, name, value),
        ]),
    );
    readMessage(kind, form);
    return form;
}

/** The text that is sent to relays. */
export function writeSigned<K extends Kind>(kind: K, signed: Signed<K>): string {
    const { signer, signature } = signed;
    const form = {
        message: writeMessage(kind, signed.message),
        signer: signer.toLowerCase(),
        signature: signature.toLowerCase(),
    };
    const text = JSON.stringify(form, (_, value: unknown) =>
        typeof value === "bigint" ? Number(value) : value,
    );
    readSigned(kind, text);
    return text;
}

function writeValue(kind: Kind, name: string, value: unknown): Json {
    const type: string | undefined = TYPES[kind].find((field) => field.name === name)?.type;
    if (typeof value === "bigint" || typeof value === "number")
        return wide(type ?? "") ? value.toString() : BigInt(value);
    if (typeof value === "string") return type === "string" ? value : value.toLowerCase();
    if (Array.isArray(value)) return value.map((item: string) => item.toLowerCase());
    return value as boolean;
}

function readField(
    type: string,
    name: string,
    value: Json,
    [least, most]: readonly [number, number?],
): unknown {
    const wrong = (why: string) => new Malformed(`${name} ${why}`);
    const within = (length: number) => {
        if (length < least || (most !== undefined && length > most))
            throw wrong(`has ${length}, allowed are ${least} to ${most}`);
    };
    if (type === "bool") {
        if (typeof value !== "boolean") throw wrong("must be true or false");
        return value;
    }
    if (type.startsWith("uint")) return readInteger(type, name, value, least, most);
    if (type === "bytes32[]") {
        if (!Array.isArray(value)) throw wrong("must be a list");
        within(value.length);
        if (new Set(value).size < value.length) throw wrong("names one twice");
        return value.map((item) => readField("bytes32", name, item, [1]));
    }
    if (typeof value !== "string") throw wrong("must be text");
    if (type === "string") {
        within(utf8(value).length);
        return value;
    }
    const bytes = bytesOf(value, wrong);
    if (type === "bytes") within(bytes.length);
    else if (bytes.length !== (type === "address" ? 20 : 32)) throw wrong(`is no ${type}`);
    else if (least && bytes.every((byte) => byte === 0)) throw wrong("must not be zero");
    return value;
}

function readInteger(
    type: string,
    name: string,
    value: Json,
    least: number,
    most: number | undefined,
): number | bigint {
    const decimal = typeof value === "string" && /^(0|[1-9][0-9]{0,77})$/.test(value);
    if (wide(type) ? !decimal : typeof value !== "bigint")
        throw new Malformed(
            `${name} must be ${wide(type) ? "decimal digits as text" : "a whole number"}`,
        );
    const number = BigInt(value as string | bigint);
    const highest = (1n << BigInt(bits(type))) - 1n;
    const top = most === undefined ? highest : BigInt(most);
    if (number < BigInt(least) || number > top)
        throw new Malformed(`${name} must be from ${least} to ${top}: ${number}`);
    return wide(type) ? number : Number(number);
}

function bytesOf(value: string, wrong: (why: string) => Malformed): Bytes {
    if (!value.startsWith("0x")) throw wrong("must begin with 0x");
    try {
        return unhex(value);
    } catch {
        throw wrong("must be lowercase hexadecimal digits");
    }
}

function bits(type: string): number {
    return Number(type.slice("uint".length));
}

/** Whether an integer is text in JSON, since other readers would round it. */
function wide(type: string): boolean {
    return bits(type) >= 64;
}
