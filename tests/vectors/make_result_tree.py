"""Writes result_tree.json from the definition, with none of the code that is to meet it.

python tests/vectors/make_result_tree.py
"""

import json
from pathlib import Path

from eth_utils.crypto import keccak

TARGET = Path(__file__).with_name("result_tree.json")
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 100)


def word(value, size):
    return value.to_bytes(size, "big")


def make_leaf(index, units=None):
    digest = keccak(text=f"digest {index}")
    return {
        "index": index,
        "outcome": index % 5,
        "digest": digest.hex(),
        "units": index * index + 7 if units is None else units,
    }


def hash_leaf(leaf):
    return keccak(
        b"\x00"
        + word(leaf["index"], 4)
        + word(leaf["outcome"], 1)
        + bytes.fromhex(leaf["digest"])
        + word(leaf["units"], 8)
    )


def hash_node(left, right):
    return keccak(b"\x01" + left[0] + word(left[1], 8) + right[0] + word(right[1], 8))


def subtree(leaves, depth, first):
    """Hash and sum of the subtree of this depth whose leftmost position is `first`."""
    if first >= len(leaves):
        return bytes(32), 0
    if depth == 0:
        return hash_leaf(leaves[first]), leaves[first]["units"]
    left = subtree(leaves, depth - 1, first)
    right = subtree(leaves, depth - 1, first + 2 ** (depth - 1))
    return hash_node(left, right), left[1] + right[1]


def depth_of(tasks):
    depth = 0
    while 2**depth < tasks:
        depth += 1
    return depth


def path_of(leaves, index):
    path = []
    for level in range(depth_of(len(leaves))):
        first = index // 2**level * 2**level
        path.append(subtree(leaves, level, first ^ 2**level))
    return path


def shown(path):
    return [{"hash": node.hex(), "sum": total} for node, total in path]


def tree(leaves, indexes):
    root, total = subtree(leaves, depth_of(len(leaves)), 0)
    paths = [{"index": index, "path": shown(path_of(leaves, index))} for index in indexes]
    return {"leaves": leaves, "root": root.hex(), "total": total, "paths": paths}


def claim(name, root, tasks, leaf, path, reached, total=0):
    return {
        "name": name,
        "root": root.hex(),
        "tasks": tasks,
        "leaf": leaf,
        "path": shown(path),
        "reached": reached,
        "total": total,
    }


def claims():
    """Single openings, most of them wrong; `total` is what the opening proves."""
    top = 2**64 - 1
    a, b, c = (make_leaf(index) for index in range(3))
    one, two, three = ((hash_leaf(leaf), leaf["units"]) for leaf in (a, b, c))
    pair = hash_node(one, two)
    units = a["units"] + b["units"]
    empty = (bytes(32), 0)
    sound = hash_node((pair, units), (hash_node(three, empty), c["units"]))
    total = units + c["units"]

    full = make_leaf(0, top)
    zero = make_leaf(1, 0)
    brim = hash_node((hash_leaf(full), top), (hash_leaf(zero), 0))
    spare = make_leaf(1, 1)
    over = hash_node((hash_leaf(full), top), (hash_leaf(spare), 1))

    inflated = hash_node((pair, units + 1), (hash_node(three, empty), c["units"]))
    phantom = (keccak(text="phantom"), 1000)
    padded = hash_node((pair, units), (hash_node(three, phantom), c["units"] + 1000))
    heavy = hash_node((pair, units), (hash_node(three, (bytes(32), 5)), c["units"] + 5))
    idle = (keccak(text="phantom"), 0)
    idled = hash_node((pair, units), (hash_node(three, idle), c["units"]))
    right = (hash_node(three, empty), c["units"])
    padded_right = (hash_node(three, phantom), c["units"] + 1000)
    return [
        claim("sound", sound, 3, a, [two, right], True, total),
        claim("sound, beside padding", sound, 3, c, [empty, (pair, units)], True, total),
        claim("other units", sound, 3, {**a, "units": 8}, [two, right], False),
        claim("other outcome", sound, 3, {**a, "outcome": 1}, [two, right], False),
        claim("leaf of another place", sound, 3, {**b, "index": 0}, [two, right], False),
        claim("a sibling's place", sound, 3, b, [two, right], False),
        claim("sum moved between siblings", sound, 3, a, [(two[0], two[1] + 1), right], False),
        claim("largest total", brim, 2, full, [(hash_leaf(zero), 0)], True, top),
        claim("overflow", over, 2, full, [(hash_leaf(spare), 1)], False),
        claim("overflow, other side", over, 2, spare, [(hash_leaf(full), top)], False),
        claim("inner sum raised, seen from below", inflated, 3, a, [two, right], False),
        claim(
            "inner sum raised, seen beside",
            inflated,
            3,
            c,
            [empty, (pair, units + 1)],
            True,
            total + 1,
        ),
        claim("units in the padding", padded, 3, c, [phantom, (pair, units)], False),
        claim(
            "units in the padding, seen from afar",
            padded,
            3,
            a,
            [two, padded_right],
            True,
            total + 1000,
        ),
        claim("hash without sum in the padding", idled, 3, c, [idle, (pair, units)], False),
        claim("units in the padding of an upper level", **upper_padding()),
        claim(
            "sum without hash in the padding", heavy, 3, c, [(bytes(32), 5), (pair, units)], False
        ),
    ]


def upper_padding():
    """Five tasks leave one position empty beside the last, and two above it."""
    leaves = [make_leaf(index) for index in range(5)]
    left = subtree(leaves, 2, 0)
    last, phantom = leaves[4], (keccak(text="phantom"), 1000)
    alone = hash_node((hash_leaf(last), last["units"]), (bytes(32), 0))
    right = hash_node((alone, last["units"]), phantom)
    root = hash_node(left, (right, last["units"] + 1000))
    path = [(bytes(32), 0), phantom, left]
    return {"root": root, "tasks": 5, "leaf": last, "path": path, "reached": False}


def main():
    trees = []
    for tasks in SIZES:
        leaves = [make_leaf(index) for index in range(tasks)]
        trees.append(tree(leaves, range(tasks) if tasks < 10 else (0, 1, tasks // 2, tasks - 1)))
    depths = [[t, depth_of(t)] for t in (1, 2, 3, 4, 5, 1023, 1024, 1025, 2**31, 2**32 - 1)]
    vectors = {"depths": depths, "trees": trees, "claims": claims()}
    TARGET.write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
