"""What a contract says of one miner that leases, followed from where it was left."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Generic, TypeVar

from suanli.chain import CursorState, Event, EventCursor, Node
from suanli.chain.funding import LOCAL_CHAINS
from suanli.daemon import ChainClock

NewsT = TypeVar("NewsT")


class Follower(Generic[NewsT]):
    """Made for what events of the classes `kinds` mean (`_told`). May block; raises ChainError.

    `mark`: what an earlier one noted. Without one it begins at the newest block, since nobody opens
    anything without a quote, which this miner has not given yet.
    """

    def __init__(
        self,
        node: Node,
        address: str,
        kinds: Iterable[type[Event]],
        chain_id: int,
        mark: str | None,
    ) -> None:
        self._node = node
        self._cursor = EventCursor(node, address, only=kinds)
        if mark is None:
            self._state = CursorState.from_block(node.head().number)
        else:
            self._state = CursorState.from_json(json.loads(mark))
        self._is_local = chain_id in LOCAL_CHAINS
        self._clock = ChainClock(self._is_local)

    def now(self) -> int:
        """The chain's time, in seconds since 1970."""
        return self._clock.now()

    def mark(self) -> str:
        """How far it has read."""
        return json.dumps(self._state.to_json())

    def news(self) -> list[NewsT]:
        """All that is new, in its order."""
        found: list[NewsT] = []
        while True:
            batch = self._cursor.read(self._state)
            if self._cursor.head is not None:
                self._clock.saw(self._cursor.head)
            if batch.rolled_back_to is not None:
                found += self._looked_at()
            for event in batch.events:
                found += self._told(event)
            self._state = batch.state
            if batch.caught_up:
                return found

    def _told(self, event: Event) -> Iterable[NewsT]:
        """What an event means."""
        raise NotImplementedError

    def _looked_at(self) -> Iterable[NewsT]:
        """After a reorganization, which may have undone an opening."""
        raise NotImplementedError
