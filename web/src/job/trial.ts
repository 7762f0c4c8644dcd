import {
    Directory,
    type Inode,
    File,
    OpenFile,
    PreopenDirectory,
    WASI,
} from "@bjorn3/browser_wasi_shim";
import { type Bytes, concat, equal, utf8 } from "../protocol/bytes";
import { Malformed } from "../protocol/errors";
import type { Limits } from "../protocol/manifest";
import type { Outcome } from "../protocol/resultTree";
import type { Job } from "./build";
import type { TaskResult } from "./results";
import { Clipped, LimitPassed } from "./trialStreams";

const WASI_NAME = "wasi_snapshot_preview1";
/** There for every program to write to, and no output. */
const HIDDEN = ["tmp", "dev"];

/** One task with all that its program is given. It can be sent to a worker. */
export interface TrialTask {
    readonly module: Bytes;
    readonly args: readonly string[];
    readonly env: { readonly [name: string]: string };
    readonly stdin: Bytes;
    readonly inputs: { readonly [path: string]: Bytes };
    readonly dirs: readonly string[];
    readonly limits: Limits;
}

/**
 * What the program did in this browser. `unsupported`: the browser can't run it, which says nothing of miners. Fuel
 * isn't counted, nor memory bounded.
 */
export interface Trial {
    readonly outcome: Exclude<Outcome, "out-of-fuel"> | "unsupported";
    readonly exitCode: number | null;
    /** For people: why it trapped or can't be run; empty if it exited. */
    readonly detail: string;
    readonly stdout: Bytes;
    readonly stderr: Bytes;
    readonly files: { readonly [path: string]: Bytes };
    /** It asked for the time or for random bytes, which a miner answers otherwise: outputs may differ. */
    readonly varies: boolean;
}

/** The task of a job that is tried. */
export function trialTaskOf(job: Job, index: number): TrialTask {
    const { manifest, module, plaintexts } = job;
    const spec = manifest.tasks[index];
    if (!spec) throw new Malformed(`the job has no task ${index}`);
    const data = ({ digest }: { digest: string }) => plaintexts.get(digest)!;
    const inputs = Object.entries({ ...manifest.inputs, ...spec.inputs });
    return {
        module,
        args: spec.args,
        env: { ...manifest.env, ...spec.env },
        stdin: spec.stdin ? data(spec.stdin) : new Uint8Array(),
        inputs: Object.fromEntries(inputs.map(([path, reference]) => [path, data(reference)])),
        dirs: manifest.dirs,
        limits: manifest.limits,
    };
}

/** Runs a task here. It takes as long as the program: in a worker, which can be ended, see `runTrial`. */
export async function tryTask(task: TrialTask): Promise<Trial> {
    const world = new World(task);
    let instance: WebAssembly.Instance;
    try {
        const module = await WebAssembly.compile(task.module);
        const objection = objectionTo(module, world.imports);
        if (objection) return world.ended(...objection);
        instance = await WebAssembly.instantiate(module, { [WASI_NAME]: world.imports });
    } catch (error) {
        return world.ended("unsupported", `this browser can't load it: ${messageOf(error)}`);
    }
    try {
        return world.exited(world.wasi.start(instance as Parameters<WASI["start"]>[0]));
    } catch (error) {
        if (error instanceof LimitPassed) return world.ended("limit", error.message);
        const traps = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
        return world.ended(traps ? "trapped" : "unsupported", messageOf(error));
    }
}

/** Whether a miner's result is what the trial left; `unsure` where the trial tells nothing. */
export function compare(trial: Trial, result: TaskResult): "same" | "different" | "unsure" {
    if (trial.outcome === "unsupported" || trial.varies) return "unsure";
    const sameEnd = trial.outcome === result.leaf.outcome && trial.exitCode === result.exitCode;
    // Memory and fuel are a miner's to bound: what ended for them there may go on here.
    if (!sameEnd)
        return ["out-of-fuel", "trapped"].includes(result.leaf.outcome) ? "unsure" : "different";
    const paths = Object.keys(trial.files);
    const same =
        equal(trial.stdout, result.stdout) &&
        equal(trial.stderr, result.stderr) &&
        paths.length === Object.keys(result.files).length &&
        paths.every((path) => result.files[path] && equal(trial.files[path]!, result.files[path]));
    return same ? "same" : "different";
}

/** All that a program sees: streams, files, clock. */
class World {
    readonly wasi: WASI;
    private readonly stdout: Clipped;
    private readonly stderr: Clipped;
    private readonly root = new Map<string, Inode>();
    private varies = false;

    constructor(private readonly task: TrialTask) {
        const { args, env, stdin, inputs, dirs, limits } = task;
        this.stdout = new Clipped("stdout", limits.stdout_bytes);
        this.stderr = new Clipped("stderr", limits.stderr_bytes);
        for (const path of [...HIDDEN, ...dirs]) this.folder(path.split("/"));
        this.folder(["dev"]).set("null", new File([]));
        for (const path of Object.keys(inputs).sort()) {
            const names = path.split("/");
            this.folder(names.slice(0, -1)).set(names.at(-1)!, new File(inputs[path]!.slice()));
        }
        const variables = Object.keys(env)
            .sort()
            .map((name) => `${name}=${env[name]}`);
        const streams = [new OpenFile(new File(stdin)), this.stdout, this.stderr];
        const all = [...streams, new PreopenDirectory("/", this.root)];
        this.wasi = new WASI(["task", ...args], variables, all, { debug: false });
    }

    /** The shim's functions, but for those that ask what a miner answers otherwise, and where it errs. */
    get imports(): WebAssembly.ModuleImports {
        const { wasi } = this;
        const known = wasi.wasiImport as { [name: string]: (...args: number[]) => number };
        const varying =
            (name: string) =>
            (...args: number[]) => {
                this.varies = true;
                return known[name]!(...args);
            };
        const memory = () => new DataView(wasi.inst.exports.memory.buffer);
        return {
            ...known,
            clock_time_get: varying("clock_time_get"),
            random_get: varying("random_get"),
            // It counts characters, not bytes.
            args_sizes_get: (count: number, size: number) => {
                const bytes = wasi.args.reduce((sum, text) => sum + utf8(text).length + 1, 0);
                memory().setUint32(count, wasi.args.length, true);
                memory().setUint32(size, bytes, true);
                return 0;
            },
            // Nobody waits: a sleep is over at once.
            poll_oneoff: (
                subscriptions: number,
                events: number,
                count: number,
                written: number,
            ) => {
                this.varies = true;
                if (count === 1) memory().setBigUint64(subscriptions + 24, 0n, true);
                const result = known["poll_oneoff"]!(subscriptions, events, count);
                if (result === 0) memory().setUint32(written, 1, true);
                return result;
            },
        };
    }

    exited(exitCode: number): Trial {
        const files = this.outputs();
        const { file_bytes, files: most } = this.task.limits;
        const bytes = Object.values(files).reduce((sum, { length }) => sum + length, 0);
        if (BigInt(bytes) > file_bytes)
            return this.ended("limit", "more bytes in files than the limit");
        if (BigInt(Object.keys(files).length) > most)
            return this.ended("limit", "more files than the limit");
        return { ...this.ended("exited", ""), exitCode, files };
    }

    ended(outcome: Trial["outcome"], detail: string): Trial {
        const [stdout, stderr] = [this.stdout.content, this.stderr.content];
        return { outcome, exitCode: null, detail, stdout, stderr, files: {}, varies: this.varies };
    }

    /** Files that the program made or changed. */
    private outputs(): { [path: string]: Bytes } {
        const files: { [path: string]: Bytes } = Object.create(null);
        const { inputs, dirs } = this.task;
        const own = [...Object.keys(inputs), ...dirs].map((path) => path.split("/")[0]);
        const walk = (folder: Map<string, Inode>, before: string) => {
            for (const [name, inode] of folder) {
                const path = before + name;
                if (!before && HIDDEN.includes(name) && !own.includes(name)) continue;
                if (inode instanceof Directory) walk(inode.contents, `${path}/`);
                else if (inode instanceof File) {
                    const now = concat(inode.data);
                    if (!inputs[path] || !equal(inputs[path], now)) files[path] = now;
                }
            }
        };
        walk(this.root, "");
        return files;
    }

    private folder(names: readonly string[]): Map<string, Inode> {
        let contents = this.root;
        for (const name of names) {
            if (!contents.has(name)) contents.set(name, new Directory(new Map()));
            contents = (contents.get(name) as Directory).contents;
        }
        return contents;
    }
}

/** Why a module is no program, or none that runs here. */
function objectionTo(
    module: WebAssembly.Module,
    imports: WebAssembly.ModuleImports,
): [Trial["outcome"], string] | undefined {
    const exported = WebAssembly.Module.exports(module).map(({ name, kind }) => `${kind} ${name}`);
    if (!exported.includes("function _start"))
        return ["invalid", "it has no _start: it is a library"];
    if (!exported.includes("memory memory")) return ["unsupported", "it exports no memory"];
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
        if (from !== WASI_NAME)
            return ["invalid", `it imports ${name} of ${from}, which no miner has`];
        if (!(name in imports)) return ["unsupported", `it needs ${name}, which is not here`];
    }
    return undefined;
}

function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
