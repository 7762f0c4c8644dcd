"""The core's books: what changes a deal changes it here, and writes down that it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from suanli.miner.core.facts import stage_by_facts
from suanli.miner.core.instructions import (
    Alarm,
    ForDeal,
    Forget,
    Instruction,
    PostRejection,
    Send,
)
from suanli.miner.core.lines import Line, Told
from suanli.miner.core.observations import OfDeal
from suanli.miner.core.reasons import STARTING, Reason
from suanli.miner.core.records import MOST_PASSED, CoreState, MinerDeal, Passed, Rest
from suanli.miner.core.stages import MOVES, IllegalMove, Stage
from suanli.protocol import Leaf

ASK_AGAIN = 10
"""Seconds after which a transaction whose effect does not show is asked for again."""


@dataclass
class Changes:
    """What to write down before anything is done. `leaves`: with whether they are in the
    requesters' store; `rest` None: as it was."""

    deals: dict[bytes, MinerDeal] = field(default_factory=dict)
    leaves: dict[tuple[bytes, int], tuple[Leaf, bool]] = field(default_factory=dict)
    passed: dict[bytes, Passed] = field(default_factory=dict)
    forgotten: set[bytes] = field(default_factory=set)
    rest: Rest | None = None
    lines: list[Line] = field(default_factory=list)


class Book:
    """The state, at the second of the present observation; what changed; what is to be done."""

    def __init__(self, state: CoreState) -> None:
        self.state, self.now = state, 0
        self.changes = Changes()
        self.out: list[Instruction] = []

    def begin(self, now: int) -> None:
        """An observation is taken."""
        self.now, self.out = now, []
        if not self.state.begun:
            self.state.begun = now
            for deal in self.state.live():
                self.tell(deal, Told.STARTED, "the daemon goes on with it")

    def safely(self, act: Callable[..., None], *given: Any) -> None:
        """Do what concerns one deal: a move that may not be stops nothing else, and the deal goes
        on from its facts."""
        try:
            act(*given)
        except IllegalMove as error:
            deal = self.state.deals[error.id]
            self._set(deal, stage_by_facts(self.state, deal, self.now))
            deal.ended = self.now if deal.stage is Stage.ENDED else 0
            self.tell(deal, Told.FAULT, str(error), once=str(error))
            self.out.append(Alarm(deal.id, str(error)))

    # Deals

    def add(self, deal: MinerDeal, because: str) -> None:
        self.state.deals[deal.id] = deal
        self.changes.passed.pop(deal.id, None)
        self.tell(deal, Told.STAGE, because, stage=deal.stage)
        self._set(deal, deal.stage)

    def move(self, deal: MinerDeal, stage: Stage, because: str) -> None:
        """Raises IllegalMove, and changes nothing, if the table does not know the move."""
        before = deal.stage
        if stage is before:
            return
        if stage not in MOVES[before]:
            raise IllegalMove(deal.id, before, stage, because)
        self.tell(deal, Told.STAGE, because, stage=stage, before=before)
        self._set(deal, stage)

    def _set(self, deal: MinerDeal, stage: Stage) -> None:
        deal.stage = stage
        self.state.moves += 1
        self.changed(deal)

    def changed(self, deal: MinerDeal) -> None:
        self.changes.deals[deal.id] = deal

    def leaf_changed(self, deal: MinerDeal, index: int) -> None:
        self.changes.leaves[deal.id, index] = deal.leaves[index], index in deal.stored

    def drop(self, deal: MinerDeal, reason: Reason) -> None:
        """It is not taken: tell the requester, and forget it."""
        self._reject(deal, reason)
        self.forget(deal, reason)

    def forget(self, deal: MinerDeal, reason: Reason) -> None:
        state, changes, id_ = self.state, self.changes, deal.id
        del state.deals[id_]
        state.moves += 1
        over = {id_, *deal.cases}
        state.tried = {key: at for key, at in state.tried.items() if key[1] not in over}
        for kind, keys in state.busy.items():
            state.busy[kind] = {key for key in keys if key[0] != id_}
        state.handed.pop(id_, None)
        state.rests.pop(id_, None)
        state.asked.discard(id_)
        for key in [key for key in changes.leaves if key[0] == id_]:
            del changes.leaves[key]
        changes.deals.pop(id_, None)
        changes.forgotten.add(id_)
        self._pass(id_, Passed(deal.request, reason, self.now, deal.rejected))
        self.tell(deal, Told.PASSED, str(reason))
        if deal.fetched:
            self.out.append(Forget(id_))

    def _pass(self, id_: bytes, passed: Passed) -> None:
        self.state.passed[id_] = self.changes.passed[id_] = passed
        while len(self.state.passed) > MOST_PASSED:
            self.state.passed.popitem(last=False)

    # Why it waits

    def put_off(self, deal: MinerDeal, reason: Reason) -> None:
        self.move(deal, Stage.SEEN, str(reason))
        deal.wait_until = self.now + ASK_AGAIN * 2**deal.reverts
        self.hold(deal, reason)

    def hold(self, deal: MinerDeal, reason: Reason) -> None:
        """It waits, and this is why; the relay hears of each kind of reason once."""
        if deal.reason != reason:
            if not _same_kind(deal.reason, reason) and reason.code != STARTING:
                self.tell(deal, Told.WAITING, str(reason))
            self._reject(deal, reason)
            deal.reason = reason
            self.changed(deal)

    def _reject(self, deal: MinerDeal, reason: Reason) -> None:
        if deal.lodged and not _same_kind(deal.reason, reason) and reason.code != STARTING:
            deal.rejected = deal.rejected or reason.final
            self.tell(deal, Told.REJECTED, str(reason), final=reason.final)
            self.out.append(PostRejection(deal.id, reason))

    def tell(
        self, deal: MinerDeal, told: Told, because: str, once: str | None = None, **more: str | int
    ) -> None:
        """A line of its story."""
        self.changes.lines.append(Line(deal.id, self.now, told, because, more, once))

    def rest(self, rest: Rest) -> None:
        if rest != self.state.rest:
            self.state.rest = self.changes.rest = rest

    # What is to be done

    def ask(self, kind: str, instruction: ForDeal, *more: int) -> None:
        """Ask for it unless that is busy already."""
        busy, key = self.busy(kind), (instruction.id, *more)
        if key not in busy:
            busy.add(key)
            self.out.append(instruction)

    def busy(self, kind: str) -> set[tuple[Any, ...]]:
        return self.state.busy.setdefault(kind, set())

    def answered(self, kind: str, event: OfDeal, *more: int) -> MinerDeal | None:
        """The deal that it was asked for, if it is still there."""
        self.busy(kind).discard((event.id, *more))
        return self.state.deals.get(event.id)

    def send(self, send: Send) -> None:
        """Unless that was asked for a short time ago."""
        key = (send.act, send.subject)
        last = self.state.tried.get(key)
        if last is None or not last <= self.now < last + ASK_AGAIN:
            self.state.tried[key] = self.now
            self.out.append(send)


def _same_kind(old: Reason | None, new: Reason) -> bool:
    return old is not None and (old.code, old.final) == (new.code, new.final)
