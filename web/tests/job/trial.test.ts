import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { gathered, gatherTask } from "../../src/job/gather";
import { blobsOf, buildJob, tasksOfFiles, tasksOfLines, USUAL_LIMITS } from "../../src/job/build";
import type { TaskResult } from "../../src/job/results";
import { compare, type Trial, trialTaskOf, type TrialTask, tryTask } from "../../src/job/trial";
import { type Bytes, fromUtf8, unhex, utf8 } from "../../src/protocol/bytes";

const example = (path: string): Bytes =>
    new Uint8Array(readFileSync(new URL(`../../../examples/${path}`, import.meta.url)));

function task(change: Partial<TrialTask>): TrialTask {
    const none = { args: [], env: {}, stdin: new Uint8Array(), inputs: {}, dirs: [] };
    return { module: new Uint8Array(), ...none, limits: USUAL_LIMITS, ...change };
}

const MODULE_START = "0061736d01000000" + "010401600000" + "03020100" + "0503010001";
const EXPORTS = "071302066d656d6f72790200065f73746172740000";
/** Exports memory and _start, whose body this is. */
const program = (body: string) => unhex(`${MODULE_START}${EXPORTS}0a05010300${body}0b`);

test("a program of the examples leaves here what it leaves on a miner's machine", async () => {
    const small = task({ module: example("queens/queens.wasm"), args: ["8", "0"] });
    const trial = await tryTask(small);
    expect(trial).toMatchObject({ outcome: "exited", exitCode: 0, varies: false, files: {} });
    expect(fromUtf8(trial.stdout)).toBe("solutions\t4\n");
});

test("it reads its files, and finds its arguments whole, in whatever script", async () => {
    const tasks = tasksOfFiles({ "字.txt": utf8("tea for two\n") }, ["{path}"]);
    const job = buildJob({
        runtime: "0".repeat(64),
        module: example("wordcount/wordcount.wasm"),
        inputs: {},
        env: {},
        dirs: ["outputs"],
        limits: USUAL_LIMITS,
        tasks,
        gather: { kind: "files" },
    });
    const trial = await tryTask(trialTaskOf(job, 0));
    expect(fromUtf8(trial.stdout)).toBe("for\t1\ntea\t1\ntwo\t1\n");
    expect(() => trialTaskOf(job, 1)).toThrow("no task 1");
});

test("a whole job that a program gathers leaves the examples' picture", async () => {
    const tiles = Array.from({ length: 15 }, (_, tile) => `160 90 12 32 ${tile}`).join("\n");
    const job = buildJob({
        runtime: "0".repeat(64),
        module: example("raytrace/render.wasm"),
        inputs: {},
        env: {},
        dirs: [],
        limits: USUAL_LIMITS,
        tasks: tasksOfLines(tiles, []),
        gather: {
            kind: "program",
            module: example("raytrace/png.wasm"),
            args: ["160", "90", "small.png"],
            target: "",
        },
    });
    expect(blobsOf(job).slice(0, 2)).toEqual([job.module, job.gatherer]);
    const results: TaskResult[] = [];
    for (let tile = 0; tile < 15; tile++) {
        const { stdout, stderr, files } = await tryTask(trialTaskOf(job, tile));
        results.push({ task: tile, ok: true, exitCode: 0, stdout, stderr, files } as TaskResult);
    }
    const ran = await tryTask(gatherTask(job, results));
    const files = gathered(job.manifest, ran);
    expect(Object.keys(files)).toEqual(["small.png"]);
    expect(files["small.png"]).toEqual(example("raytrace/expected/small.png"));
    expect(() => gathered(job.manifest, { ...ran, exitCode: 1 })).toThrow(
        "gathers failed: exit code 1",
    );
});

test.each<[string, Bytes, Trial["outcome"], RegExp]>([
    ["a trap", program("00"), "trapped", /unreachable/],
    ["a library", unhex(MODULE_START + "0a05010300" + "010b"), "invalid", /no _start/],
    ["no WebAssembly", utf8("#!/bin/sh"), "unsupported", /can't load it/],
])("%s is told", async (_, module, outcome, why) => {
    const trial = await tryTask(task({ module }));
    expect(trial).toMatchObject({ outcome, exitCode: null, files: {} });
    expect(trial.detail).toMatch(why);
});

test("what passes a limit ends there", async () => {
    const limits = { ...USUAL_LIMITS, stdout_bytes: 1n };
    const module = example("queens/queens.wasm");
    const trial = await tryTask(task({ module, args: ["8", "0"], limits }));
    expect(trial).toMatchObject({
        outcome: "limit",
        detail: "more bytes in stdout than the limit",
    });
    expect(trial.stdout.length).toBeLessThanOrEqual(1);
});

test("a trial is compared with a miner's result", async () => {
    const trial = await tryTask(task({ module: program("01") }));
    const leaf = { index: 0, outcome: "exited", digest: new Uint8Array(32), units: 1n } as const;
    const empty = new Uint8Array();
    const result: TaskResult = {
        task: 0,
        leaf,
        ok: true,
        exitCode: 0,
        stdout: empty,
        stderr: empty,
        files: {},
    };
    expect(compare(trial, result)).toBe("same");
    expect(compare(trial, { ...result, stdout: utf8("x") })).toBe("different");
    expect(compare(trial, { ...result, files: { a: empty } })).toBe("different");
    expect(compare(trial, { ...result, exitCode: 1 })).toBe("different");
    expect(compare({ ...trial, varies: true }, { ...result, exitCode: 1 })).toBe("unsure");
    const starved = { ...leaf, outcome: "out-of-fuel" } as const;
    expect(compare(trial, { ...result, leaf: starved, exitCode: null })).toBe("unsure");
});
