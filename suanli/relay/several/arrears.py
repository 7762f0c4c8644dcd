"""Blobs that one place was not given while it was away: it gets them from the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from suanli.base.errors import SuanliError
from suanli.relay.http_store import HttpStore
from suanli.store import Store, StoreUnavailable

log = logging.getLogger("suanli.relay")
MOST = 100_000
"""Blobs that are remembered."""
AT_ONCE = 200


class Arrears:
    """`source`: where they are."""

    def __init__(self, source: Store, place: HttpStore) -> None:
        self._source, self._place = source, place
        self._lock = threading.Lock()
        self._owed: dict[bytes, None] = {}
        self._paying = False

    def add(self, digests: Sequence[bytes]) -> None:
        with self._lock:
            self._owed |= dict.fromkeys(digests)
            for digest in list(self._owed)[: max(0, len(self._owed) - MOST)]:
                del self._owed[digest]

    def pay(self) -> None:
        """It answers: give it what it lacks, in a thread of its own."""
        with self._lock:
            if self._paying or not self._owed:
                return
            self._paying = True
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            while some := list(self._owed)[:AT_ONCE]:
                self._give(some)
                with self._lock:
                    for digest in some:
                        self._owed.pop(digest, None)
        except StoreUnavailable:
            pass  # once it answers again
        except Exception:
            log.exception("relay %s is not given what it lacks", self._place.url)
        finally:
            self._paying = False

    def _give(self, some: Sequence[bytes]) -> None:
        lacking = list(self._place.missing(some))
        small = self._source.get_many(lacking)
        if small:
            self._place.put_many(small)
        for digest in lacking:
            if digest not in small:
                self._stream(digest)

    def _stream(self, digest: bytes) -> None:
        try:
            self._place.put(self._source.stream(digest), digest)
        except StoreUnavailable:
            raise
        except SuanliError:
            pass  # it is nowhere any more
