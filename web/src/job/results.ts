import { unsalted } from "../protocol/blobs";
import { type Bytes, hex, unhex } from "../protocol/bytes";
import { Malformed } from "../protocol/errors";
import type { Reference } from "../protocol/forms";
import type { Claim, Request } from "../protocol/messages";
import { decodeRecord, type OutputRecord, type Part, sizeOf } from "../protocol/records";
import { decodeLeaves, type Leaf, LEAF_BYTES, ResultTree } from "../protocol/resultTree";
import type { Blobs } from "../relay/relay";
import type { Job } from "./build";

const RECORD_BYTES = 16 * 1024 * 1024;
const SALT_BYTES = 32;

/** What one task left, every byte of it checked against the claim. */
export interface TaskResult {
    readonly task: number;
    readonly leaf: Leaf;
    /** Whether the program ended by itself and said success. */
    readonly ok: boolean;
    readonly exitCode: number | null;
    readonly stdout: Bytes;
    readonly stderr: Bytes;
    readonly files: { readonly [path: string]: Bytes };
}

/** A claim that its own data contradict: it must not be accepted. */
export class FalseClaim extends Error {
    override name = "FalseClaim";
}

/** The leaves of a claim: refused unless they have its root and its sum, within the units of the request. */
export async function leavesOf(relay: Blobs, request: Request, claim: Claim): Promise<Leaf[]> {
    const bytes = await relay.blob(unhex(claim.leaves), request.tasks * LEAF_BYTES);
    return checked("the list of leaves", () => {
        const leaves = decodeLeaves(bytes, request.tasks);
        const tree = new ResultTree(leaves);
        if (hex(tree.root) !== claim.root) throw new Malformed("has another root than is claimed");
        if (tree.total !== claim.unitsUsed) throw new Malformed("has another sum than is claimed");
        if (tree.total > request.units) throw new Malformed("uses more units than the deal has");
        return leaves;
    });
}

/**
 * The outputs of all tasks, one after the other. Raises FalseClaim where they contradict the claim, BlobMissing and
 * RelayAway where they can't be had: then try again until the deal's deadline.
 */
export async function* resultsOf(
    relay: Blobs,
    job: Pick<Job, "salt" | "manifest">,
    leaves: readonly Leaf[],
): AsyncGenerator<TaskResult> {
    const step = 100;
    for (let at = 0; at < leaves.length; at += step) {
        const some = leaves.slice(at, at + step);
        const records = await relay.blobs(some.map(({ digest }) => digest));
        for (const [index, leaf] of some.entries())
            yield await resultOf(relay, job, leaf, records[index]);
    }
}

/** The outputs of one task; `record`, its blob, is fetched unless it is given. */
export async function resultOf(
    relay: Blobs,
    job: Pick<Job, "salt" | "manifest">,
    leaf: Leaf,
    record?: Bytes,
): Promise<TaskResult> {
    const { limits } = job.manifest;
    const blob = record ?? (await relay.blob(leaf.digest, SALT_BYTES + RECORD_BYTES));
    const read = checked(`task ${leaf.index}`, () => {
        const decoded = decodeRecord(unsalted(job.salt, leaf.digest, blob));
        if (decoded.outcome !== leaf.outcome)
            throw new Malformed("has another outcome than its leaf");
        checkSizes(decoded, limits);
        return decoded;
    });
    const part = (data: Part) => partOf(relay, job, leaf.index, data);
    const files: { [path: string]: Bytes } = Object.create(null);
    for (const [path, data] of Object.entries(read.files)) files[path] = await part(data);
    return {
        task: leaf.index,
        leaf,
        ok: read.outcome === "exited" && read.exitCode === 0n,
        exitCode: read.exitCode === null ? null : Number(read.exitCode),
        stdout: await part(read.stdout),
        stderr: await part(read.stderr),
        files,
    };
}

async function partOf(
    relay: Blobs,
    { salt }: Pick<Job, "salt">,
    task: number,
    part: Part,
): Promise<Bytes> {
    if ("data" in part) return part.data;
    const { digest, size }: Reference = part;
    const blob = await relay.blob(unhex(digest), SALT_BYTES + Number(size));
    return checked(`task ${task}`, () => {
        const plaintext = unsalted(salt, unhex(digest), blob);
        if (BigInt(plaintext.length) !== size) throw new Malformed("an output has another size");
        return plaintext;
    });
}

/** A program can't have left more than its limits. */
function checkSizes(record: OutputRecord, limits: Job["manifest"]["limits"]): void {
    const written = Object.values(record.files).reduce((sum, part) => sum + sizeOf(part), 0n);
    const fits =
        written <= limits.file_bytes &&
        sizeOf(record.stdout) <= limits.stdout_bytes &&
        sizeOf(record.stderr) <= limits.stderr_bytes &&
        BigInt(Object.keys(record.files).length) <= limits.files;
    if (!fits) throw new Malformed("has more outputs than its limits");
}

function checked<T>(what: string, act: () => T): T {
    try {
        return act();
    } catch (error) {
        throw error instanceof Malformed ? new FalseClaim(`${what}: ${error.message}`) : error;
    }
}
