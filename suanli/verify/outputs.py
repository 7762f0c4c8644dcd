"""What tasks left: records, outputs; each must have the digest that commits to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from suanli.base.text import plain
from suanli.engine import UNIT, InvalidTask, Limits, Module, Result, Task
from suanli.job import Content, Left, OutputRecord, Part, size_of
from suanli.protocol import DataError, Leaf, Ref, plaintext_of, refer
from suanli.store import BlobError, DirectoryStore, StoreError
from suanli.verify.errors import ResultRefused
from suanli.verify.fetching import Fetching
from suanli.verify.leaves import Source, fetch

MAX_RECORD = 16 << 20
"""Bytes of an output record: as many as a manifest may have."""


def fetch_records(
    store: Fetching, leaves: Sequence[Leaf], salt: bytes, limits: Limits
) -> Iterator[OutputRecord]:
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


def left_in(
    store: DirectoryStore, leaf: Leaf, salt: bytes, limits: Limits
) -> tuple[OutputRecord, Left]:
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


def _record(store: Source, leaf: Leaf, salt: bytes, limits: Limits) -> OutputRecord:
    data = _plain(store, leaf.digest, None, salt, MAX_RECORD, leaf.index)
    try:
        record = OutputRecord.decode(data, MAX_RECORD)
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
    blob = fetch(store, digest, limit + len(salt), task)
    try:
        return plaintext_of(
            blob, salt, Ref(digest, len(blob) - len(salt) if size is None else size)
        )
    except DataError as error:
        raise ResultRefused("wrong", str(error), task) from None
