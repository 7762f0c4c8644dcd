"""Which deals need which blobs here: a blob goes with the last one that needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from suanli.miner.journal import INPUTS, Journal
from suanli.store import DirectoryStore


class Holdings:
    """Threads may share it. All methods raise DatabaseFailed and StoreUnavailable."""

    def __init__(self, journal: Journal, local: DirectoryStore) -> None:
        self._journal, self._local = journal, local
        # A deal that comes to own a blob must not find it there just before it is deleted.
        self._lock = threading.Lock()

    def own(self, deal: bytes, digests: Iterable[bytes]) -> None:
        """A deal needs these: noted before they come."""
        with self._lock:
            self._journal.own(deal, {INPUTS: digests})

    def own_outputs(self, deal: bytes, outputs: Mapping[int, Iterable[bytes]]) -> None:
        """Tasks of a deal left these: noted before they come."""
        with self._lock:
            self._journal.own(deal, outputs)

    def forget(self, deal: bytes) -> None:
        """Delete what no other deal needs. It may be asked for again at any time."""
        with self._lock:
            for digest in self._journal.sole(deal):
                self._local.delete(digest)
            self._journal.disown(deal)

    def shed(self, stored: Callable[[bytes, int], bool]) -> bool:
        """Delete what tasks left and is `stored` elsewhere, too; whether there was such."""
        found = [(deal, task) for deal, task in self._journal.outputs() if stored(deal, task)]
        for deal, task in found:
            with self._lock:
                for digest in self._journal.sole(deal, task):
                    self._local.delete(digest)
                self._journal.disown(deal, task)
        return bool(found)

    def tidy(self) -> None:
        """Delete what no deal owns, finished or not: nothing may be under way."""
        self._local.collect(self._journal.owned(), before=float("inf"))
