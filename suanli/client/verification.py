"""Whether a miner's result is what it claims: nothing of it is believed.

First everything is fetched: list of leaves, output records, outputs; each must have the digest
that commits to it, and the leaves the root and the sum that are claimed. Then a random share of
the tasks is run again, and every task whose program failed: a miner could claim failure to bill
the whole limit.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

from suanli.client.errors import ResultRefused
from suanli.client.stored import StoredJob
from suanli.engine import UNIT, Executor, InvalidTask, Limits, Module, Outcome, Result, Task
from suanli.job import (
    DataError,
    Leaf,
    Manifest,
    Ref,
    ResultError,
    Tree,
    canonical,
    decode_leaves,
    leaf_of,
    plaintext_of,
)
from suanli.job.tree import LEAF_BYTES
from suanli.store import MAX_BLOB, StoreError
from suanli.text import plain

MAX_RECORD = 16 << 20
"""Bytes of an output record: as many as a manifest may have."""


@dataclass(frozen=True)
class Claim:
    """What a miner says its result is; `leaves`: digest of the blob with the leaf list."""

    root: bytes
    units_used: int
    leaves: bytes


class Source(Protocol):
    """Where blobs come from: the reading half of `Store`."""

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes: ...


def fetch_leaves(store: Source, claim: Claim, part: Manifest, units: int) -> list[Leaf]:
    """The leaves that the claim commits to.

    Raises:
        ResultRefused: withheld, or not what is claimed.
        FolderFailed: what came can't be kept.
    """
    tasks = len(part.tasks)
    data = _fetch(store, claim.leaves, tasks * LEAF_BYTES, None)
    try:
        leaves = decode_leaves(data, tasks)
        tree = Tree(leaves)
    except ResultError as error:
        raise ResultRefused("wrong", f"the list of leaves: {error}") from None
    if tree.root != claim.root:
        raise ResultRefused("wrong", "the leaves have another root than the result")
    if tree.total != claim.units_used:
        why = f"the leaves sum to {tree.total} units, the result says {claim.units_used}"
        raise ResultRefused("wrong", why)
    if claim.units_used > units:
        raise ResultRefused("wrong", f"{claim.units_used} units are above the deal's {units}")
    for leaf in leaves:
        if leaf.units > part.limits.units:
            why = f"{leaf.units} units are above the task's limit of {part.limits.units}"
            raise ResultRefused("wrong", why, leaf.index)
    return leaves


def fetch_output(store: Source, leaf: Leaf, salt: bytes, limits: Limits) -> Result:
    """What a task left, every byte checked against its leaf.

    Raises: as `fetch_leaves`.
    """
    record = _plain(store, leaf.digest, None, salt, MAX_RECORD, leaf.index)
    result = _result(leaf, record, limits, lambda ref: _part(store, ref, salt, leaf.index))
    # Built anew from its parts it must have the very same digest: so it was canonical.
    if leaf_of(leaf.index, result, salt) != leaf:
        raise ResultRefused("wrong", "the output record is not in its one form", leaf.index)
    return result


def sample(results: Sequence[Result], share: float, chance: random.Random) -> list[int]:
    """Which tasks to run again: those that failed, and a random share (0 to 1) of all, one at
    least unless the share is 0."""
    count = min(len(results), ceil(share * len(results)))
    chosen = set(chance.sample(range(len(results)), count))
    return sorted(chosen | {index for index, result in enumerate(results) if not result.ok})


def audit(
    job: StoredJob, part: Manifest, leaves: Sequence[Leaf], chosen: Sequence[int], pool: Executor
) -> Mapping[int, Leaf]:
    """Run chosen tasks again; the right leaf of each that differs, by task.

    Raises:
        EngineError: this machine could not decide.
    """
    module = job.module(part.module)
    running = [(i, pool.submit(part.engine_task(i, module, job.read))) for i in chosen]
    right = {i: leaf_of(i, future.result(), job.salt) for i, future in running}
    return {i: leaf for i, leaf in right.items() if leaf != leaves[i]}


def _result(leaf: Leaf, record: bytes, limits: Limits, read: Callable[[Ref], bytes]) -> Result:
    try:
        raw = canonical.decode(record, MAX_RECORD)
        outcome = Outcome(raw["outcome"])
        stdout, stderr = _ref(raw["stdout"]), _ref(raw["stderr"])
        files = {str(path): _ref(ref) for path, ref in raw["files"].items()}
        exit_code = raw["exit_code"]
        if exit_code is not None and type(exit_code) is not int:
            raise ValueError("no exit code")
        # What can't be put into a task's folder can't have been left there.
        Task(Module(b""), inputs=dict.fromkeys(files, b""))
    except InvalidTask as error:
        why = f"no program can leave such files: {str(error)[:200]}"
        raise ResultRefused("wrong", why, leaf.index) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ResultRefused("wrong", "its output record can't be read", leaf.index) from None
    if outcome.code != leaf.outcome:
        raise ResultRefused("wrong", "leaf and record tell different outcomes", leaf.index)
    sizes = (
        (stdout.size, limits.stdout_bytes),
        (stderr.size, limits.stderr_bytes),
        (sum(ref.size for ref in files.values()), limits.file_bytes),
        (len(files), limits.files),
    )
    if any(size > limit for size, limit in sizes):
        raise ResultRefused("wrong", "its outputs are above the job's limits", leaf.index)
    return Result(
        outcome,
        exit_code,
        read(stdout),
        read(stderr),
        {path: read(ref) for path, ref in files.items()},
        leaf.units * UNIT,
    )


def _ref(raw: Any) -> Ref:
    if type(raw["size"]) is not int or raw["size"] < 0:
        raise ValueError("no size")
    digest = bytes.fromhex(raw["digest"])
    if len(digest) != 32:
        raise ValueError("no digest")
    return Ref(digest, raw["size"])


def _part(store: Source, ref: Ref, salt: bytes, task: int) -> bytes:
    return _plain(store, ref.digest, ref.size, salt, ref.size, task)


def _plain(
    store: Source, digest: bytes, size: int | None, salt: bytes, limit: int, task: int
) -> bytes:
    blob = _fetch(store, digest, limit + len(salt), task)
    try:
        return plaintext_of(
            blob, salt, Ref(digest, len(blob) - len(salt) if size is None else size)
        )
    except DataError as error:
        raise ResultRefused("wrong", str(error), task) from None


def _fetch(store: Source, digest: bytes, limit: int, task: int | None) -> bytes:
    try:
        return store.get(digest, limit)
    except StoreError as error:
        # Whatever keeps us from it, and whoever: it must not hold the deal's money for ever.
        raise ResultRefused("withheld", plain(str(error)), task) from error
