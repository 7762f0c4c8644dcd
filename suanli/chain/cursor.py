"""Reading the market's events in order, once each, through restarts and reorganizations.

The position is a small value, not an object: `read` takes a `CursorState` and gives an `EventBatch`
with the next one. Who keeps that state in the same transaction as what it made of the batch can be
killed at any moment.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from suanli.chain.errors import AnswerTooLarge, RateLimited, RpcError, TransportError
from suanli.chain.event import Event
from suanli.chain.logs import decode_log, topics_of
from suanli.chain.node import Block, Log, Node
from suanli.protocol import InvalidMessage

REMEMBERED = 64
"""How many blocks' hashes a state carries; a batch adds one."""
PROBE_AFTER, LONGEST_PROBE_AFTER = 4, 64
"""Ranges taken before twice as many blocks are asked for again; doubled when they are refused."""
TELL_AFTER, TELL_EVERY = 5.0, 10.0
"""Seconds of reading until it is told of, and until the next time."""
_NAMED = (
    re.compile(r"(\d[\d,]*)\s*(k?)[\s-]*blocks?\b", re.IGNORECASE),
    re.compile(r"block range\D{0,30}(\d[\d,]*)\s*(k?)\b", re.IGNORECASE),
)
"""How nodes name the most blocks that they search."""
log = logging.getLogger("suanli.chain")


@dataclass(frozen=True)
class CursorState:
    """Everything before block `following` is read. `seen`: (number, hash) of blocks read, oldest
    first, to find where a reorganized chain parts from the one that was read."""

    start: int
    following: int
    seen: tuple[tuple[int, bytes], ...] = ()

    @classmethod
    def from_block(cls, start: int) -> CursorState:
        """Nothing is read yet; begin at block `start`, the market's own for all its events."""
        return cls(start, start)

    def to_json(self) -> dict[str, Any]:
        seen = [[number, "0x" + block_hash.hex()] for number, block_hash in self.seen]
        return {"start": self.start, "following": self.following, "seen": seen}

    @classmethod
    def from_json(cls, value: Any) -> CursorState:
        """Raises InvalidMessage if this was not written by `to_json`."""
        try:
            seen = tuple((int(n), bytes.fromhex(text[2:])) for n, text in value["seen"])
            return cls(int(value["start"]), int(value["following"]), seen)
        except (KeyError, TypeError, ValueError):
            raise InvalidMessage("cursor", "is damaged: begin anew from the first block") from None


@dataclass(frozen=True)
class EventBatch:
    """What one reading found.

    If `rolled_back_to` is not None, the chain was reorganized: what came from blocks above it must
    be forgotten first; `events` begin right after it. `caught_up`: there is nothing more for now;
    if not, read again. `logs`: what the events were made of, and what is none of the market's.
    """

    events: tuple[Event, ...]
    state: CursorState
    caught_up: bool
    rolled_back_to: int | None = None
    logs: tuple[Log, ...] = ()


class EventCursor:
    """Reads a market's events: only those of the classes `only`, if any are named, and of the
    requests `ids`, if any are (all of these classes must then be of requests). Of other contracts
    it gives the logs, of the event `topic`; of several together their logs say whose they are.

    `confirmations` leaves out the newest blocks: 0 reads up to the newest. `span` bounds the
    blocks asked for at once. Where the node refuses so many, what it takes is asked for, and
    seldom more.
    """

    def __init__(
        self,
        node: Node,
        market: str | Sequence[str],
        only: Iterable[type[Event]] = (),
        confirmations: int = 0,
        span: int = 2_000,
        ids: Iterable[bytes] = (),
        topic: bytes | None = None,
    ) -> None:
        self._node = node
        self._market = market.lower() if isinstance(market, str) else tuple(market)
        self._topics = topics_of(only) if topic is None else (topic,)
        self._ids = tuple(ids)
        self._confirmations = confirmations
        self._most = self.span = span
        self.head: Block | None = None
        """The newest block, as of the last reading."""
        self._taken, self._probe_after, self._probing = 0, PROBE_AFTER, False
        self._stood: tuple[int, bytes] | None = None
        """What the last reading ended with."""

    def read(self, state: CursorState, head: Block | None = None) -> EventBatch:
        """The next events after `state`, over a bounded range of blocks; `head`: the newest block,
        if it is known.

        Raises:
            TransportError, RpcError, BadAnswer: nothing was read; try again with the same state.
        """
        self.head = head = head or self._node.head()
        newest = head.number - self._confirmations
        if newest < state.following:
            if self._stands(state, head, head.number):
                return EventBatch((), state, True)
            return self._rolled_back(state)
        end = min(state.following + self.span - 1, newest)
        last = head if end == head.number else self._node.block(end)
        logs = self._logs(state.following, last) if last else None
        if last is None or logs is None:  # refused or reorganized meanwhile: try once more
            return EventBatch((), state, False)
        if not self._stands(state, last, head.number):
            return self._rolled_back(state)
        if not self._belong(logs, last):
            return EventBatch((), state, False)
        events = tuple(event for log in logs if (event := decode_log(log)) is not None)
        self._stood = (last.number, last.hash)
        seen = (*state.seen, self._stood)[-REMEMBERED:]
        after = CursorState(state.start, last.number + 1, seen)
        return EventBatch(events, after, last.number >= newest, logs=logs)

    def _stands(self, state: CursorState, known: Block, head: int) -> bool:
        """Whether what was read last is still part of the chain; `known`: a block of the chain that
        is asked for anyway."""
        if not state.seen:
            return True
        number, block_hash = state.seen[-1]
        if known.number == number:
            return known.hash == block_hash
        if known.number == number + 1:
            return known.parent == block_hash
        if self._stood == (number, block_hash) and number + REMEMBERED < head:
            return (
                True  # so deep below the newest block nothing changes from one reading to the next
            )
        return _is(self._node.block(number), block_hash)

    def _rolled_back(self, state: CursorState) -> EventBatch:
        """To the newest block that was read and still stands."""
        for count in range(len(state.seen) - 1, 0, -1):
            number, block_hash = state.seen[count - 1]
            if _is(self._node.block(number), block_hash):
                kept = CursorState(state.start, number + 1, state.seen[:count])
                return EventBatch((), kept, False, number)
        return EventBatch((), CursorState.from_block(state.start), False, state.start - 1)

    def _logs(self, first: int, last: Block) -> tuple[Log, ...] | None:
        """Logs up to `last`; None if the node finds the range too wide."""
        wide = last.number - first + 1
        try:
            logs = self._node.logs(self._market, first, last.number, self._topics, self._ids)
        except RateLimited:
            raise
        except (RpcError, TransportError) as error:
            if wide == 1:
                raise
            self._narrow(_fewer(wide, error))
            if not isinstance(error, RpcError | AnswerTooLarge):
                raise  # the node is away, or the range took it too long
            return None
        if wide == self.span:
            self._widen()
        return logs

    def _narrow(self, span: int) -> None:
        if self._probing:
            self._probe_after = min(2 * self._probe_after, LONGEST_PROBE_AFTER)
        self.span, self._taken, self._probing = span, 0, False

    def _widen(self) -> None:
        """After some ranges that were taken, try twice as much."""
        if self._probing:
            self._probing, self._probe_after = False, PROBE_AFTER
        self._taken += 1
        if self._taken >= self._probe_after and self.span < self._most:
            self.span, self._taken, self._probing = min(self.span * 2, self._most), 0, True

    def _belong(self, logs: tuple[Log, ...], last: Block) -> bool:
        """Whether the logs came from the chain that holds `last`. Where there are none, the next
        reading notices if it is gone."""
        if not logs:
            return True
        recent = {
            (log.block, log.block_hash) for log in logs if log.block > last.number - REMEMBERED
        }
        recent.add((last.number, last.hash))
        return all(_is(self._node.block(number), block_hash) for number, block_hash in recent)


def caught_up(
    cursor: EventCursor, state: CursorState, clock: Callable[[], float] = time.monotonic
) -> Iterator[EventBatch]:
    """Batches until there is no more for now; what takes long is told as a warning."""
    first, tell_at = state.following, clock() + TELL_AFTER
    head: Block | None = None
    while True:
        batch = cursor.read(state, head)
        yield batch
        # What did not get on may depend on a newest block that was undone since.
        head = cursor.head if batch.state != state else None
        state = batch.state
        if batch.caught_up:
            return
        if (now := clock()) >= tell_at:
            tell_at = now + TELL_EVERY
            newest = cursor.head.number if cursor.head else first
            log.warning(
                "reading the market's events: %s of %s blocks, %s at a time",
                f"{state.following - first:,}",
                f"{newest - first + 1:,}",
                f"{cursor.span:,}",
            )


def _fewer(wide: int, error: Exception) -> int:
    """How many blocks to ask for after so many were refused: what the node names, or half."""
    reason = error.reason if isinstance(error, RpcError) else ""
    for pattern in _NAMED:
        for digits, thousands in pattern.findall(reason):
            named = int(digits.replace(",", "")) * (1_000 if thousands else 1)
            if 0 < named < wide:
                return named
    return wide // 2


def _is(block: Block | None, block_hash: bytes) -> bool:
    return block is not None and block.hash == block_hash
