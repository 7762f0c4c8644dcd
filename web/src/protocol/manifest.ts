import { saltedDigest } from "./blobs";
import { type Bytes, equal, hex, type Hex } from "./bytes";
import { byCodePoint, decodeCanonical, encodeCanonical, type Members } from "./canonical";
import { Malformed } from "./errors";
import {
    digestText,
    listOf,
    mapOf,
    objectOf,
    type Reference,
    referenceOf,
    textOf,
    wholeOf,
} from "./forms";
import type { Json } from "./json";
import { checkPath, checkText, foldersOf } from "./paths";

export const FUEL_PER_UNIT = 1_000_000n;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_TASKS = 100_000;
const MAX_ENTRIES = 1_000_000;
const MAX_ARGUMENTS = 4 * 1024 * 1024;
const GIB = 1n << 30n;

/** Bounds of the limits, in bytes where nothing else is said; `files` is a count. */
export const LIMITS = {
    file_bytes: [0n, 16n * GIB],
    files: [0n, 1_000_000n],
    fuel: [1n, 1n << 62n],
    memory: [0n, 4n * GIB],
    stderr_bytes: [0n, 4n * GIB],
    stdout_bytes: [0n, 4n * GIB],
} as const;
export type Limits = { readonly [name in keyof typeof LIMITS]: bigint };
type References = { readonly [path: string]: Reference };
type Variables = { readonly [name: string]: string };

/** What one task has of its own. */
export interface TaskSpec {
    readonly args: readonly string[];
    readonly env: Variables;
    readonly inputs: References;
    readonly stdin?: Reference;
}

export type Gather =
    | { readonly kind: "files" }
    | { readonly kind: "concat" | "sum"; readonly source: string; readonly target: string }
    | {
          readonly kind: "program";
          readonly module: Reference;
          readonly args: readonly string[];
          readonly target: string;
      };

/** All that decides what a job's result is; `runtime` is 64 digits. */
export interface Manifest {
    readonly runtime: string;
    readonly module: Reference;
    readonly limits: Limits;
    readonly tasks: readonly TaskSpec[];
    readonly gather: Gather;
    readonly dirs: readonly string[];
    readonly env: Variables;
    readonly inputs: References;
}

/** The one byte form of a manifest. Refuses one that no miner would take. */
export function encodeManifest(manifest: Manifest): Bytes {
    check(manifest);
    const bytes = write(manifest);
    if (bytes.length > MAX_BYTES) throw new Malformed(`a manifest of ${bytes.length} bytes`);
    return bytes;
}

/** Reads a manifest that a stranger may have made. */
export function decodeManifest(bytes: Bytes): Manifest {
    if (bytes.length > MAX_BYTES) throw new Malformed(`a manifest of ${bytes.length} bytes`);
    const manifest = read(decodeCanonical(bytes));
    check(manifest);
    // What is empty, spelled out, would give one manifest two forms.
    if (!equal(write(manifest), bytes)) throw new Malformed("not in its one form");
    return manifest;
}

/** What a request names in its field `job`. */
export function jobDigest(salt: Bytes, manifest: Manifest): Hex {
    return hex(saltedDigest(salt, encodeManifest(manifest)));
}

/** Units that a deal over all tasks needs. */
export function unitsOf(manifest: Manifest): bigint {
    return BigInt(manifest.tasks.length) * unitsPerTask(manifest);
}

/** Units that one task is billed at most. */
export function unitsPerTask(manifest: Manifest): bigint {
    return (manifest.limits.fuel + FUEL_PER_UNIT - 1n) / FUEL_PER_UNIT;
}

/** Every salted blob that the tasks need, each once. */
export function inputsOf(manifest: Manifest): Reference[] {
    const all = [manifest.inputs, ...manifest.tasks.map((task) => task.inputs)].flatMap((inputs) =>
        Object.values(inputs),
    );
    all.push(...manifest.tasks.flatMap((task) => task.stdin ?? []));
    return [...new Map(all.map((reference) => [reference.digest, reference])).values()];
}

function check(manifest: Manifest): void {
    const { tasks, dirs, env, inputs } = manifest;
    if (!tasks.length || tasks.length > MAX_TASKS)
        throw new Malformed(`tasks must be from 1 to ${MAX_TASKS}`);
    const sorted = [...new Set(dirs)].sort(byCodePoint);
    if (sorted.length !== dirs.length || sorted.some((path, at) => path !== dirs[at]))
        throw new Malformed("dirs must be sorted, none twice");
    const shared = names(Object.keys(inputs)) + Object.keys(env).length + names(dirs);
    const entries = tasks.reduce(
        (sum, task) =>
            sum + shared + names(Object.keys(task.inputs)) + Object.keys(task.env).length,
        0,
    );
    if (entries > MAX_ENTRIES)
        throw new Malformed(`tasks have ${entries} inputs, folders and variables in all`);
    for (const [name, [least, most]] of Object.entries(LIMITS))
        within(`limit ${name}`, () => wholeOf(manifest.limits[name as keyof Limits], least, most));
    tasks.forEach((task, index) => within(`task ${index}`, () => checkTask(manifest, task)));
    within("gather", () => checkGather(manifest.gather));
    checkSizes(manifest);
}

function checkTask(manifest: Manifest, task: TaskSpec): void {
    const twice =
        Object.keys(task.inputs).find((path) => path in manifest.inputs) ??
        Object.keys(task.env).find((name) => name in manifest.env);
    if (twice !== undefined) throw new Malformed(`${twice} is the job's already`);
    const files = new Set([...Object.keys(manifest.inputs), ...Object.keys(task.inputs)]);
    for (const path of [...files, ...manifest.dirs]) {
        checkPath(path);
        const file = foldersOf(path).find((folder) => files.has(folder));
        if (file !== undefined) throw new Malformed(`${file} is a file and the folder of ${path}`);
    }
    const both = manifest.dirs.find((folder) => files.has(folder));
    if (both !== undefined) throw new Malformed(`${both} is a file and a folder`);
    checkArguments(task.args, { ...manifest.env, ...task.env });
}

function checkArguments(args: readonly string[], env: Variables): void {
    const variables = Object.entries(env);
    [...args, ...variables.flat()].forEach(checkText);
    const wrong = variables.find(([name]) => !name || name.includes("="));
    if (wrong) throw new Malformed(`${JSON.stringify(wrong[0])} can't name a variable`);
    const all = [...args, ...variables.map(([name, value]) => `${name}=${value}`)];
    const size = all.reduce((sum, text) => sum + [...text].length + 1, 0);
    if (size > MAX_ARGUMENTS) throw new Malformed("arguments and variables above 4 MiB");
}

function checkGather(gather: Gather): void {
    if (gather.kind === "files") return;
    if (gather.kind !== "program") checkPath(gather.source);
    if (gather.kind !== "program" || gather.target) checkPath(gather.target);
    if (gather.kind === "program") checkArguments(gather.args, {});
}

/** Data is fetched once for each digest: with two sizes it would pass for one place only. */
function checkSizes(manifest: Manifest): void {
    const { gather, module } = manifest;
    const sizes = new Map<string, bigint>();
    const programs = gather.kind === "program" ? [module, gather.module] : [module];
    const all = [manifest.inputs, ...manifest.tasks.map((task) => task.inputs)];
    const stdins = manifest.tasks.flatMap((task) => task.stdin ?? []);
    for (const { digest, size } of [
        ...programs,
        ...all.flatMap((of) => Object.values(of)),
        ...stdins,
    ]) {
        if ((sizes.get(digest) ?? size) !== size)
            throw new Malformed(`data ${digest} stands with two sizes`);
        sizes.set(digest, size);
    }
}

/** Files and folders that paths name, those on the way among them, as often as they are. */
function names(paths: readonly string[]): number {
    return paths.reduce((sum, path) => sum + path.split("/").length, 0);
}

function write(manifest: Manifest): Bytes {
    const { runtime, limits, module } = manifest;
    return encodeCanonical({
        version: 1,
        runtime,
        module: { ...module },
        limits: { ...limits },
        tasks: manifest.tasks.map((task) =>
            filled({
                args: task.args,
                env: task.env,
                inputs: task.inputs as unknown as Members,
                ...(task.stdin && { stdin: { ...task.stdin } }),
            }),
        ),
        gather: writeGather(manifest.gather),
        ...filled({
            dirs: manifest.dirs,
            env: manifest.env,
            inputs: manifest.inputs as unknown as Members,
        }),
    });
}

function writeGather(gather: Gather): Members {
    if (gather.kind !== "program") return { ...gather };
    const { kind, module, args, target } = gather;
    return { kind, module: { ...module }, ...filled({ args }), ...(target && { target }) };
}

function filled(members: Members): Members {
    return Object.fromEntries(
        Object.entries(members).filter(([, value]) => Object.keys(value as object).length),
    );
}

function read(json: Json): Manifest {
    const form = objectOf(
        json,
        ["version", "runtime", "module", "limits", "tasks", "gather"],
        ["dirs", "env", "inputs"],
    );
    if (form["version"] !== 1n) throw new Malformed("only version 1 is known");
    const limits = objectOf(form["limits"], Object.keys(LIMITS));
    return {
        runtime: within("runtime", () => digestText(form["runtime"])),
        module: within("module", () => referenceOf(form["module"])),
        limits: limits as unknown as Limits,
        tasks: within("tasks", () => listOf(form["tasks"], readTask)),
        gather: within("gather", () => readGather(form["gather"])),
        dirs: within("dirs", () => listOf(form["dirs"] ?? [], textOf)),
        env: within("env", () => mapOf(form["env"] ?? {}, textOf)),
        inputs: within("inputs", () => mapOf(form["inputs"] ?? {}, referenceOf)),
    };
}

function readTask(json: Json): TaskSpec {
    const form = objectOf(json, [], ["args", "env", "inputs", "stdin"]);
    return {
        args: listOf(form["args"] ?? [], textOf),
        env: mapOf(form["env"] ?? {}, textOf),
        inputs: mapOf(form["inputs"] ?? {}, referenceOf),
        ...("stdin" in form && { stdin: referenceOf(form["stdin"]) }),
    };
}

function readGather(json: Json | undefined): Gather {
    const form = objectOf(json, ["kind"], ["source", "target", "module", "args"]);
    const kind = form["kind"];
    if (kind === "files") return objectOf(form, ["kind"]) && { kind };
    if (kind === "concat" || kind === "sum") {
        objectOf(form, ["kind", "source", "target"]);
        return { kind, source: textOf(form["source"]), target: textOf(form["target"]) };
    }
    if (kind !== "program") throw new Malformed("kind must be files, concat, sum or program");
    objectOf(form, ["kind", "module"], ["args", "target"]);
    return {
        kind,
        module: referenceOf(form["module"]),
        args: listOf(form["args"] ?? [], textOf),
        target: textOf(form["target"] ?? ""),
    };
}

function within<T>(where: string, act: () => T): T {
    try {
        return act();
    } catch (error) {
        throw error instanceof Malformed ? new Malformed(`${where}: ${error.message}`) : error;
    }
}
