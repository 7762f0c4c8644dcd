import { base64 } from "@scure/base";
import { salted, saltedDigest } from "./blobs";
import { type Bytes, digits, equal } from "./bytes";
import { decodeCanonical, encodeCanonical, type Members } from "./canonical";
import { Malformed } from "./errors";
import { mapOf, objectOf, type Reference, referenceOf, textOf, wholeOf } from "./forms";
import type { Json } from "./json";
import { checkPath } from "./paths";
import { type Leaf, type Outcome, OUTCOMES } from "./resultTree";

const VERSION = 2n;
/** Bytes of all outputs of a task up to which they stand in the record. */
const INLINE = 4096n;

/** Of a task's outputs: itself, or the salted blob where it is. */
export type Part = { readonly data: Bytes } | Reference;

/** What a task left; `exitCode` is null unless it exited. */
export interface OutputRecord {
    readonly outcome: Outcome;
    readonly exitCode: bigint | null;
    readonly stdout: Part;
    readonly stderr: Part;
    readonly files: { readonly [path: string]: Part };
}

/** A task's outputs as they are, before they become a record. */
export interface Outputs {
    readonly outcome: Outcome;
    readonly exitCode: number | null;
    readonly stdout: Bytes;
    readonly stderr: Bytes;
    readonly files: { readonly [path: string]: Bytes };
}

/** A record and the blobs that it refers to, each salted. */
export function recordOf(salt: Bytes, outputs: Outputs): { record: OutputRecord; blobs: Bytes[] } {
    const { outcome, stdout, stderr, files } = outputs;
    const all = [stdout, stderr, ...Object.values(files)];
    const inline = all.reduce((sum, { length }) => sum + BigInt(length), 0n) <= INLINE;
    const blobs = inline ? [] : all.map((data) => salted(salt, data));
    const part = (data: Bytes): Part =>
        inline ? { data } : { digest: digits(saltedDigest(salt, data)), size: BigInt(data.length) };
    const exitCode = outputs.exitCode === null ? null : BigInt(outputs.exitCode);
    const written = Object.entries(files).map(([path, data]) => [path, part(data)] as const);
    const record = {
        outcome,
        exitCode,
        stdout: part(stdout),
        stderr: part(stderr),
        files: Object.fromEntries(written),
    };
    return { record, blobs };
}

/** The leaf that commits to a record. */
export function leafOf(index: number, units: bigint, salt: Bytes, record: OutputRecord): Leaf {
    const digest = saltedDigest(salt, encodeRecord(record));
    return { index, outcome: record.outcome, digest, units };
}

export function encodeRecord(record: OutputRecord): Bytes {
    const files = Object.entries(record.files).map(([path, part]) => [path, writePart(part)]);
    return encodeCanonical({
        version: VERSION,
        outcome: record.outcome,
        exit_code: record.exitCode,
        stdout: writePart(record.stdout),
        stderr: writePart(record.stderr),
        files: Object.fromEntries(files) as Members,
    });
}

/** Reads a record; refused is any but the one form of its outputs, and paths that no program can leave. */
export function decodeRecord(bytes: Bytes): OutputRecord {
    const names = ["exit_code", "files", "outcome", "stderr", "stdout", "version"];
    const form = objectOf(decodeCanonical(bytes), names);
    if (form["version"] !== VERSION) throw new Malformed("only version 2 of records is known");
    const outcome = OUTCOMES.find((name) => name === form["outcome"]);
    if (!outcome) throw new Malformed("outcome is unknown");
    const code = form["exit_code"]!;
    if (outcome === "exited") wholeOf(code, 0n, 2n ** 32n - 1n);
    else if (code !== null) throw new Malformed("an exit code, though it did not exit");
    const record: OutputRecord = {
        outcome,
        exitCode: code as bigint | null,
        stdout: readPart(form["stdout"]!),
        stderr: readPart(form["stderr"]!),
        files: mapOf(form["files"], readPart),
    };
    Object.keys(record.files).forEach(checkPath);
    const parts = partsOf(record);
    const inline = parts.reduce((sum, part) => sum + sizeOf(part), 0n) <= INLINE;
    if (parts.some((part) => "data" in part !== inline))
        throw new Malformed("small outputs stand in the record, others do not");
    if (!equal(encodeRecord(record), bytes)) throw new Malformed("not in its one form");
    return record;
}

export function partsOf(record: OutputRecord): Part[] {
    return [record.stdout, record.stderr, ...Object.values(record.files)];
}

export function sizeOf(part: Part): bigint {
    return "data" in part ? BigInt(part.data.length) : part.size;
}

function writePart(part: Part): Members {
    return "data" in part ? { data: base64.encode(part.data) } : { ...part };
}

function readPart(json: Json): Part {
    if (json === null || typeof json !== "object" || !("data" in json)) return referenceOf(json);
    const text = textOf(objectOf(json, ["data"])["data"]);
    try {
        return { data: base64.decode(text) as Bytes };
    } catch {
        throw new Malformed("not base64");
    }
}
