"""The result tree against the vectors; tests/contracts/ResultTree holds the contract to them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.protocol import (
    Leaf,
    ResultError,
    Tree,
    decode_leaves,
    depth_of,
    encode_leaves,
    open_leaf,
)
from suanli.protocol.result_tree import MAX_UNITS, verify

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "result_tree.json").read_text())

words = st.binary(min_size=32, max_size=32)


def read_leaf(raw):
    return Leaf(raw["index"], raw["outcome"], bytes.fromhex(raw["digest"]), raw["units"])


def read_path(raw):
    return [(bytes.fromhex(item["hash"]), item["sum"]) for item in raw]


@st.composite
def leaf_lists(draw):
    rows = st.tuples(st.integers(0, 255), words, st.integers(0, 2**40))
    rows = draw(st.lists(rows, min_size=1, max_size=70))
    return [Leaf(index, *row) for index, row in enumerate(rows)]


@pytest.mark.parametrize("vector", VECTORS["trees"], ids=lambda v: f"{len(v['leaves'])} tasks")
def test_builds_the_tree_of_every_vector(vector):
    leaves = [read_leaf(raw) for raw in vector["leaves"]]
    tree = Tree(leaves)
    assert (tree.root.hex(), tree.total) == (vector["root"], vector["total"])
    for item in vector["paths"]:
        path = tree.path(item["index"])
        assert path == read_path(item["path"])
        assert verify(tree.root, tree.total, len(leaves), leaves[item["index"]], path)


@pytest.mark.parametrize("vector", VECTORS["claims"], ids=lambda v: v["name"])
def test_judges_every_claim(vector):
    leaf, path = read_leaf(vector["leaf"]), read_path(vector["path"])
    total = open_leaf(bytes.fromhex(vector["root"]), vector["tasks"], leaf, path)
    assert total == (vector["total"] if vector["reached"] else None)


def test_depths():
    assert [[tasks, depth_of(tasks)] for tasks, _ in VECTORS["depths"]] == VECTORS["depths"]


@given(leaf_lists())
def test_every_leaf_opens_with_the_sum_of_all(leaves):
    tree = Tree(leaves)
    assert tree.total == sum(leaf.units for leaf in leaves)
    for leaf in leaves:
        path = tree.path(leaf.index)
        assert open_leaf(tree.root, len(leaves), leaf, path) == tree.total


@given(leaf_lists(), st.data())
def test_any_changed_leaf_changes_the_root(leaves, data):
    place = data.draw(st.integers(0, len(leaves) - 1))
    changed = list(leaves)
    old = leaves[place]
    changed[place] = Leaf(place, old.outcome, old.digest, old.units + 1)
    assert Tree(changed).root != Tree(leaves).root
    assert Tree([*leaves, Leaf(len(leaves), 0, bytes(32), 0)]).root != Tree(leaves).root


@given(leaf_lists())
def test_leaf_lists_survive_the_way(leaves):
    assert decode_leaves(encode_leaves(leaves), len(leaves)) == leaves


def test_refuses_leaf_lists_that_do_not_fit():
    leaves = [Leaf(index, 0, bytes(32), 5) for index in range(3)]
    data = encode_leaves(leaves)
    for wrong in (data[:-1], data + b"\0", b""):
        with pytest.raises(ResultError, match="are not the leaves of 3 tasks"):
            decode_leaves(wrong, 3)
    with pytest.raises(ResultError, match="leaf 1 stands in the place of leaf 0"):
        decode_leaves(data[45:90] + data[:45] + data[90:], 3)


def test_refuses_trees_that_can_not_be():
    with pytest.raises(ResultError, match="not 0"):
        Tree([])
    with pytest.raises(ResultError, match="leaf 1 stands in the place of leaf 0"):
        Tree([Leaf(1, 0, bytes(32), 0)])
    with pytest.raises(ResultError, match="do not fit 64 bits"):
        Tree([Leaf(0, 0, bytes(32), MAX_UNITS), Leaf(1, 0, bytes(32), 1)])
    with pytest.raises(ResultError, match="no leaf 1"):
        Tree([Leaf(0, 0, bytes(32), 0)]).path(1)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ((-1, 0, bytes(32), 0), "index must be"),
        ((2**32 - 1, 0, bytes(32), 0), "index must be"),
        ((0, 256, bytes(32), 0), "outcome must be"),
        ((0, 0, bytes(31), 0), "31 bytes"),
        ((0, 0, bytes(32), 2**64), "units must be"),
    ],
)
def test_refuses_leaves_that_do_not_fit_their_fields(values, problem):
    with pytest.raises(ResultError, match=problem):
        Leaf(*values)


def test_refuses_openings_without_a_meaning():
    leaf = Leaf(2, 0, bytes(32), 1)
    with pytest.raises(ResultError, match="not in a deal of 2"):
        open_leaf(bytes(32), 2, leaf, [(bytes(32), 0)])
    with pytest.raises(ResultError, match="1 siblings, not 2"):
        open_leaf(bytes(32), 3, leaf, [(bytes(32), 0)])
