"""Blobs of results: from the job's folder if they are there, else from the miners' store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

from suanli.base.parallel import side_by_side
from suanli.protocol import SALT_BYTES, Ref
from suanli.relay import RelayBusy
from suanli.store import (
    MAX_BLOB,
    SMALL,
    TOGETHER,
    BlobCorrupt,
    BlobMissing,
    BlobTooLarge,
    DirectoryStore,
    Store,
    StoreError,
    StoreUnavailable,
    cid_of,
    fetch,
)
from suanli.verify.errors import FolderFailed

T = TypeVar("T")
LONGEST_PAUSE = 3.0
"""Seconds, all together, that a busy relay is waited for before the other deals have their turn."""
SHORTEST_PAUSE = 0.1
CONNECTIONS = 4
"""By which large blobs come side by side."""


class Fetching:
    """What came is kept at once: a fetch that was interrupted goes on where it was. `fetched`: how
    many blobs came from the store since `begin`."""

    def __init__(self, store: Store, keep: DirectoryStore, sleep: Callable[[float], None]) -> None:
        self.fetched = 0
        self._store, self._keep, self._sleep = store, keep, sleep
        self._paused = 0.0
        # Of those that must be fetched again and again, what is here is read only once.
        self._right: set[bytes] = set()

    def begin(self) -> None:
        """A result is looked at, perhaps not for the first time."""
        self.fetched, self._paused = 0, 0.0

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        """As `Store.get`. Raises FolderFailed if the job's folder can't be written."""
        with suppress(BlobMissing, BlobCorrupt):
            return self._keep.get(digest, limit)
        data = self._patiently(lambda: self._store.get(digest, limit))
        self._kept(lambda: self._keep.put(data, digest))
        self.fetched += 1
        self._right.add(digest)
        return data

    def bring(self, digests: Iterable[bytes]) -> None:
        """Have the small ones among them here, as far as they come: `get` tells of the others.

        Raises: as `get`.
        """
        wanted = self._absent(digests)
        for begin in range(0, len(wanted), TOGETHER):
            some = wanted[begin : begin + TOGETHER]
            blobs = self._patiently(lambda some=some: self._store.get_many(some))  # type: ignore[misc]
            self._kept(lambda blobs=blobs: self._keep.put_many(blobs))  # type: ignore[misc]
            self.fetched += len(blobs)
            self._right |= blobs.keys()

    def bring_parts(self, refs: Iterable[Ref]) -> None:
        """Have salted blobs here, all of them, right, and of no more bytes than told. None is held
        in memory whole.

        Raises: as `get`.
        """
        sizes = {ref.digest: ref.size + SALT_BYTES for ref in refs}
        self.bring(digest for digest, size in sizes.items() if size <= SMALL)
        wanted = self._absent(sizes)
        while wanted:
            failed = side_by_side(lambda d: self._stream(d, sizes[d]), wanted, CONNECTIONS)
            self._right |= set(wanted) - failed.keys()
            self.fetched += len(wanted) - len(failed)
            for error in failed.values():
                self._pause(error)  # raises what does not pass by itself
            wanted = list(failed)

    def first(self, digest: bytes) -> bytes:
        """The first piece of a blob that was brought."""
        return next(self._keep.stream(digest), b"")

    def size(self, digest: bytes) -> int:
        """Bytes of a blob that was brought."""
        return self._keep.size(digest)

    def _absent(self, digests: Iterable[bytes]) -> list[bytes]:
        return [digest for digest in dict.fromkeys(digests) if not self._is_here(digest)]

    def _is_here(self, digest: bytes) -> bool:
        if not self._keep.has(digest):
            return False
        if digest not in self._right:
            with suppress(BlobMissing, BlobCorrupt):
                for _ in self._keep.stream(digest):
                    pass
                self._right.add(digest)
        return digest in self._right

    def _stream(self, digest: bytes, limit: int) -> None:
        fetch(
            self._store,
            self._keep,
            digest,
            lambda pieces: _bounded(pieces, digest, limit),
            self._kept,
        )

    def _kept(self, act: Callable[[], object]) -> None:
        try:
            act()
        except StoreError as error:
            raise FolderFailed(
                f"the job's folder can't be written: {error}; make room, then resume the job"
            ) from error

    def _patiently(self, ask: Callable[[], T]) -> T:
        while True:
            try:
                return ask()
            except StoreUnavailable as error:
                self._pause(error)

    def _pause(self, error: Exception) -> None:
        busy = error.__cause__
        if not isinstance(busy, RelayBusy) or self._paused >= LONGEST_PAUSE:
            raise error
        pause = min(max(busy.wait, SHORTEST_PAUSE), LONGEST_PAUSE - self._paused)
        self._paused += pause
        self._sleep(pause)


def _bounded(pieces: Iterable[bytes], digest: bytes, limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise BlobTooLarge(f"blob {cid_of(digest)}: it has more than {limit} bytes")
        yield piece
