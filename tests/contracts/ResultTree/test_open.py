"""ResultTree on the EVM, against the vectors and beside `suanli.protocol.result_tree`."""

import json
from pathlib import Path

import pytest
from eth_utils.crypto import keccak
from hypothesis import assume, event, given
from hypothesis import strategies as st

from suanli.protocol import Leaf, Tree, depth_of, leaf_hash, node_hash, open_leaf
from suanli.protocol.result_tree import MAX_TASKS, MAX_UNITS
from tests.harness.evm import Evm, reverts

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "result_tree.json").read_text())

words = st.binary(min_size=32, max_size=32)
units = st.integers(0, MAX_UNITS)
siblings = st.tuples(words, units)
leaves = st.builds(Leaf, st.integers(0, MAX_TASKS - 1), st.integers(0, 255), words, units)


@pytest.fixture(scope="module")
def library():
    return Evm().deploy("ResultTreeHarness")


@st.composite
def trees(draw, most=40):
    count = draw(st.integers(1, most))
    share = MAX_UNITS // count
    made = [
        Leaf(index, draw(st.integers(0, 4)), draw(words), draw(st.integers(0, share)))
        for index in range(count)
    ]
    return made, Tree(made)


def pack(size, value):
    return value.to_bytes(size, "big")


def as_abi(leaf):
    return (leaf.index, leaf.outcome, leaf.digest, leaf.units)


def read_leaf(raw):
    return (raw["index"], raw["outcome"], bytes.fromhex(raw["digest"]), raw["units"])


def read_path(raw):
    return [(bytes.fromhex(item["hash"]), item["sum"]) for item in raw]


@pytest.mark.parametrize("vector", VECTORS["trees"], ids=lambda v: f"{len(v['leaves'])} tasks")
def test_reaches_the_root_of_every_vector(library, vector):
    root, tasks = bytes.fromhex(vector["root"]), len(vector["leaves"])
    for item in vector["paths"]:
        leaf = read_leaf(vector["leaves"][item["index"]])
        path = read_path(item["path"])
        assert library.open(root, tasks, leaf, path) == (True, vector["total"])
        assert library.verify(root, vector["total"], tasks, leaf, path)


@pytest.mark.parametrize("vector", VECTORS["claims"], ids=lambda v: v["name"])
def test_judges_every_claim(library, vector):
    root, tasks = bytes.fromhex(vector["root"]), vector["tasks"]
    leaf, path = read_leaf(vector["leaf"]), read_path(vector["path"])
    assert library.open(root, tasks, leaf, path) == (vector["reached"], vector["total"])


def test_what_does_not_reach_the_root_verifies_for_no_total(library):
    leaf = (0, 0, bytes(32), 0)
    assert library.open(bytes(32), 1, leaf, []) == (False, 0)
    assert not library.verify(bytes(32), 0, 1, leaf, [])


def test_depths(library):
    for tasks, depth in VECTORS["depths"]:
        assert library.depthOf(tasks) == depth == depth_of(tasks)


@given(leaves, siblings, siblings)
def test_hashes_like_python(library, leaf, left, right):
    assert library.leafHash(as_abi(leaf)) == leaf_hash(leaf)
    assert library.nodeHash(*left, *right) == node_hash(left, right)


@given(trees(), st.data())
def test_every_leaf_is_included(library, made, data):
    all_leaves, tree = made
    leaf = data.draw(st.sampled_from(all_leaves))
    path = tree.path(leaf.index)
    opened = library.open(tree.root, tree.tasks, as_abi(leaf), path)
    assert opened == (True, sum(leaf.units for leaf in all_leaves))


@given(trees(), st.data(), leaves)
def test_no_other_leaf_opens_in_its_place(library, made, data, other):
    all_leaves, tree = made
    leaf = data.draw(st.sampled_from(all_leaves))
    field = data.draw(st.sampled_from(["outcome", "digest", "units"]))
    forged = Leaf(**{**vars(leaf), field: getattr(other, field)})
    assume(forged != leaf)
    path = tree.path(leaf.index)
    assert library.open(tree.root, tree.tasks, as_abi(forged), path) == (False, 0)


@given(trees(), st.data())
def test_no_leaf_opens_in_another_place(library, made, data):
    all_leaves, tree = made
    assume(tree.tasks > 1)
    leaf = data.draw(st.sampled_from(all_leaves))
    place = data.draw(st.integers(0, tree.tasks - 1).filter(lambda at: at != leaf.index))
    moved = Leaf(**{**vars(leaf), "index": place})
    assume(moved != all_leaves[place])
    for path in (tree.path(leaf.index), tree.path(place)):
        assert library.open(tree.root, tree.tasks, as_abi(moved), path) == (False, 0)


@given(trees(), st.data(), words, units)
def test_no_altered_path_opens(library, made, data, other_hash, other_sum):
    all_leaves, tree = made
    assume(tree.tasks > 1)
    leaf = data.draw(st.sampled_from(all_leaves))
    path = tree.path(leaf.index)
    level = data.draw(st.integers(0, len(path) - 1))
    node, total = path[level]
    path[level] = data.draw(st.sampled_from([(other_hash, total), (node, other_sum)]))
    assume(path[level] != (node, total))
    assert library.open(tree.root, tree.tasks, as_abi(leaf), path) == (False, 0)


@given(trees(), units)
def test_verifies_the_total_only(library, made, other):
    all_leaves, tree = made
    leaf, path = as_abi(all_leaves[0]), tree.path(0)
    assert library.verify(tree.root, tree.total, tree.tasks, leaf, path)
    assert library.verify(tree.root, other, tree.tasks, leaf, path) == (other == tree.total)


@given(leaves, siblings, siblings)
def test_leaf_and_node_are_hashed_in_separate_domains(library, leaf, left, right):
    """No leaf is a node's second preimage: first byte and length differ, whatever the fields."""
    of_leaf = b"\0" + pack(4, leaf.index) + pack(1, leaf.outcome) + leaf.digest
    of_leaf += pack(8, leaf.units)
    of_node = b"\1" + left[0] + pack(8, left[1]) + right[0] + pack(8, right[1])
    assert library.leafHash(as_abi(leaf)) == keccak(of_leaf)
    assert library.nodeHash(*left, *right) == keccak(of_node)
    assert len(of_leaf) != len(of_node)


@st.composite
def claims(draw):
    """Any leaf and path in a deal of any size, with the root that they lead to."""
    tasks = draw(st.integers(1, MAX_TASKS) | st.integers(1, 40))
    leaf = Leaf(**{**vars(draw(leaves)), "index": draw(st.integers(0, tasks - 1))})
    sums = draw(st.sampled_from([st.integers(0, 2**58), units]))
    path, node, total = [], leaf_hash(leaf), leaf.units
    for level in range(depth_of(tasks)):
        place = leaf.index >> level
        padding = (place ^ 1) > (tasks - 1) >> level
        blank = padding and draw(st.integers(0, 40)) > 0
        path.append((bytes(32), 0) if blank else (draw(words), draw(sums)))
        pair = ((node, total), path[-1])
        node = node_hash(*(reversed(pair) if place & 1 else pair))
        total = (total + path[-1][1]) % 2**64
    return node, tasks, leaf, path


@given(claims())
def test_answers_like_python(library, claim):
    root, tasks, leaf, path = claim
    total = open_leaf(root, tasks, leaf, path)
    event("reached" if total is not None else "not reached")
    assert library.open(root, tasks, as_abi(leaf), path) == (total is not None, total or 0)


def test_refuses_a_task_the_deal_does_not_have(library):
    with reverts("TaskOutOfRange", 3, 3):
        library.open(bytes(32), 3, (3, 0, bytes(32), 0), [(bytes(32), 0)] * 2)
    with reverts("TaskOutOfRange", 0, 0):
        library.open(bytes(32), 0, (0, 0, bytes(32), 0), [])


@pytest.mark.parametrize(("length", "tasks", "depth"), [(1, 1, 0), (1, 3, 2), (3, 3, 2), (0, 2, 1)])
def test_refuses_a_path_of_another_length(library, length, tasks, depth):
    with reverts("WrongPathLength", length, depth):
        library.open(bytes(32), tasks, (0, 0, bytes(32), 0), [(bytes(32), 0)] * length)
