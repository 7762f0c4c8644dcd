"""Both directions of a stream that outlives its connections: numbered, kept, acknowledged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from suanli.lease.errors import BadPeer
from suanli.lease.wire.frames import PIECE, Doing, Numbered, item

MOST_KEPT = 1 << 20
"""Bytes that are not acknowledged: whoever wants to send more waits."""


class Outgoing:
    """Items go out in order; those not acknowledged go out again on the next connection."""

    def __init__(self, first: int = 0) -> None:
        self.next = first
        self._kept: deque[Numbered] = deque()
        self._size = 0
        self._sent = first
        self._changed = asyncio.Event()

    async def put(self, doing: Doing, data: bytes = b"", *, urgent: bool = False) -> None:
        """Waits while too much is under way, unless it is `urgent`."""
        while self._size >= MOST_KEPT and not urgent:
            await self._change()
        self._kept.append(Numbered(self.next, doing, data))
        self.next += 1
        self._size += len(data)
        self._notify()

    def acknowledged(self, have: int) -> None:
        """All below `have` has arrived. Raises BadPeer: it was never sent."""
        if have > self.next:
            raise BadPeer(f"item {have - 1} is acknowledged, which was never sent")
        while self._kept and self._kept[0].number < have:
            self._size -= len(self._kept.popleft().data)
        self._sent = max(self._sent, have)
        self._notify()

    def resume(self, have: int) -> None:
        """On a new connection, whose other side has all below `have`.

        Raises:
            BadPeer: what it wants is not kept any more, or was never sent.
        """
        first = self._kept[0].number if self._kept else self.next
        if have < first:
            raise BadPeer(f"item {have} is wanted again, which was acknowledged")
        self.acknowledged(have)
        self._sent = have

    async def frame(self) -> bytes:
        """The next that is to be sent; waits for it."""
        while self._sent >= self.next:
            await self._change()
        found = self._kept[self._sent - self._kept[0].number]
        self._sent += 1
        return item(found.number, found.doing, found.data)

    async def drained(self) -> None:
        """Until all is acknowledged."""
        while self._kept:
            await self._change()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _change(self) -> None:
        await self._changed.wait()


class Incoming:
    """What comes, once each and in order. What was taken and is not `done` yet is said to be
    missing: it comes again on the next connection, and is dropped."""

    def __init__(self, first: int = 0) -> None:
        self.have = self.done = first
        self._items: asyncio.Queue[Numbered] = asyncio.Queue()
        self._size = self._told = 0
        self.much = asyncio.Event()
        """So much was dealt with since it was `acknowledging` that the sender may be waiting."""
        self.urgent: Callable[[Numbered], None] = lambda found: None
        """Hears of each new item as it comes, before those that wait."""

    def take(self, found: Numbered) -> bool:
        """Whether it is new. Raises BadPeer: one before it is missing, or there is no end of it."""
        if found.number > self.have:
            raise BadPeer(f"item {self.have} is missing before item {found.number}")
        if found.number < self.have:
            return False
        self._size += len(found.data)
        if self._size > MOST_KEPT + PIECE:
            raise BadPeer(f"more than {MOST_KEPT} bytes come unasked")
        self.have += 1
        self.urgent(found)
        self._items.put_nowait(found)
        return True

    async def next(self) -> Numbered:
        """The next; once it is dealt with, it is to be `finished`."""
        return await self._items.get()

    def finished(self, found: Numbered) -> None:
        self._size -= len(found.data)
        self._told += len(found.data)
        self.done = found.number + 1
        if self._told > MOST_KEPT // 4:
            self.much.set()

    def acknowledging(self) -> int:
        """All below this is dealt with."""
        self._told = 0
        self.much.clear()
        return self.done
