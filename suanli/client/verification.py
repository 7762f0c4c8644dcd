"""Whether a miner's result is what it claims: nothing of it is believed.

First everything is fetched: list of leaves, output records, outputs; each must have the digest
that commits to it, and the leaves the root and the sum that are claimed. Then the tasks that
`auditing` names are run again.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from suanli.base.text import plain
from suanli.client.errors import ResultRefused
from suanli.client.fetching import Fetching
from suanli.client.stored import StoredJob
from suanli.engine import UNIT, Executor, InvalidTask, Limits, Module, Result, Task
from suanli.job import Content, Left, Manifest, Record, leaf_of
from suanli.job.outputs import Part, size_of
from suanli.protocol import (
    LEAF_BYTES,
    DataError,
    Leaf,
    Ref,
    ResultError,
    Tree,
    decode_leaves,
    plaintext_of,
    refer,
)
from suanli.store import MAX_BLOB, BlobError, DirectoryStore, StoreError

MAX_RECORD = 16 << 20
"""Bytes of an output record: as many as a manifest may have."""
MOST_RUNNING = 2 * len(os.sched_getaffinity(0))
"""Tasks that are run again side by side, or wait for it."""


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


def fetch_records(
    store: Fetching, leaves: Sequence[Leaf], salt: bytes, limits: Limits
) -> Iterator[Record]:
    """The output record of each leaf, but not yet the parts that it only names.

    Raises: as `fetch_leaves`.
    """
    try:
        store.bring(leaf.digest for leaf in leaves)
    except StoreError as error:
        raise ResultRefused("withheld", plain(str(error))) from error
    for leaf in leaves:
        yield _record(store, leaf, salt, limits)


def fetch_parts(store: Fetching, named: Mapping[Ref, int], salt: bytes) -> None:
    """Have parts that records name here, checked; `named`: by which task.

    Raises: as `fetch_leaves`.
    """
    tasks = {ref.digest: task for ref, task in named.items()}
    try:
        store.bring_parts(named)
        for ref, task in named.items():
            if store.size(ref.digest) != len(salt) + ref.size:
                raise ResultRefused("wrong", f"{_blob(ref)} has not the size that is told", task)
            if not store.first(ref.digest).startswith(salt):
                raise ResultRefused("wrong", f"{_blob(ref)} has the salt of another job", task)
    except StoreError as error:
        digest = error.digest if isinstance(error, BlobError) else b""
        raise ResultRefused("withheld", plain(str(error)), tasks.get(digest)) from error


def left_in(store: DirectoryStore, leaf: Leaf, salt: bytes, limits: Limits) -> tuple[Record, Left]:
    """What a task left, to be read from the job's folder piece by piece.

    Raises: as `fetch_leaves`, and what is read as `Store.stream`.
    """
    record = _record(store, leaf, salt, limits)
    files = {path: _content(store, part, salt) for path, part in record.files.items()}
    stdout, stderr = (_content(store, part, salt) for part in (record.stdout, record.stderr))
    return record, Left(stdout, stderr, files)


def fetch_output(store: Source, leaf: Leaf, salt: bytes, limits: Limits) -> Result:
    """What a task left, every byte checked against its leaf.

    Raises: as `fetch_leaves`.
    """
    record = _record(store, leaf, salt, limits)

    def read(part: Part) -> bytes:
        if isinstance(part, bytes):
            return part
        return _plain(store, part.digest, part.size, salt, part.size, leaf.index)

    return Result(
        record.outcome,
        record.exit_code,
        read(record.stdout),
        read(record.stderr),
        {path: read(part) for path, part in record.files.items()},
        leaf.units * UNIT,
    )


def audit(
    job: StoredJob, part: Manifest, leaves: Sequence[Leaf], chosen: Sequence[int], pool: Executor
) -> Mapping[int, Leaf]:
    """Run chosen tasks again; the right leaf of each that differs, by task.

    Raises:
        EngineError: this machine could not decide.
    """
    module, differing = job.module(part.module), {}
    running: deque[tuple[int, Future[Result]]] = deque()
    for index in [*chosen, None]:
        if index is not None:
            running.append((index, pool.submit(part.engine_task(index, module, job.read))))
        # Their inputs and outputs are held in memory: of a few only.
        while len(running) > (0 if index is None else MOST_RUNNING):
            done, future = running.popleft()
            found = leaf_of(done, future.result(), job.salt)
            if found != leaves[done]:
                differing[done] = found
    return differing


def _record(store: Source, leaf: Leaf, salt: bytes, limits: Limits) -> Record:
    data = _plain(store, leaf.digest, None, salt, MAX_RECORD, leaf.index)
    try:
        record = Record.decode(data, MAX_RECORD)
    except ValueError:
        raise ResultRefused("wrong", "its output record can't be read", leaf.index) from None
    try:
        # What can't be put into a task's folder can't have been left there.
        Task(Module(b""), inputs=dict.fromkeys(record.files, b""))
    except InvalidTask as error:
        why = f"no program can leave such files: {str(error)[:200]}"
        raise ResultRefused("wrong", why, leaf.index) from None
    if record.outcome.code != leaf.outcome:
        raise ResultRefused("wrong", "leaf and record tell different outcomes", leaf.index)
    sizes = (
        (size_of(record.stdout), limits.stdout_bytes),
        (size_of(record.stderr), limits.stderr_bytes),
        (sum(map(size_of, record.files.values())), limits.file_bytes),
        (len(record.files), limits.files),
    )
    if any(size > limit for size, limit in sizes):
        raise ResultRefused("wrong", "its outputs are above the job's limits", leaf.index)
    return record


def _content(store: DirectoryStore, part: Part, salt: bytes) -> Content:
    if isinstance(part, bytes):
        return Content(refer(salt, [part]).digest, lambda: [part])

    def read() -> Iterator[bytes]:
        skip = len(salt)
        for piece in store.stream(part.digest):
            yield piece[skip:]
            skip = max(0, skip - len(piece))

    return Content(part.digest, read)


def _blob(ref: Ref) -> str:
    return f"blob {ref.digest.hex()}"


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
