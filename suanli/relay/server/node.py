"""The relay's node: asked once, briefly, and little at a time, for callers make it ask."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from suanli.chain import Node, Transport, TransportError, transport_of

TIMEOUT = 3.0
"""Seconds for an answer."""
MOST = 4
"""Questions at once."""
PATIENCE = 0.2
"""Seconds that a question waits for others to be answered."""


class NodeBusy(TransportError):
    """The relay asks its node as much as it may: it was not asked."""


class Sparing:
    """A transport of `MOST` questions at once. What does not find room is no answer."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._room = threading.Semaphore(MOST)

    def request(self, method: str, params: Sequence[Any]) -> Any:
        # A question that waited long would keep a thread from those who ask nothing of the chain.
        if not self._room.acquire(timeout=PATIENCE):
            raise NodeBusy("the node is asked as much as it may: try again in a moment")
        try:
            return self._transport.request(method, params)
        finally:
            self._room.release()


def connect_sparingly(url: str) -> Node:
    return Node(Sparing(transport_of(url, TIMEOUT)))
