import { digestOf, newSalt, salted, saltedDigest } from "../protocol/blobs";
import { type Bytes, digits, type Hex } from "../protocol/bytes";
import { Malformed } from "../protocol/errors";
import type { Reference } from "../protocol/forms";
import {
    encodeManifest,
    type Gather,
    jobDigest,
    type Limits,
    type Manifest,
    type TaskSpec,
} from "../protocol/manifest";

/** What a person chose, before it becomes a job. */
export interface Draft {
    /** Runtime id, 64 digits: one of the class's that miners run. */
    readonly runtime: string;
    /** WebAssembly, a WASI preview 1 command. */
    readonly module: Bytes;
    /** Files of every task, by guest path. */
    readonly inputs: Files;
    readonly env: { readonly [name: string]: string };
    readonly dirs: readonly string[];
    readonly limits: Limits;
    readonly tasks: readonly TaskDraft[];
    readonly gather: GatherDraft;
}

export interface TaskDraft {
    readonly args: readonly string[];
    /** Files of this task alone. */
    readonly inputs: Files;
    readonly stdin?: Bytes;
}

export type GatherDraft =
    | { readonly kind: "files" }
    | { readonly kind: "concat" | "sum"; readonly source: string; readonly target: string }
    | {
          readonly kind: "program";
          readonly module: Bytes;
          readonly args: readonly string[];
          readonly target: string;
      };

type Files = { readonly [path: string]: Bytes };

/**
 * A job with all its data. Keep `salt` and `manifest` to follow it and to read its outputs; the rest is needed until
 * it is uploaded. It is plain data, as browsers store it.
 */
export interface Job {
    readonly salt: Bytes;
    readonly manifest: Manifest;
    /** What a request names: the manifest's salted digest. */
    readonly digest: Hex;
    readonly module: Bytes;
    /** The program that gathers, if one does. */
    readonly gatherer?: Bytes;
    /** Plaintexts of all inputs, by their salted digest. */
    readonly plaintexts: ReadonlyMap<string, Bytes>;
}

/** The limits of a task where a person says no others; in bytes but for `fuel` and `files`. */
export const USUAL_LIMITS: Limits = {
    file_bytes: 128n << 20n,
    files: 4096n,
    fuel: 1_000_000_000n,
    memory: 256n << 20n,
    stderr_bytes: 1n << 20n,
    stdout_bytes: 16n << 20n,
};

/** Makes the manifest, under a new salt unless one is given. Refuses what no miner would take. */
export function buildJob(draft: Draft, salt: Bytes = newSalt()): Job {
    const plaintexts = new Map<string, Bytes>();
    const refer = (plaintext: Bytes): Reference => {
        const digest = digits(saltedDigest(salt, plaintext));
        plaintexts.set(digest, plaintext);
        return { digest, size: BigInt(plaintext.length) };
    };
    const { module, runtime, limits, env } = draft;
    const manifest: Manifest = {
        runtime,
        module: programOf(module),
        limits,
        tasks: draft.tasks.map((task) => specOf(task, refer)),
        gather: gatherOf(draft.gather),
        dirs: [...draft.dirs].sort(),
        env,
        inputs: mapped(draft.inputs, refer),
    };
    const made = { salt, manifest, module, plaintexts };
    return jobOf(
        draft.gather.kind === "program" ? { ...made, gatherer: draft.gather.module } : made,
    );
}

/** A job by what it is made of: its digest follows. */
export function jobOf(made: Omit<Job, "digest">): Job {
    return { ...made, digest: jobDigest(made.salt, made.manifest) };
}

/** All blobs that a miner fetches: modules as they are, the inputs and the manifest salted. */
export function blobsOf(job: Job): Bytes[] {
    const inputs = [...job.plaintexts.values()].map((plaintext) => salted(job.salt, plaintext));
    const modules = job.gatherer ? [job.module, job.gatherer] : [job.module];
    return [...modules, ...inputs, salted(job.salt, encodeManifest(job.manifest))];
}

/** `count` tasks; `{index}`, from 0, and `{count}` stand in their arguments. */
export function countedTasks(count: number, args: readonly string[]): TaskDraft[] {
    return Array.from({ length: count }, (_, index) => ({
        args: filled(args, { index: String(index), count: String(count) }),
        inputs: {},
    }));
}

/** A task for each file, which it finds as `inputs/NAME`; `{path}`, `{name}`, `{stem}`, `{index}` and `{count}`. */
export function tasksOfFiles(files: Files, args: readonly string[]): TaskDraft[] {
    const all = Object.entries(files).sort(([left], [right]) => (left < right ? -1 : 1));
    return all.map(([name, data], index) => {
        const path = `inputs/${name}`;
        const stem = name.replace(/(?<=.)\.[^.]*$/, "");
        const places = { path, name, stem, index: String(index), count: String(all.length) };
        return { args: filled(args, places), inputs: { [path]: data } };
    });
}

/** One task for each line of a text: its words, apart by spaces, are the arguments after `args`. */
export function tasksOfLines(lines: string, args: readonly string[]): TaskDraft[] {
    const all = lines.split("\n").filter((line) => line.trim());
    return all.map((line, index) => ({
        args: [
            ...filled(args, { index: String(index), count: String(all.length) }),
            ...line.trim().split(/\s+/),
        ],
        inputs: {},
    }));
}

/** Arguments with their placeholders replaced; `{{` and `}}` are braces. */
function filled(args: readonly string[], places: { readonly [name: string]: string }): string[] {
    return args.map((text) =>
        text.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (found, name?: string) => {
            if (found === "{{" || found === "}}") return found[0]!;
            const value = name === undefined ? undefined : places[name];
            if (value !== undefined) return value;
            const known = Object.keys(places).map((place) => `{${place}}`);
            throw new Malformed(`${found} in an argument: known are ${known.join(", ")}`);
        }),
    );
}

function specOf(task: TaskDraft, refer: (plaintext: Bytes) => Reference): TaskSpec {
    const { args, stdin } = task;
    const own = { args, env: {}, inputs: mapped(task.inputs, refer) };
    return stdin ? { ...own, stdin: refer(stdin) } : own;
}

function gatherOf(draft: GatherDraft): Gather {
    return draft.kind === "program" ? { ...draft, module: programOf(draft.module) } : draft;
}

/** Programs are not salted: all jobs share them. */
function programOf(module: Bytes): Reference {
    return { digest: digits(digestOf(module)), size: BigInt(module.length) };
}

function mapped<T>(files: Files, make: (data: Bytes) => T): { readonly [path: string]: T } {
    return Object.fromEntries(Object.entries(files).map(([path, data]) => [path, make(data)]));
}
