"""What parties and jurors say in a court, made from who says it: secrets, salts, leaves, traces."""

from __future__ import annotations

from eth_utils import keccak

from suanli.model.court import Case
from suanli.protocol.court import (
    case_id,
    leaf_commitment,
    secret_commitment,
    vote_commitment,
)
from suanli.protocol.result_tree import Leaf, Tree, leaf_hash

UNITS = 10
"""Billed for each task."""
ZERO = bytes(32)
__all__ = ["case_id"]


def leaf(task: int, told: str = "right", units: int = UNITS) -> Leaf:
    return Leaf(task, 0, keccak(text=f"{told} output of task {task}"), units)


def tree(tasks: int, wrong: tuple[int, ...] = (), units: int = UNITS) -> Tree:
    """A result in which some tasks' leaves are not the right ones."""
    return Tree([leaf(task, "wrong" if task in wrong else "right", units) for task in range(tasks)])


def secret(case_id: bytes, number: int, by_miner: bool) -> bytes:
    return keccak(case_id + bytes([number, by_miner]))


def committed_secret(case_id: bytes, number: int, by_miner: bool) -> bytes:
    return secret_commitment(case_id, number, by_miner, secret(case_id, number, by_miner))


def salt_of(case_id: bytes) -> bytes:
    """Of the filer."""
    return keccak(b"filed" + case_id)


def shown_leaf(case: Case, told: str) -> bytes:
    """What its filer holds right."""
    return ZERO if case.withheld else leaf_hash(leaf(case.task, told))


def committed_leaf(case_id: bytes, filer: str, task: int, told: str, withheld: bool) -> bytes:
    held = ZERO if withheld else leaf_hash(leaf(task, told))
    return leaf_commitment(filer, held, salt_of(case_id))


def vote(case: Case, index: int, told: str) -> tuple[bytes, bytes, bytes]:
    """Leaf, trace and salt; "nothing": the data can't be had. Those who tell the same tell the same
    trace, which is another one in each ballot."""
    ballot = bytes([case.round.number, len(case.round.ballots)])
    salt = keccak(b"salt" + case.case_id + ballot + bytes([index]))
    if told == "nothing":
        return ZERO, ZERO, salt
    return leaf_hash(leaf(case.task, told)), keccak(case.case_id + ballot + told.encode()), salt


def committed_vote(case: Case, index: int, told: str) -> bytes:
    number, second = case.round.number, len(case.round.ballots) == 2
    return vote_commitment(case.case_id, number, second, index, *vote(case, index, told))
