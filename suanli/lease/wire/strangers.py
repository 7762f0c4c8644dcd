"""Callers that have not shown yet what they may do: few of one address, so that nobody who says
nothing keeps others out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from suanli.lease.wire.carrier import Carrier

MOST, MOST_EACH = 64, 16


class Strangers:
    """`most` at a time, and `each` of one address, that of callers through relays left out. Where
    there is no place for another, the one gives way that came first of its address, or of the one
    that has the most."""

    def __init__(self, most: int = MOST, each: int = MOST_EACH) -> None:
        self._most, self._each = most, each
        self._here: dict[str, list[Carrier]] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def among(self, carrier: Carrier) -> AsyncIterator[None]:
        """Has a place meanwhile, unless it must give way: then its connection is closed."""
        there = self._here.setdefault(carrier.address, [])
        if carrier.address and len(there) >= self._each:
            self._send_away(carrier.address)
        elif sum(map(len, self._here.values())) >= self._most:
            self._send_away(max(self._here, key=lambda address: len(self._here[address])))
        self._here.setdefault(carrier.address, []).append(carrier)
        try:
            yield
        finally:
            self._forget(carrier)

    def _send_away(self, address: str) -> None:
        oldest = self._here[address][0]
        self._forget(oldest)
        task = asyncio.create_task(oldest.close())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def _forget(self, carrier: Carrier) -> None:
        there = self._here.get(carrier.address, [])
        if carrier in there:
            there.remove(carrier)
        if not there:
            self._here.pop(carrier.address, None)
