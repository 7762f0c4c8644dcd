import { describe, expect, test } from "vitest";
import { privateKeyToAccount } from "viem/accounts";
import { type Hex, hex, unhex } from "../../src/protocol/bytes";
import { type JsonObject, readJson } from "../../src/protocol/json";
import {
    BOUNDS,
    digestOfMessage,
    type Kind,
    type Message,
    SIGNER,
    structHash,
    TYPES,
    typeOf,
} from "../../src/protocol/messages";
import { keyOf, normalized, sign, signerOf, verify } from "../../src/protocol/signatures";
import { readSigned, writeMessage, writeSigned } from "../../src/protocol/signed";
import { schemaOf } from "./schemas";
import { vectors } from "./vectors";

interface Vector {
    type: string;
    typeHash: string;
    chainId: number;
    market: Hex;
    structHash: Hex;
    digest: Hex;
    signed: { message: object; signer: Hex; signature: Hex };
}
const VECTORS = vectors<Vector[]>("messages");
const kindOf = (vector: Vector) => vector.type.split("(")[0] as Kind;
const first = (kind: Kind) => VECTORS.find((vector) => kindOf(vector) === kind)!;
const text = (vector: Vector) => JSON.stringify(vector.signed);

test("every kind of message has vectors", () => {
    expect(new Set(VECTORS.map(kindOf))).toEqual(new Set(Object.keys(TYPES)));
});

test.each(VECTORS.map((vector, index) => ({ name: `${index} ${kindOf(vector)}`, vector })))(
    "$name: read, hashed, verified, written",
    async ({ vector }) => {
        const kind = kindOf(vector);
        const { chainId, market } = vector;
        const signed = readSigned(kind, text(vector));
        expect(typeOf(kind)).toBe(vector.type);
        expect(structHash(kind, signed.message)).toBe(vector.structHash);
        expect(digestOfMessage(kind, { chainId, market }, signed.message)).toBe(vector.digest);
        expect(await verify(kind, { chainId, market }, signed)).toBe(true);
        expect(await verify(kind, { chainId: chainId + 1, market }, signed)).toBe(false);
        expect(JSON.parse(writeSigned(kind, signed))).toEqual(vector.signed);
    },
);

describe.each(Object.keys(TYPES) as Kind[])("%s", (kind) => {
    const vector = first(kind);
    const { message } = vector.signed as { message: { [name: string]: unknown } };
    const refused = (change: object) => {
        const changed = { ...vector.signed, message: { ...message, ...change } };
        expect(() => readSigned(kind, JSON.stringify(changed))).toThrow();
    };

    test("its bounds are the schema's", () => {
        const schema = schemaOf(kind);
        for (const { name } of TYPES[kind]) expect(BOUNDS[kind][name] ?? [0]).toEqual(schema[name]);
    });

    test("unknown, missing and doubled names are refused", () => {
        refused({ more: 1 });
        const [name] = Object.keys(message) as [string];
        refused({ [name]: undefined });
        const doubled = text(vector).replace(`"${name}":`, `"${name}":0,"${name}":`);
        expect(() => readSigned(kind, doubled)).toThrow("stand twice");
    });

    test("a value has one form", () => {
        for (const { name, type } of TYPES[kind] as readonly { name: string; type: string }[]) {
            const value = message[name];
            if (type.startsWith("uint"))
                refused({ [name]: typeof value === "string" ? Number(value) : String(value) });
            else if (["address", "bytes32", "bytes"].includes(type))
                refused({ [name]: `0x${String(value).slice(2, -2)}AB` });
            refused({ [name]: null });
        }
    });

    test("below its least, above its most", () => {
        for (const [name, [least, most]] of Object.entries(BOUNDS[kind])) {
            const value = message[name];
            if (typeof value === "number") {
                if (least) refused({ [name]: least - 1 });
                if (most) refused({ [name]: most + 1 });
            } else if (/^0x/.test(String(value)) && most === undefined)
                refused({ [name]: String(value).replace(/[1-9a-f]/g, "0") });
            else if (typeof value === "string" && /^[0-9]+$/.test(value)) refused({ [name]: "0" });
        }
    });
});

test("fractions, signatures above 4,096 bytes and zeros before digits are refused", () => {
    const vector = first("Request");
    const { message } = vector.signed;
    const with_ = (change: object) =>
        JSON.stringify({ ...vector.signed, message: { ...message, ...change } });
    expect(() => readSigned("Request", with_({ flags: 1.5 }))).toThrow("whole");
    expect(() => readSigned("Request", with_({ units: "007" }))).toThrow("decimal digits");
    expect(() => readSigned("Request", with_({ flags: 65536 }))).toThrow("from 0 to 65535");
    const long = { ...vector.signed, signature: `0x${"00".repeat(4097)}` };
    expect(() => readSigned("Request", JSON.stringify(long))).toThrow("signature");
});

describe("signatures", () => {
    const account = privateKeyToAccount(`0x${"11".repeat(32)}`);
    const domain = { chainId: 1337, market: `0x${"ab".repeat(20)}` } as const;
    const release: Message<"Release"> = { request: `0x${"22".repeat(32)}` };
    const digest = digestOfMessage("Release", domain, release);
    const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

    async function signature() {
        return unhex((await sign("Release", domain, release, signerOf(account))).signature);
    }

    test("a key's signature has one form, to which others are brought", async () => {
        const plain = await signature();
        expect(await keyOf(digest, hex(plain))).toBe(account.address.toLowerCase());
        const low = plain.slice();
        low[64]! -= 27;
        const s = BigInt(hex(plain.subarray(32, 64)));
        const high = plain.slice();
        high.set(unhex((ORDER - s).toString(16).padStart(64, "0")), 32);
        high[64] = 55 - high[64]!;
        const compact = plain.slice(0, 64);
        if (plain[64] === 28) compact[32]! |= 128;
        for (const other of [low, high, compact]) {
            expect(await keyOf(digest, hex(other))).toBe(undefined);
            expect(normalized(hex(other))).toBe(hex(plain));
        }
    });

    test("who a message names must have signed it", async () => {
        const { chainId, market, signed } = first("Progress");
        const other = { ...readSigned("Progress", JSON.stringify(signed)) };
        const by = { ...other, signer: account.address.toLowerCase() as Hex };
        expect(await verify("Progress", { chainId, market }, by)).toBe(false);
        expect(SIGNER.Progress).toBe("miner");
    });

    test("a contract account is asked, and its answer compared whole; vouchers ask nobody", async () => {
        const signed = {
            message: release,
            signer: `0x${"33".repeat(20)}`,
            signature: "0x1234",
        } as const;
        const says = (answer: string) =>
            verify("Release", domain, signed, async () => unhex(answer));
        expect(await says(`1626ba7e${"00".repeat(28)}`)).toBe(true);
        expect(await says(`1626ba7e${"00".repeat(27)}01`)).toBe(false);
        expect(await says("1626ba7e")).toBe(false);
        expect(await verify("Release", domain, signed, async () => undefined)).toBe(false);
        const voucher = { ...signed, message: { channel: release.request, amount: 1n } };
        const asked = await verify("Voucher", domain, voucher, () => {
            throw new Error("asked");
        });
        expect(asked).toBe(false);
    });

    test("a message out of bounds is not written", () => {
        expect(() => writeMessage("Release", { request: `0x${"00".repeat(32)}` })).toThrow("zero");
    });
});

test("numbers in JSON are exact", () => {
    expect((readJson('{"a":18446744073709551615}') as JsonObject)["a"]).toBe(2n ** 64n - 1n);
});
