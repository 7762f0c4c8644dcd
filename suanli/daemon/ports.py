"""What a daemon's ports share: one inbox for what they hear, a lane for each way out, and what was
sent before its last end."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from suanli.chain import ContractError, NotSigned, Sender, Sent, TransactionError
from suanli.daemon.lane import Errand, Lane

T = TypeVar("T")
LAST_WAIT = 15.0
"""Seconds for which an ending daemon waits for what is under way; nothing depends on it."""


@dataclass(frozen=True)
class Broken:
    """A lane ended by an error that is no outage."""

    error: Exception


class Inbox(Generic[T]):
    """What ports hear, in order. Any thread may put."""

    def __init__(self, most: int = 1_000) -> None:
        self._queue: queue.SimpleQueue[T | Broken] = queue.SimpleQueue()
        self._most = most

    def put(self, item: T | Broken) -> None:
        self._queue.put(item)

    def is_empty(self) -> bool:
        return self._queue.empty()

    def take(self, timeout: float) -> list[T]:
        """All that has come, at most so many; waits up to `timeout` seconds for the first. Raises
        what ended a lane."""
        taken: list[T | Broken] = []
        try:
            taken.append(self._queue.get(timeout=timeout) if timeout else self._queue.get_nowait())
            while len(taken) < self._most:
                taken.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        items: list[T] = []
        for item in taken:
            if isinstance(item, Broken):
                raise item.error
            items.append(item)
        return items


class Lanes:
    """A daemon's lanes: made alike, begun and ended together."""

    def __init__(
        self,
        tell: Callable[[str, str], None],
        broken: Callable[[Broken], None],
        clock: Callable[[], float],
    ) -> None:
        self._tell, self._broken, self._clock = tell, broken, clock
        self.all: list[Lane] = []
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def make(
        self,
        name: str,
        outages: tuple[type[Exception], ...],
        poll: Errand | None = None,
        every: float = 1.0,
    ) -> Lane:
        lane = Lane(
            name,
            outages,
            poll=poll,
            every=every,
            tell=self._tell,
            broken=lambda error: self._broken(Broken(error)),
            clock=self._clock,
        )
        self.all.append(lane)
        return lane

    def start(self) -> None:
        """Each in a thread of its own."""
        self._threads = [
            threading.Thread(target=lane.serve, args=(self._stop,), name=lane.name, daemon=True)
            for lane in self.all
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """What is under way may end, within reason."""
        self._stop.set()
        for lane in self.all:
            lane.nudge()
        ends = time.monotonic() + LAST_WAIT
        for thread in self._threads:
            thread.join(timeout=max(ends - time.monotonic(), 0))


class Orphans:
    """Transactions that were open when this daemon began, and that nobody may want any more. They
    are followed to their end: later ones wait behind them."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._open: list[Sent] | None = None

    @property
    def busy(self) -> bool:
        return self._open is None or bool(self._open)

    def find(self) -> None:
        """Once, before anything is sent."""
        if self._open is None:
            self._open = self._sender.pending()

    def follow(self) -> None:
        """Raises TransportError, BadAnswer: the node is away."""
        self._open = [sent for sent in self._open or () if not self._is_over(sent)]

    def _is_over(self, sent: Sent) -> bool:
        try:
            return self._sender.poll(sent) is not None
        except NotSigned:  # it may be later, and others can be sent meanwhile
            return False
        except (ContractError, TransactionError):
            return True
