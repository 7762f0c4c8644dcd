import { beforeEach, expect, test } from "vitest";
import { buildJob, countedTasks, USUAL_LIMITS } from "../../src/job/build";
import { FalseClaim, leavesOf, resultsOf, type TaskResult } from "../../src/job/results";
import { digestOf, salted } from "../../src/protocol/blobs";
import { type Bytes, digits, hex, utf8 } from "../../src/protocol/bytes";
import type { Claim, Request } from "../../src/protocol/messages";
import {
    encodeRecord,
    leafOf,
    type OutputRecord,
    type Outputs,
    recordOf,
} from "../../src/protocol/records";
import { encodeLeaves, type Leaf, ResultTree } from "../../src/protocol/resultTree";
import { BlobMissing } from "../../src/relay/errors";
import { Relay } from "../../src/relay/relay";
import { FakeRelay } from "./fake-relay";

const SALT = new Uint8Array(32).fill(1);
const LARGE = new Uint8Array(5000).fill(65);
const job = buildJob(
    {
        runtime: "0".repeat(64),
        module: utf8("module"),
        inputs: {},
        env: {},
        dirs: [],
        limits: { ...USUAL_LIMITS, file_bytes: 5000n, files: 1n },
        tasks: countedTasks(2, []),
        gather: { kind: "files" },
    },
    SALT,
);
const exited = (files: { [path: string]: Bytes }): Outputs => ({
    outcome: "exited",
    exitCode: 0,
    stdout: utf8("out"),
    stderr: utf8(""),
    files,
});
const request = { tasks: 2, units: 100n } as Request;

let fake: FakeRelay;
let relay: Relay;
beforeEach(() => {
    fake = new FakeRelay();
    relay = new Relay("http://relay", { chainId: 1, market: "0x00" }, { fetch: fake.fetch });
});

/** Keeps what a miner would upload, and claims it. */
function serve(outputs: readonly Outputs[], change: Partial<Claim> = {}): Claim {
    const leaves = outputs.map((output, index) => {
        const { record, blobs } = recordOf(SALT, output);
        blobs.forEach((blob) => fake.keep(blob));
        fake.keep(salted(SALT, encodeRecord(record)));
        return leafOf(index, BigInt(index + 1), SALT, record);
    });
    return claimOf(leaves, change);
}

function claimOf(leaves: readonly Leaf[], change: Partial<Claim> = {}): Claim {
    const tree = new ResultTree(leaves);
    const list = hex(fake.keep(encodeLeaves(leaves)));
    const whole = { root: hex(tree.root), unitsUsed: tree.total, leaves: list };
    return { miner: "0x00", issued: 1, request: "0x00", ...whole, ...change };
}

async function read(claim: Claim): Promise<TaskResult[]> {
    const results: TaskResult[] = [];
    for await (const result of resultsOf(relay, job, await leavesOf(relay, request, claim)))
        results.push(result);
    return results;
}

test("small and large outputs come as they were", async () => {
    const failed: Outputs = { ...exited({}), outcome: "trapped", exitCode: null };
    const claim = serve([exited({ "a/b": LARGE }), failed]);
    const [first, second] = await read(claim);
    expect(first).toMatchObject({ ok: true, exitCode: 0, stdout: utf8("out"), task: 0 });
    expect(first!.files["a/b"]).toEqual(LARGE);
    expect(second).toMatchObject({ ok: false, exitCode: null, stdout: utf8("out"), task: 1 });
});

test.each<[string, (claim: Claim) => Partial<Claim>, string]>([
    ["another root", () => ({ root: `0x${"11".repeat(32)}` }), "another root"],
    ["another sum", ({ unitsUsed }) => ({ unitsUsed: unitsUsed + 1n }), "another sum"],
])("a claim with %s than its leaves is false", async (_, change, why) => {
    const claim = serve([exited({}), exited({})]);
    await expect(read({ ...claim, ...change(claim) })).rejects.toThrow(why);
});

test("a claim of more units than were bought is false", async () => {
    const claim = serve([exited({}), exited({})]);
    const leaves = leavesOf(relay, { ...request, units: 2n }, claim);
    await expect(leaves).rejects.toThrow("more units than the deal has");
});

test("a list with a leaf too few is false", async () => {
    await expect(read(serve([exited({})]))).rejects.toThrow("2 leaves have 90 bytes, not 45");
});

test("a result of which something is missing is not false, but can't be had", async () => {
    const claim = serve([exited({}), exited({})]);
    const { record } = recordOf(SALT, exited({}));
    fake.kept.delete(digits(digestOf(salted(SALT, encodeRecord(record)))));
    await expect(read(claim)).rejects.toThrow(BlobMissing);
});

test.each<[string, (record: OutputRecord) => OutputRecord, string]>([
    [
        "with another outcome",
        (record) => ({ ...record, outcome: "limit", exitCode: null }),
        "outcome",
    ],
    [
        "with more files than its limits",
        (record) => ({ ...record, files: { a: { data: utf8("") }, b: { data: utf8("") } } }),
        "more outputs than its limits",
    ],
    [
        "with a path that leaves",
        (record) => ({ ...record, files: { "../a": { data: utf8("") } } }),
        "relative",
    ],
])("a record %s is a false claim", async (_, change, why) => {
    const { record } = recordOf(SALT, exited({}));
    const changed = change(record);
    const blob = salted(SALT, encodeRecord(changed));
    const digest = fake.keep(blob) as Bytes;
    const leaf = { ...leafOf(0, 1n, SALT, record), digest };
    serve([exited({})]);
    const claim = claimOf([leaf, leafOf(1, 1n, SALT, record)]);
    const error = await read(claim).catch((error) => error);
    expect(error).toBeInstanceOf(FalseClaim);
    expect(error.message).toContain(why);
});

test.each([
    [4999n, "more than 5031 bytes"],
    [5001n, "task 0: an output has another size"],
])("an output that is not of %i bytes, as its record says, is refused", async (size, why) => {
    const outputs = exited({ "a/b": LARGE });
    const { record } = recordOf(SALT, outputs);
    const part = record.files["a/b"] as { digest: string; size: bigint };
    const lied = { ...record, files: { "a/b": { ...part, size } } };
    const digest = fake.keep(salted(SALT, encodeRecord(lied))) as Bytes;
    serve([outputs]);
    const { limits } = job.manifest;
    const roomy = {
        ...job,
        manifest: { ...job.manifest, limits: { ...limits, file_bytes: 9999n } },
    };
    const leaf = { ...leafOf(0, 1n, SALT, record), digest };
    await expect(resultsOf(relay, roomy, [leaf]).next()).rejects.toThrow(why);
});
