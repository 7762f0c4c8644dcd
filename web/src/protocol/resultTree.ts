import { keccak_256 } from "@noble/hashes/sha3";
import { type Bytes, bigEndian, concat, equal, fromBigEndian } from "./bytes";
import { Malformed } from "./errors";

export const OUTCOMES = ["exited", "trapped", "out-of-fuel", "limit", "invalid"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const LEAF_BYTES = 45;

/** What a result commits to of one task: `digest` is the salted digest of its output record. */
export interface Leaf {
    readonly index: number;
    readonly outcome: Outcome;
    readonly digest: Bytes;
    readonly units: bigint;
}

/** A subtree: its hash, and the units of all its tasks. */
export interface Node {
    readonly hash: Bytes;
    readonly sum: bigint;
}

const EMPTY: Node = { hash: new Uint8Array(32), sum: 0n };
const MOST = (1n << 64n) - 1n;

export function encodeLeaf(leaf: Leaf): Bytes {
    if (leaf.digest.length !== 32) throw new Malformed("a digest has 32 bytes");
    const outcome = Uint8Array.of(OUTCOMES.indexOf(leaf.outcome));
    return concat(bigEndian(leaf.index, 4), outcome, leaf.digest, bigEndian(leaf.units, 8));
}

/** The list that a miner serves: all leaves by index. */
export function encodeLeaves(leaves: readonly Leaf[]): Bytes {
    return concat(...leaves.map(encodeLeaf));
}

/** Reads the list of `tasks` leaves; refused if one is missing or stands in another's place. */
export function decodeLeaves(bytes: Bytes, tasks: number): Leaf[] {
    if (bytes.length !== tasks * LEAF_BYTES)
        throw new Malformed(
            `${tasks} leaves have ${tasks * LEAF_BYTES} bytes, not ${bytes.length}`,
        );
    return Array.from({ length: tasks }, (_, index) => {
        const leaf = decodeLeaf(bytes.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES));
        if (leaf.index !== index)
            throw new Malformed(`leaf ${leaf.index} stands in the place of ${index}`);
        return leaf;
    });
}

export function leafHash(leaf: Leaf): Bytes {
    return keccak_256(concat(Uint8Array.of(0), encodeLeaf(leaf))) as Bytes;
}

/** All levels of the tree, from the leaves to the root, without padding. */
export class ResultTree {
    private readonly levels: readonly (readonly Node[])[];

    constructor(leaves: readonly Leaf[]) {
        if (!leaves.length) throw new Malformed("a tree of no tasks");
        const levels = [leaves.map((leaf) => ({ hash: leafHash(leaf), sum: leaf.units }))];
        for (let below = levels[0]!; below.length > 1;) {
            below = Array.from({ length: Math.ceil(below.length / 2) }, (_, at) =>
                above(below[2 * at]!, below[2 * at + 1] ?? EMPTY),
            );
            levels.push(below);
        }
        this.levels = levels;
    }

    get root(): Bytes {
        return this.levels.at(-1)![0]!.hash;
    }

    /** Units of all tasks. */
    get total(): bigint {
        return this.levels.at(-1)![0]!.sum;
    }

    /** The siblings of leaf `index`, from the bottom up. */
    path(index: number): Node[] {
        return this.levels
            .slice(0, -1)
            .map((level, height) => level[Math.floor(index / 2 ** height) ^ 1] ?? EMPTY);
    }
}

/** Siblings in a path of a tree of so many tasks: the bit length of `tasks - 1`. */
export function depthOf(tasks: number): number {
    return 32 - Math.clz32(tasks - 1);
}

/**
 * Follows a path from a leaf to `root`: the units of all tasks that the root commits to, `undefined` if it leads
 * elsewhere. A path that has no meaning for so many tasks is an error.
 */
export function open(
    root: Uint8Array,
    tasks: number,
    leaf: Leaf,
    path: readonly Node[],
): bigint | undefined {
    if (leaf.index >= tasks) throw new Malformed(`task ${leaf.index} of ${tasks}`);
    if (path.length !== depthOf(tasks))
        throw new Malformed(`a path of ${path.length}, not ${depthOf(tasks)}`);
    let node: Node = { hash: leafHash(leaf), sum: leaf.units };
    let [position, last] = [leaf.index, tasks - 1];
    for (const sibling of path) {
        const other = position % 2 ? position - 1 : position + 1;
        if (other > last && (sibling.sum || !equal(sibling.hash, EMPTY.hash))) return undefined;
        if (node.sum + sibling.sum > MOST) return undefined;
        node = position % 2 ? above(sibling, node) : above(node, sibling);
        position = Math.floor(position / 2);
        last = Math.floor(last / 2);
    }
    return equal(node.hash, root) ? node.sum : undefined;
}

function above(left: Node, right: Node): Node {
    const sum = left.sum + right.sum;
    if (sum > MOST) throw new Malformed("units of all tasks do not fit into 64 bits");
    const parts = [left.hash, bigEndian(left.sum, 8), right.hash, bigEndian(right.sum, 8)];
    return { hash: keccak_256(concat(Uint8Array.of(1), ...parts)) as Bytes, sum };
}

function decodeLeaf(bytes: Bytes): Leaf {
    const outcome = OUTCOMES[bytes[4]!];
    if (!outcome) throw new Malformed(`outcome ${bytes[4]} is unknown`);
    const index = Number(fromBigEndian(bytes.subarray(0, 4)));
    return { index, outcome, digest: bytes.slice(5, 37), units: fromBigEndian(bytes.subarray(37)) };
}
