import { expect, test } from "vitest";
import {
    blobsOf,
    buildJob,
    countedTasks,
    type Draft,
    tasksOfFiles,
    tasksOfLines,
    USUAL_LIMITS,
} from "../../src/job/build";
import { cidOf, digestOf, salted, unsalted } from "../../src/protocol/blobs";
import { hex, unhex, utf8 } from "../../src/protocol/bytes";
import { decodeManifest } from "../../src/protocol/manifest";
import { vectors } from "../protocol/vectors";

const FORMATS = vectors<{ salt: string; manifests: { bytes: string; digest: string }[] }>(
    "formats",
);
const SALT = unhex(FORMATS.salt);

/** The vectors' first manifest, from its data. */
const draft: Draft = {
    runtime: "d92c6a81b2ff50096bcda80885427d1f59a25b5f483f7055523504925d16ab23",
    module: unhex("0061736d01000000"),
    inputs: {},
    env: {},
    dirs: [],
    limits: {
        file_bytes: 1n << 20n,
        files: 16n,
        fuel: 5_000_001n,
        memory: 64n << 20n,
        stderr_bytes: 1024n,
        stdout_bytes: 65536n,
    },
    tasks: [{ args: [], inputs: {} }],
    gather: { kind: "files" },
};

test("a job that is built has the vectors' digests", () => {
    expect(buildJob(draft, SALT).digest).toBe(`0x${FORMATS.manifests[0]!.digest}`);
    const gather = { kind: "sum", source: "stdout", target: "counts.tsv" } as const;
    expect(buildJob({ ...draft, gather }, SALT).digest).toBe(`0x${FORMATS.manifests[2]!.digest}`);
    const inputs = { "data/table.bin": utf8("table") };
    const { manifest } = buildJob({ ...draft, inputs }, SALT);
    const [, second] = FORMATS.manifests;
    expect(manifest.inputs).toEqual(decodeManifest(utf8(second!.bytes)).inputs);
});

test("its blobs are the module, and inputs and manifest under the salt", () => {
    const tasks = tasksOfFiles({ b: utf8("two"), a: utf8("one") }, []);
    const job = buildJob({ ...draft, tasks, dirs: ["z", "y"] });
    const [module, ...others] = blobsOf(job);
    expect(module).toEqual(draft.module);
    expect(others.slice(0, 2)).toEqual(["one", "two"].map((text) => salted(job.salt, utf8(text))));
    const manifest = others[2]!;
    expect(hex(digestOf(manifest))).toBe(job.digest);
    expect(decodeManifest(unsalted(job.salt, digestOf(manifest), manifest))).toEqual(job.manifest);
    expect(job.manifest.dirs).toEqual(["y", "z"]);
    expect(cidOf(digestOf(manifest))).toMatch(/^bafkrei/);
});

test("equal jobs have other digests under other salts", () => {
    expect(buildJob(draft).digest).not.toBe(buildJob(draft).digest);
});

test("tasks by count, by file and by line", () => {
    const args = (tasks: { args: readonly string[] }[]) => tasks.map((task) => task.args);
    expect(args(countedTasks(2, ["{index}/{count}", "{{x}}"]))).toEqual([
        ["0/2", "{x}"],
        ["1/2", "{x}"],
    ]);
    const files = { "b.tar.gz": utf8("b"), ".a": utf8("a") };
    const tasks = tasksOfFiles(files, ["{path}", "{name}", "{stem}"]);
    expect(args(tasks)).toEqual([
        ["inputs/.a", ".a", ".a"],
        ["inputs/b.tar.gz", "b.tar.gz", "b.tar"],
    ]);
    expect(tasks[0]!.inputs).toEqual({ "inputs/.a": utf8("a") });
    expect(args(tasksOfLines("4  5\n\n 6\n", ["--n{index}"]))).toEqual([
        ["--n0", "4", "5"],
        ["--n1", "6"],
    ]);
});

test("a placeholder that is none is told", () => {
    expect(() => countedTasks(1, ["{path}"])).toThrow("{path} in an argument: known are {index}");
    expect(() => countedTasks(1, ["a}"])).toThrow("} in an argument");
});

test("what no miner would take is refused before anything is uploaded", () => {
    expect(() => buildJob({ ...draft, inputs: { "../a": utf8("") } })).toThrow("relative");
    expect(() => buildJob({ ...draft, tasks: [] })).toThrow("from 1 to 100000");
    const limits = { ...USUAL_LIMITS, fuel: 0n };
    expect(() => buildJob({ ...draft, limits })).toThrow("limit fuel");
});
