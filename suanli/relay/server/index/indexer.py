"""Follows the chain into the index's database, batch by batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from suanli.chain import CursorState, EventBatch, EventCursor, Log, Node, events
from suanli.relay.server.index.apply import Constants
from suanli.relay.server.index.reading import ChainFact, fact_of
from suanli.relay.server.index.store import IndexStore

DEEP = 512
"""Blocks below the newest one from which nothing is taken back: if it must be, all is read anew."""
POLL = 0.5
"""Seconds between looks at the chain."""
Blocks = dict[int, tuple[bytes, int]]
log = logging.getLogger("suanli.relay")


@dataclass(frozen=True)
class IndexProgress:
    """`block`: read last; `time`: of the last one up to it whose time is known; `head`: the newest
    one, as the node said last."""

    block: int | None = None
    time: int | None = None
    head: int | None = None
    caught_up: bool = False
    problem: str | None = None
    events: int = 0
    """Read since it was started."""
    reorganizations: int = 0
    """Of which something had been read, and was undone."""


@dataclass(frozen=True)
class News:
    """What a step brought: `rolled_back_to` a block, or `facts` up to `block`."""

    facts: Sequence[ChainFact]
    block: int
    time: int | None
    rolled_back_to: int | None = None


class Indexer:
    """`followed`: roles of contracts by address, the market's among them. What terms name is
    followed from then on. `heard` is told what is new, from the indexer's thread."""

    def __init__(
        self,
        node: Node,
        store: IndexStore,
        constants: Constants,
        followed: Mapping[str, str],
        heard: Callable[[News], None] = lambda news: None,
        *,
        span: int = 2_000,
    ) -> None:
        self._node, self._store, self._constants = node, store, constants
        self._roles = dict(followed)
        self._heard, self._span = heard, span
        self.progress = IndexProgress()
        self._roles |= store.named_by_terms()
        self._cursor = self._cursor_of()
        self._state = store.state()
        if self._state.seen:
            self.progress = IndexProgress(self._state.following - 1, store.last_time())

    def step(self) -> bool:
        """Read and keep one batch. Whether there is no more for now.

        Raises:
            ChainError, IndexFailed: nothing was kept of it; try again.
        """
        batch = self._cursor.read(self._state)
        if batch.rolled_back_to is not None:
            self._roll_back(batch.rolled_back_to, batch.state)
        elif batch.state != self._state and not self._take(batch):
            return False
        head = self._cursor.head
        self.progress = replace(
            self.progress,
            head=head.number if head else None,
            caught_up=batch.caught_up,
            problem=None,
        )
        return batch.caught_up

    def _roll_back(self, to: int, state: CursorState) -> None:
        self._constants.forget()
        if self._store.roll_back(to, state):
            self._state = state
        else:
            log.warning("the chain was reorganized deeply: all of it is read anew")
            self._state = self._store.state()
            to = self._state.following - 1
        self.progress = replace(
            self.progress,
            block=to,
            caught_up=False,
            reorganizations=self.progress.reorganizations + 1,
        )
        self._heard(News((), to, None, rolled_back_to=to))

    def _take(self, batch: EventBatch) -> bool:
        """False: other contracts are to be followed, too, so it must be read again."""
        if self._follow_more(batch):
            return False
        times = self._times(batch.logs)
        if times is None:
            return False
        block, head = batch.state.following - 1, self._cursor.head
        facts = self._store.take(
            batch.state,
            self._facts(batch, times),
            times,
            self._constants,
            undoable=head is None or block >= head.number - DEEP,
        )
        self._state = batch.state
        known = [self.progress.time or 0, *(time for _, time in times.values())]
        at = head.time if head and head.number == block else max(known) or None
        read = self.progress.events + len(facts)
        self.progress = replace(self.progress, block=block, time=at, events=read)
        self._heard(News(facts, block, at))
        return True

    def _facts(self, batch: EventBatch, times: Blocks) -> list[ChainFact]:
        typed = {(event.at.block, event.at.index): event for event in batch.events}
        found = []
        for entry in batch.logs:
            role = self._roles[entry.address]
            event = typed.get((entry.block, entry.index))
            fact = fact_of(entry, event, role, times[entry.block][1])
            if fact is not None:
                found.append(fact)
        return found

    def _times(self, logs: Sequence[Log]) -> Blocks | None:
        """Hash and time of each block; None if the chain changed meanwhile."""
        found: Blocks = {}
        for entry in logs:
            if entry.block in found:
                continue
            at = entry.time
            if at is None:
                block = self._node.block(entry.block)
                if block is None or block.hash != entry.block_hash:
                    return None
                at = block.time
            found[entry.block] = entry.block_hash, at
        return found

    def _cursor_of(self) -> EventCursor:
        return EventCursor(self._node, sorted(self._roles), span=self._span)

    def _follow_more(self, batch: EventBatch) -> bool:
        """Whether new terms name contracts that were not followed so far."""
        before = len(self._roles)
        for event in batch.events:
            if isinstance(event, events.TermsAdded):
                named = self._constants.beside(self._constants.terms(event.terms))
                self._roles = named | self._roles
        if len(self._roles) == before:
            return False
        self._cursor = self._cursor_of()
        return True
