"""Programs that were run here: who sends tasks for one again need not send the program again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from suanli.store import BlobError, DirectoryStore, StoreError, fetch

LARGE = 1 << 20
"""Bytes of a module that takes a second or more to compile: it is kept."""
MOST_BYTES = 1 << 30


class Programs:
    """Modules by digest, at most `most_bytes` together, those used last. They are beside the data
    of deals, and go first where the disk is full."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES, min_free: int = 0) -> None:
        self._store = DirectoryStore(folder, max_bytes=most_bytes, min_free=min_free)
        self._most = most_bytes

    def bring(self, digest: bytes, local: DirectoryStore) -> None:
        """Into `local`, if it is kept here and found to be right. Raises StoreFull."""
        if self._store.has(digest):
            with suppress(BlobError):
                fetch(self._store, local, digest)

    def keep(self, digest: bytes, local: DirectoryStore) -> None:
        """From now on. Trouble with it costs a fetch another time."""
        with suppress(StoreError):
            size = local.size(digest)
            if self._store.touch(digest) or not LARGE <= size <= self._most:
                return
            while self._store.used + size > self._most:
                self._store.delete(min(self._store, key=self._used_at))
            self._store.put(local.stream(digest), digest)

    def clear(self) -> None:
        """Make room."""
        self._store.collect((), before=float("inf"))

    def _used_at(self, digest: bytes) -> int:
        return self._store.file(digest)[1].st_mtime_ns
