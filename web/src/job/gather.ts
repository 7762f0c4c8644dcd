import { type Bytes, concat, equal } from "../protocol/bytes";
import { Malformed } from "../protocol/errors";
import type { Manifest } from "../protocol/manifest";
import type { Job } from "./build";
import type { TaskResult } from "./results";
import type { Trial, TrialTask } from "./trial";

type Files = { readonly [path: string]: Bytes };

/** The job's result, as its manifest says: files by path. Nothing is gathered while a task failed. */
export function gather(manifest: Manifest, results: readonly TaskResult[]): Files {
    requireAll(results);
    const { gather: how } = manifest;
    if (how.kind === "files") return united(results);
    if (how.kind === "program") throw new Malformed("a program gathers this job: see gatherTask");
    const parts = results.map((result) => sourceOf(result, how.source));
    return { [how.target]: how.kind === "concat" ? concat(...parts) : summed(parts) };
}

/** What the program that gathers is given: every task's outputs as its files. It is run as a trial is. */
export function gatherTask(
    { manifest, gatherer }: Pick<Job, "manifest" | "gatherer">,
    results: readonly TaskResult[],
): TrialTask {
    requireAll(results);
    const { gather: how, limits, dirs } = manifest;
    if (how.kind !== "program" || !gatherer) throw new Malformed("no program gathers this job");
    const inputs: { [path: string]: Bytes } = Object.create(null);
    for (const { task, stdout, files } of results) {
        const folder = `parts/${String(task).padStart(6, "0")}`;
        inputs[`${folder}/stdout`] = stdout;
        for (const [path, data] of Object.entries(files)) inputs[`${folder}/files/${path}`] = data;
    }
    return {
        module: gatherer,
        args: how.args,
        env: {},
        stdin: new Uint8Array(),
        inputs,
        dirs,
        limits,
    };
}

/** The files of a program that gathered; an error if it failed. */
export function gathered(manifest: Manifest, ran: Trial): Files {
    if (ran.outcome !== "exited" || ran.exitCode !== 0)
        throw new Malformed(
            `the program that gathers failed: ${ran.detail || `exit code ${ran.exitCode}`}`,
        );
    const target = manifest.gather.kind === "program" ? manifest.gather.target : "";
    return target ? { ...ran.files, [target]: ran.stdout } : ran.files;
}

function requireAll(results: readonly TaskResult[]): void {
    const failed = results.find(({ ok }) => !ok);
    if (failed) throw new Malformed(`task ${failed.task} failed: nothing is gathered`);
}

function united(results: readonly TaskResult[]): Files {
    const files: { [path: string]: Bytes } = Object.create(null);
    for (const { task, files: own } of results)
        for (const [path, data] of Object.entries(own)) {
            if (files[path] && !equal(files[path], data))
                throw new Malformed(`task ${task} and an earlier one wrote ${path} differently`);
            files[path] = data;
        }
    return files;
}

function sourceOf(result: TaskResult, source: string): Bytes {
    if (source === "stdout") return result.stdout;
    const data = result.files[source];
    if (!data) throw new Malformed(`task ${result.task} wrote no ${source}`);
    return data;
}

/** Lines "key TAB integer", added up by key and sorted by the key's bytes. */
function summed(parts: readonly Bytes[]): Bytes {
    const sums = new Map<string, bigint>();
    for (const [part, data] of parts.entries())
        for (const [at, line] of toLatin1(data).split("\n").entries()) {
            if (!line) continue;
            const [, key, value] = /^(.*)\t(-?[0-9]{1,1000})$/s.exec(line) ?? [];
            if (key === undefined || value === undefined)
                throw new Malformed(`part ${part}, line ${at + 1}: not "key TAB integer"`);
            sums.set(key, (sums.get(key) ?? 0n) + BigInt(value));
        }
    // Each byte is one character, so that their order is that of the bytes.
    const sorted = [...sums].sort(([left], [right]) => (left < right ? -1 : 1));
    return fromLatin1(sorted.map(([key, value]) => `${key}\t${value}\n`).join(""));
}

function toLatin1(bytes: Bytes): string {
    let text = "";
    for (let at = 0; at < bytes.length; at += 32_768)
        text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
    return text;
}

function fromLatin1(text: string): Bytes {
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    return bytes;
}
