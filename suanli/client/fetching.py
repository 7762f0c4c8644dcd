"""Blobs of results: from the job's folder if they are there, else from the miners' store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from suanli.client.errors import FolderFailed
from suanli.relay import RelayBusy
from suanli.store import (
    MAX_BLOB,
    BlobCorrupt,
    BlobMissing,
    DirectoryStore,
    Store,
    StoreError,
    StoreUnavailable,
)

LONGEST_PAUSE = 3.0
"""Seconds, all together, that a busy relay is waited for before the other deals have their turn."""
SHORTEST_PAUSE = 0.1


class Fetching:
    """What came is kept at once: a fetch that was interrupted goes on where it was. `fetched`: how
    many blobs came from the store."""

    def __init__(self, store: Store, keep: DirectoryStore, sleep: Callable[[float], None]) -> None:
        self.fetched = 0
        self._store, self._keep, self._sleep = store, keep, sleep
        self._paused = 0.0

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        """As `Store.get`. Raises FolderFailed if the job's folder can't be written."""
        with suppress(BlobMissing, BlobCorrupt):
            return self._keep.get(digest, limit)
        data = self._patiently(digest, limit)
        try:
            self._keep.put(data, digest)
        except StoreError as error:
            raise FolderFailed(
                f"the job's folder can't be written: {error}; make room, then resume the job"
            ) from error
        self.fetched += 1
        return data

    def _patiently(self, digest: bytes, limit: int) -> bytes:
        while True:
            try:
                return self._store.get(digest, limit)
            except StoreUnavailable as error:
                busy = error.__cause__
                if not isinstance(busy, RelayBusy) or self._paused >= LONGEST_PAUSE:
                    raise
                pause = min(max(busy.wait, SHORTEST_PAUSE), LONGEST_PAUSE - self._paused)
                self._paused += pause
                self._sleep(pause)
