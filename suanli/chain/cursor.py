"""Reading the market's events in order, once each, through restarts and reorganizations.

The position is a small value, not an object: `read` takes a `CursorState` and gives a `Batch` with
the next one. Who keeps that state in the same transaction as what it made of the batch can be
killed at any moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from suanli.chain.errors import AnswerTooLarge, InvalidMessage, RpcError, TransportError
from suanli.chain.events import Event, decode_log, topics_of
from suanli.chain.node import Block, Log, Node

REMEMBERED = 64
"""How many blocks' hashes a state carries; a batch adds one."""


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
class Batch:
    """What one reading found.

    If `rolled_back_to` is not None, the chain was reorganized: what came from blocks above it must
    be forgotten first; `events` begin right after it. `caught_up`: there is nothing more for now;
    if not, read again.
    """

    events: tuple[Event, ...]
    state: CursorState
    caught_up: bool
    rolled_back_to: int | None = None


class EventCursor:
    """Reads a market's events: only those of the classes `only`, if any are named.

    `confirmations` leaves out the newest blocks: 0 reads up to the newest. `span` bounds the
    blocks asked for at once; it halves when the node refuses and grows again.
    """

    def __init__(
        self,
        node: Node,
        market: str,
        only: Iterable[type[Event]] = (),
        confirmations: int = 0,
        span: int = 2_000,
    ) -> None:
        self._node, self._market = node, market.lower()
        self._topics = topics_of(only)
        self._confirmations = confirmations
        self._most = self._span = span

    def read(self, state: CursorState) -> Batch:
        """The next events after `state`, over a bounded range of blocks.

        Raises:
            TransportError, RpcError, BadAnswer: nothing was read; try again with the same state.
        """
        head = self._node.head().number - self._confirmations
        state, rolled_back_to = self._common(state)
        if head < state.following:
            return Batch((), state, True, rolled_back_to)
        last = self._node.block(self._end(state, head))
        logs = self._logs(state, last) if last else None
        if last is None or logs is None:  # refused or reorganized meanwhile: try once more
            return Batch((), state, False, rolled_back_to)
        events = tuple(event for log in logs if (event := decode_log(log)) is not None)
        seen = (*state.seen, (last.number, last.hash))[-REMEMBERED:]
        after = CursorState(state.start, last.number + 1, seen)
        return Batch(events, after, last.number >= head, rolled_back_to)

    def _end(self, state: CursorState, head: int) -> int:
        return min(state.following + self._span - 1, head)

    def _common(self, state: CursorState) -> tuple[CursorState, int | None]:
        """The state at the newest block that was read and still stands, and its number if that
        is not the newest that was read."""
        for count in range(len(state.seen), 0, -1):
            number, block_hash = state.seen[count - 1]
            if _is(self._node.block(number), block_hash):
                if count == len(state.seen):
                    return state, None
                return CursorState(state.start, number + 1, state.seen[:count]), number
        if not state.seen:
            return state, None
        return CursorState.from_block(state.start), state.start - 1

    def _logs(self, state: CursorState, last: Block) -> tuple[Log, ...] | None:
        """Logs up to `last`; None if the node finds the range too wide, or the chain changed."""
        try:
            logs = self._node.logs(self._market, state.following, last.number, self._topics)
        except (RpcError, TransportError) as error:
            if last.number == state.following:
                raise
            self._span = (last.number - state.following + 1) // 2
            if not isinstance(error, RpcError | AnswerTooLarge):
                raise  # the node is away, or the range took it too long
            return None
        if not self._stands(state, last, logs):
            return None
        self._span = min(self._span * 2, self._most)
        return logs

    def _stands(self, state: CursorState, last: Block, logs: tuple[Log, ...]) -> bool:
        """Whether the logs came from the chain that holds both `last` and what was read before."""
        recent = {
            (log.block, log.block_hash) for log in logs if log.block > last.number - REMEMBERED
        }
        if not all(_is(self._node.block(number), block_hash) for number, block_hash in recent):
            return False
        if state.seen:
            number, block_hash = state.seen[-1]
            if number == last.number - 1 and last.parent != block_hash:
                return False
            if number != last.number - 1 and not _is(self._node.block(number), block_hash):
                return False
        return _is(self._node.block(last.number), last.hash)


def _is(block: Block | None, block_hash: bytes) -> bool:
    return block is not None and block.hash == block_hash
