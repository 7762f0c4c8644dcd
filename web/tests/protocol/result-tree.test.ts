import { describe, expect, test } from "vitest";
import { digits, unhex } from "../../src/protocol/bytes";
import {
    decodeLeaves,
    depthOf,
    encodeLeaves,
    type Leaf,
    type Node,
    open,
    OUTCOMES,
    ResultTree,
} from "../../src/protocol/resultTree";
import { type Json, readJson } from "../../src/protocol/json";
import { vectorText } from "./vectors";

interface LeafForm {
    index: bigint;
    outcome: bigint;
    digest: string;
    units: bigint;
}
type PathForm = { hash: string; sum: bigint }[];
// Sums of 64 bits, which JSON.parse would round.
const { depths, trees, claims } = readJson(vectorText("result_tree")) as unknown as {
    depths: [bigint, bigint][];
    trees: {
        leaves: LeafForm[];
        root: string;
        total: bigint;
        paths: { index: bigint; path: PathForm }[];
    }[];
    claims: {
        name: string;
        root: string;
        tasks: bigint;
        leaf: LeafForm;
        path: PathForm;
        reached: Json;
        total: bigint;
    }[];
};

const leafOf = ({ index, outcome, digest, units }: LeafForm): Leaf => ({
    index: Number(index),
    outcome: OUTCOMES[Number(outcome)]!,
    digest: unhex(digest),
    units,
});
const pathOf = (path: PathForm): Node[] =>
    path.map(({ hash, sum }) => ({ hash: unhex(hash), sum }));

test.each(depths)("%i tasks: depth %i", (tasks, depth) => {
    expect(depthOf(Number(tasks))).toBe(Number(depth));
});

describe.each(trees.map((tree) => ({ ...tree, tasks: tree.leaves.length })))(
    "a tree of $tasks",
    ({ leaves: forms, root, total, paths }) => {
        const leaves = forms.map(leafOf);
        const tree = new ResultTree(leaves);

        test("has the root and the sum", () => {
            expect(digits(tree.root)).toBe(root);
            expect(tree.total).toBe(total);
        });

        test.each(paths)("opens task $index", ({ index, path }) => {
            const found = tree.path(Number(index));
            expect(found).toEqual(pathOf(path));
            expect(open(unhex(root), leaves.length, leaves[Number(index)]!, found)).toBe(total);
        });

        test("its list of leaves is read as it is written", () => {
            expect(decodeLeaves(encodeLeaves(leaves), leaves.length)).toEqual(leaves);
        });
    },
);

test.each(claims)("$name", ({ root, tasks, leaf, path, reached, total }) => {
    const sum = open(unhex(root), Number(tasks), leafOf(leaf), pathOf(path));
    expect(sum).toBe(reached ? total : undefined);
});

test("paths and tasks that a tree has not are errors", () => {
    const [claim] = claims;
    const leaf = leafOf(claim!.leaf);
    const root = unhex(claim!.root);
    expect(() => open(root, 3, { ...leaf, index: 3 }, pathOf(claim!.path))).toThrow("task 3 of 3");
    expect(() => open(root, 3, leaf, [])).toThrow("a path of 0, not 2");
});

test("lists with a leaf too few or in another's place are refused", () => {
    const leaves = trees.find((tree) => tree.leaves.length === 2)!.leaves.map(leafOf);
    expect(() => decodeLeaves(encodeLeaves(leaves), 3)).toThrow("3 leaves have 135 bytes, not 90");
    expect(() => decodeLeaves(encodeLeaves(leaves.toReversed()), 2)).toThrow("in the place of 0");
    const odd = encodeLeaves(leaves);
    odd[4] = 5;
    expect(() => decodeLeaves(odd, 2)).toThrow("outcome 5");
    const over = leaves.map((leaf) => ({ ...leaf, units: 2n ** 63n }));
    expect(() => new ResultTree(over)).toThrow("64 bits");
});
