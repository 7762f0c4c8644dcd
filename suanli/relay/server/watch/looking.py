"""A thread that looks every ten seconds at what a relay needs. Who asks how it fares is told what
was seen last, so that no question costs anything, however often it is asked and whatever hangs."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from suanli.base.database import Database, DatabaseFailed
from suanli.chain import ChainError, Node, WrongChain
from suanli.relay.server.database import counted, require_writable, size_of
from suanli.relay.server.index import IndexFailed, MarketIndex
from suanli.relay.server.watch.seen import RelaySeen
from suanli.store import DirectoryStore

LOOK_EVERY, LOOK_AGAIN, LOOK_SHARE = 10.0, 2.0, 20
"""Seconds between looks; when something was wrong, which may have kept the look waiting; else how
many times as long as it took at least."""
FIRST = 1.0
"""Seconds until the first one: an index that is opened meanwhile is no news."""
HANGS = 60.0
"""Seconds after which a look that has not ended is told."""
BEHIND = 60.0
"""Seconds within which the index reads a block once it is there."""
FEW, FEWEST = 2 << 30, 100 << 20
"""Bytes free on the disk that are nearly none, and none."""
NEARLY_FULL, FULL = 0.9, 0.99
"""Of the bytes that all blobs may have."""
STUCK = "it does not get on: see the relay's log"
log = logging.getLogger("suanli.relay")


class RelayWatch:
    """`messages`: a connection of its own to the relay's database; `node`: None without one."""

    def __init__(
        self,
        messages: Database,
        store: DirectoryStore,
        node: Node | None = None,
        chain_id: int = 0,
        index: MarketIndex | None = None,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._messages, self._store, self._node = messages, store, node
        self._chain_id, self._index = chain_id, index
        self._clock, self._monotonic = clock, monotonic
        self._seen: RelaySeen | None = None
        self._awaited: tuple[int, float] | None = None
        """A block, and since when the index is to have it."""
        self._now_at, self._began = "", monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """A look that hangs is not waited for."""
        self._ended.set()
        self._thread.join(1.0)

    def seen(self) -> RelaySeen:
        """What was seen last, and what hangs."""
        found = self._seen or RelaySeen(self._clock(), {"relay": "it is starting"})
        since = self._monotonic() - self._began
        if self._now_at and since > HANGS:
            text = f"it has not answered for {int(since)} s"
            return RelaySeen(**{**vars(found), "wrong": found.wrong | {self._now_at: text}})
        return found

    def status(self) -> dict[str, Any]:
        """As daemons tell it."""
        seen = self.seen()
        return {"running": True, "noted": seen.at, "troubles": seen.wrong, "seen": seen}

    def look(self) -> RelaySeen:
        seen = RelaySeen(self._clock())
        looks = {
            "messages": self._look_at_messages,
            "disk": self._look_at_disk,
            "chain": self._look_at_chain,
            "index": self._look_at_index,
        }
        for name, look in looks.items():
            self._began, self._now_at = self._monotonic(), name
            try:
                look(seen)
            except Exception as error:  # it must not end unseen
                log.exception("a look at the %s failed", name)
                seen.ails(name, f"{type(error).__name__}: see the relay's log")
        self._now_at = ""
        self._tell(seen)
        self._seen = seen
        return seen

    def _run(self) -> None:
        pause = FIRST
        while not self._ended.wait(pause):
            began = self._monotonic()
            wrong = self.look().wrong
            took = self._monotonic() - began
            pause = LOOK_AGAIN if wrong else max(LOOK_EVERY, LOOK_SHARE * took)

    def _look_at_messages(self, seen: RelaySeen) -> None:
        try:
            require_writable(self._messages)
            seen.board, seen.open_requests = counted(self._messages, int(seen.at))
        except DatabaseFailed as error:
            seen.ails("messages", "their database can't be used: nothing posted is kept", error)
        seen.database_size = size_of(self._messages.path)

    def _look_at_disk(self, seen: RelaySeen) -> None:
        seen.blob_size, seen.blob_limit = self._store.used, self._store.max_bytes
        if seen.blob_limit is not None:
            share = seen.blob_size / seen.blob_limit
            text = f"they take {share:.0%} of what they may (--max-bytes)"
            if share >= FULL:
                seen.ails("blobs", text)
            elif share >= NEARLY_FULL:
                seen.warnings["blobs"] = text
        try:
            found = os.statvfs(self._store.root)
        except OSError as error:
            seen.ails("disk", "it can't be read: no blob is kept or found", error)
            return
        seen.free = found.f_bavail * found.f_frsize
        if seen.free < FEWEST:
            seen.ails("disk", "it is full")
        elif seen.free < FEW:
            seen.warnings["disk"] = "it is nearly full"

    def _look_at_chain(self, seen: RelaySeen) -> None:
        if self._node is None:
            return
        try:
            self._node.require_chain(self._chain_id)
            seen.head = self._node.head()
        except WrongChain as error:
            seen.ails("chain", "the node serves another chain", error)
        except ChainError as error:
            text = "the node does not answer: what the chain must judge is refused for now"
            seen.ails("chain", text, error)

    def _look_at_index(self, seen: RelaySeen) -> None:
        if self._index is None:
            return
        try:
            seen.index_size = self._index.database_size()
        except IndexFailed as error:
            seen.ails("index", STUCK, error.reason)
        found = seen.index = self._index.progress()
        if found.problem and "index" not in seen.wrong:
            seen.ails("index", STUCK, found.problem)
        elif found.block is None:
            seen.ails("index", "it has read nothing yet")
        if found.block is None or seen.head is None:
            return
        seen.behind = max(0, seen.head.number - found.block)
        now = self._monotonic()
        if self._awaited is None or found.block >= self._awaited[0]:
            self._awaited = seen.head.number, now
        if now - self._awaited[1] > BEHIND and "index" not in seen.wrong:
            seen.ails("index", f"it is {seen.behind} blocks behind the chain")

    def _tell(self, seen: RelaySeen) -> None:
        """What changed since it was looked last."""
        before = self._seen or RelaySeen(seen.at)
        for now, known in ((seen.wrong, before.wrong), (seen.warnings, before.warnings)):
            for what in now.keys() - known.keys():
                reason = seen.reasons.get(what)
                log.warning("%s: %s%s", what, now[what], f" ({reason})" if reason else "")
        ailed, ails = before.wrong | before.warnings, seen.wrong | seen.warnings
        for what in ailed.keys() - ails.keys():
            log.info("%s: well again", what)
