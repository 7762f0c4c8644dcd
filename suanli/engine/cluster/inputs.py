"""Large inputs of tasks, each sent into the cluster once, from where dask brings it to machines."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

LARGE = 32 << 10
"""Bytes from which on an input goes by itself; smaller ones go with their task."""
KEPT_BYTES = 512 << 20
"""Of inputs that no task needs now, but the next one may."""


def digest_of(content: bytes) -> bytes | None:
    """By which an input is known in the cluster; None: it goes with its task."""
    return hashlib.sha256(content).digest() if len(content) >= LARGE else None


class Inputs:
    """Those that are in the cluster, as far as this client knows; dask itself moves what no longer
    fits into a machine's memory to its disk."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, tuple[int, asyncio.Task[Any]]] = OrderedDict()

    async def put(self, client: Any, digest: bytes, content: bytes, machines: Sequence[str]) -> Any:
        """What stands for it in a task. Raises what dask does if it can't be sent."""
        while True:
            _, sent = self._kept.get(digest, (0, None))
            if sent is None or (sent.done() and _is_lost(sent, client)):
                sent = asyncio.ensure_future(_scatter(client, digest, content, machines))
                self._kept[digest] = len(content), sent
                self._make_room()
            self._kept.move_to_end(digest)
            found = await asyncio.shield(sent)
            if not _is_lost(sent, client):
                return found

    def clear(self) -> None:
        self._kept.clear()

    def _make_room(self) -> None:
        total = sum(size for size, _ in self._kept.values())
        for digest, (size, sent) in list(self._kept.items())[:-1]:
            if total <= self._most:
                return
            if sent.done():  # dask keeps it as long as a task needs it
                del self._kept[digest]
                total -= size


async def _scatter(client: Any, digest: bytes, content: bytes, machines: Sequence[str]) -> Any:
    key = f"suanli-input-{digest.hex()}"
    futures = await client.scatter({key: content}, workers=list(machines))
    return futures[key]


def _is_lost(sent: asyncio.Task[Any], client: Any) -> bool:
    if sent.cancelled() or sent.exception() is not None:
        return True
    future = sent.result()
    return future.client is not client or future.status not in ("pending", "finished")
