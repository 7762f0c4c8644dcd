import { describe, expect, test } from "vitest";
import { digits, fromUtf8, hex, unhex, utf8 } from "../../src/protocol/bytes";
import { decodeManifest, encodeManifest, jobDigest, unitsOf } from "../../src/protocol/manifest";
import { decodeRecord, encodeRecord, leafOf, recordOf } from "../../src/protocol/records";
import { encodeLeaves, type Outcome } from "../../src/protocol/resultTree";
import { type JsonObject, readJson } from "../../src/protocol/json";
import { vectorText } from "./vectors";

const FORMATS = readJson(vectorText("formats"), 40) as unknown as {
    salt: string;
    manifests: { bytes: string; digest: string; units: bigint }[];
    records: {
        outcome: Outcome;
        exit_code: bigint | null;
        stdout: string;
        stderr: string;
        files: { [path: string]: string };
        units: bigint;
        bytes: string;
        leaf: string;
    }[];
};
const SALT = unhex(FORMATS.salt);

describe.each(FORMATS.manifests)("manifest $digest", ({ bytes, digest, units }) => {
    const manifest = decodeManifest(utf8(bytes));

    test("is read and written", () => {
        expect(fromUtf8(encodeManifest(manifest))).toBe(bytes);
    });

    test("has its digest and its units", () => {
        expect(jobDigest(SALT, manifest)).toBe(hex(unhex(digest)));
        expect(unitsOf(manifest)).toBe(units);
    });
});

/** The first manifest with some members replaced, in sorted order. */
function changed(change: { [name: string]: unknown }): Uint8Array<ArrayBuffer> {
    const form = { ...JSON.parse(FORMATS.manifests[0]!.bytes), ...change };
    const sort = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(sort);
        if (value === null || typeof value !== "object") return value;
        const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
        return Object.fromEntries(members.map(([name, member]) => [name, sort(member)]));
    };
    return utf8(JSON.stringify(sort(form)));
}
const reference = (digit: string, size = 1) => ({ digest: digit.repeat(64), size });
const limits = JSON.parse(FORMATS.manifests[0]!.bytes).limits;

test.each([
    [{ version: 2 }, "version 1"],
    [{ tasks: [] }, "from 1 to 100000"],
    [{ tasks: [{ args: [] }] }, "one form"],
    [{ env: {} }, "one form"],
    [{ more: 1 }, '"more" is unknown'],
    [{ limits: { ...limits, fuel: 0 } }, "limit fuel"],
    [{ limits: { ...limits, fuel: 2 } }, undefined],
    [{ dirs: ["b", "a"] }, "sorted"],
    [{ dirs: ["a", "a"] }, "none twice"],
    [{ dirs: ["/a"] }, "relative"],
    [{ inputs: { "a/../b": reference("0") } }, "relative"],
    [{ inputs: { ["n".repeat(256)]: reference("0") } }, "too long a name"],
    [{ inputs: { a: reference("0"), "a/b": reference("1") } }, "a is a file and the folder of a/b"],
    [{ dirs: ["a"], inputs: { a: reference("0") } }, "a is a file and a folder"],
    [{ inputs: { a: reference("0"), b: reference("0", 2) } }, "two sizes"],
    [{ inputs: { a: reference("g") } }, "64 hexadecimal digits"],
    [{ env: { A: "1" }, tasks: [{ env: { A: "2" } }] }, "A is the job's already"],
    [{ env: { "A=B": "1" } }, "can't name a variable"],
    [{ tasks: [{ args: ["a\0b"] }] }, "NUL"],
    [{ gather: { kind: "concat", source: "stdout" } }, "target is missing"],
    [{ gather: { kind: "files", source: "stdout" } }, "unknown"],
    [{ gather: { kind: "sum", source: "../a", target: "b" } }, "relative"],
    [{ gather: { kind: "program", module: reference("0"), target: "" } }, "one form"],
    [{ gather: { kind: "zip" } }, "files, concat, sum or program"],
])("manifest with %j: %s", (change, why) => {
    if (why) expect(() => decodeManifest(changed(change))).toThrow(why);
    else expect(decodeManifest(changed(change)).limits.fuel).toBe(2n);
});

describe.each(FORMATS.records)("record of a task that $outcome", (vector) => {
    const outputs = {
        outcome: vector.outcome,
        exitCode: vector.exit_code === null ? null : Number(vector.exit_code),
        stdout: unhex(vector.stdout),
        stderr: unhex(vector.stderr),
        files: Object.fromEntries(
            Object.entries(vector.files).map(([path, data]) => [path, unhex(data)]),
        ),
    };
    const { record } = recordOf(SALT, outputs);

    test("is written and read", () => {
        expect(fromUtf8(encodeRecord(record))).toBe(vector.bytes);
        const read = decodeRecord(utf8(vector.bytes));
        expect(fromUtf8(encodeRecord(read))).toBe(vector.bytes);
    });

    test("has its leaf", () => {
        expect(digits(encodeLeaves([leafOf(7, vector.units, SALT, record)]))).toBe(vector.leaf);
    });
});

test.each([
    ['"exit_code":0', '"exit_code":null', "whole number from 0 to 4294967295"],
    ['"exit_code":0', '"exit_code":-1', "whole number from 0 to 4294967295"],
    ['"exited"', '"trapped"', "did not exit"],
    ['"version":2', '"version":3', "version 2"],
    ['"outcome":"exited"', '"outcome":"done"', "outcome is unknown"],
    ['{"data":"b3V0Cg=="}', '{"data":"b3V0Ch=="}', "not base64"],
    ['{"data":"b3V0Cg=="}', '{"data":"b3V0Cg"}', "not base64"],
    ['{"data":"b3V0Cg=="}', `{"digest":"${"0".repeat(64)}","size":4}`, "small outputs stand"],
    ['{"data":"b3V0Cg=="}', `{"data":"${"AAAA".repeat(1366)}"}`, "small outputs stand"],
    ['"files":{}', '"files":{"../a":{"data":""}}', "relative"],
])("a record with %s in place of %s is refused", (now, then, why) => {
    const bytes = FORMATS.records[0]!.bytes;
    expect(bytes).toContain(now);
    expect(() => decodeRecord(utf8(bytes.replace(now, then)))).toThrow(why);
});

test("the first record is the documentation's", () => {
    expect(Object.keys(readJson(FORMATS.records[0]!.bytes) as JsonObject)).toHaveLength(6);
});
