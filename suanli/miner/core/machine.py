"""The daemon's decisions: observations in, instructions out, no I/O.

What is written down (`Changes`) is facts only. After a restart nothing is busy, so that the core
asks again for all that is no fact yet; each instruction may therefore be carried out twice, and
whoever carries it out sees to it that this does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suanli.miner.core import defending, tasks
from suanli.miner.core import observations as o
from suanli.miner.core.advance import advance
from suanli.miner.core.book import Book, Changes
from suanli.miner.core.chores import chores
from suanli.miner.core.instructions import Act, Instruction, Leave
from suanli.miner.core.judging import check_more, confirmation_refused, judge, make_room
from suanli.miner.core.lines import Line, Told
from suanli.miner.core.onchain import KEPT, ending, see
from suanli.miner.core.outlook import Outlook
from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import MOST_SEEN, CoreState, MarketView, MinerDeal, by_machines
from suanli.miner.core.stages import FREE, LIVE, Stage

JUDGE_EVERY = 5
"""Seconds between looks at requests that wait."""


class Core:
    """`step` is the only way to change `state`, which is for tests to look at: what others need of
    it is in the instructions, in the changes, and in its `outlook`."""

    def __init__(self, state: CoreState) -> None:
        self.state, self.outlook = state, Outlook(state)
        self._book = Book(state)
        self._handlers: dict[type, Callable[[Any], None]] = {
            o.TimePassed: self._time_passed,
            o.ChainRead: self._chain_read,
            o.RequestSeen: self._request_seen,
            o.RequestGone: self._request_gone,
            o.OwnConfirmed: self._own_confirmed,
            o.TwinSeen: self._twin_seen,
            o.RolledBack: self._rolled_back,
            o.CheckPassed: self._check_passed,
            o.CheckFailed: self._check_failed,
            o.ActRefused: self._refused,
            o.TaskDone: lambda event: tasks.done(self._book, event),
            o.TaskFailed: lambda event: tasks.failed(self._book, event),
            o.TaskStored: lambda event: tasks.stored(self._book, event),
            o.LeavesStored: lambda event: tasks.leaves_stored(self._book, event),
            o.ChallengeSeen: lambda event: defending.challenged(self._book, event),
            o.DealServed: lambda event: defending.served(self._book, event),
            o.ClaimAnswered: self._claim_answered,
            o.AcceptanceSeen: self._acceptance_seen,
            o.AcceptanceAsked: self._acceptance_asked,
            o.RoomSeen: self._room_seen,
            o.DrainAsked: self._drain_asked,
            o.MachinesSeen: self._machines_seen,
        }

    def step(self, event: o.Observation) -> list[Instruction]:
        """What is to be done now, in this order, once `take_changes` is written down. What comes
        for a deal that is not known, late or twice, does no harm."""
        book = self._book
        book.begin(event.now)
        book.safely(self._handlers[type(event)], event)
        tasks.feed(book)
        return book.out

    def record(self, line: Line) -> None:
        """For a deal's story: what happened outside, and decides nothing here."""
        self._book.changes.lines.append(line)

    def take_changes(self) -> Changes:
        """Since this was asked last."""
        changes, self._book.changes = self._book.changes, Changes()
        return changes

    def _deal(self, event: o.OfDeal) -> MinerDeal | None:
        return self.state.deals.get(event.id)

    # Time, the chain, the disk

    def _time_passed(self, event: o.TimePassed) -> None:
        self._chores()
        self._sweep()

    def _chain_read(self, event: o.ChainRead) -> None:
        if _differs(self.state.view, event.view):
            self.state.judged = 0  # what had to wait may be possible now
        self.state.view = event.view
        self.state.purses = event.purses
        for accused in self.state.deals.values():
            for case in accused.cases.values():
                if (look := event.cases.get(case.case)) is not None:
                    defending.see(self._book, accused, case, look)
        for id_, chain in event.deals.items():
            deal = self.state.deals.get(id_)
            if deal is not None:
                self._book.safely(see, self._book, deal, chain)
        self._chores()
        self._sweep()

    def _rolled_back(self, event: o.RolledBack) -> None:
        """Look again at what other miners took or requesters cancelled a short time ago, unless
        its requester was told that it is not taken."""
        young = [
            (id_, passed.request)
            for id_, passed in self.state.passed.items()
            if passed.reason.code in ("taken", "cancelled")
            and passed.at > event.now - KEPT
            and not passed.rejected
        ]
        for id_, request in young:
            del self.state.passed[id_]
            deal = MinerDeal(id_, request, b"", False, event.now)
            self._book.add(deal, "blocks were undone: it may be open again")

    def _room_seen(self, event: o.RoomSeen) -> None:
        self.state.room, self.state.stored = event.room, event.stored

    def _drain_asked(self, event: o.DrainAsked) -> None:
        self.state.draining = event.draining  # whoever asks has written it down
        self.state.judged = 0
        self._sweep()
        self._chores()

    def _machines_seen(self, event: o.MachinesSeen) -> None:
        state = self.state
        state.settings = by_machines(state.settings, event.workers, event.speed, event.capacity)
        state.judged = 0
        self._chores()
        self._sweep()

    # Requests

    def _request_seen(self, event: o.RequestSeen) -> None:
        known = self.state.deals.get(event.id)
        if known is not None:
            if event.lodged:
                self._lodged(known, event)
            return
        if event.id in self.state.passed:
            return
        if len(self.state.deals) >= MOST_SEEN and not make_room(self._book):
            return
        deal = MinerDeal(event.id, event.request, event.signature, event.lodged, event.now)
        self._book.add(deal, "listed by the relay" if event.lodged else "posted on the chain")
        judge(self._book, deal)

    def _lodged(self, deal: MinerDeal, event: o.RequestSeen) -> None:
        """The relay lists it: for the first time, or once more as after it lost its memory."""
        if deal.lodged and not deal.answered:
            return
        deal.lodged, deal.answered = True, False
        deal.signature = deal.signature or event.signature
        self._book.changed(deal)
        advance(self._book, deal)

    def _request_gone(self, event: o.RequestGone) -> None:
        deal = self.state.deals.get(event.id)
        if deal is not None and deal.stage in FREE and not deal.bound:
            self._book.drop(deal, event.reason)

    def _own_confirmed(self, event: o.OwnConfirmed) -> None:
        """Of a deal that was given up: its data is gone, but not what it would cost."""
        deal = self.state.deals.get(event.id)
        if deal is not None:
            self._bind(deal)
            return
        passed = self.state.passed.pop(event.id, None)
        if passed is None:
            return
        why = Reason("data", "confirmed after it was given up")
        deal = MinerDeal(event.id, passed.request, b"", False, event.now, Stage.RELEASING, why)
        deal.bound, deal.rejected = True, passed.rejected
        self._book.add(deal, why.text)

    def _twin_seen(self, event: o.TwinSeen) -> None:
        """Its deals are its own; but one that is known here may be one of a journal that was lost
        and restored, and is done, perhaps twice."""
        if event.at >= self.state.twin:
            self.state.twin, self.state.twin_deal = event.at, event.id
        deal = self.state.deals.get(event.id)
        if deal is not None:
            self._bind(deal)

    def _bind(self, deal: MinerDeal) -> None:
        if not deal.bound:
            deal.bound = True
            self._book.changed(deal)

    def _check_passed(self, event: o.CheckPassed) -> None:
        deal = self._book.answered("check", event)
        if deal is None or deal.stage is not Stage.CHECKING:
            return
        deal.work = event.work
        self._book.move(deal, Stage.SEEN, "its data is here and right")
        judge(self._book, deal)
        check_more(self._book)

    def _check_failed(self, event: o.CheckFailed) -> None:
        deal = self._book.answered("check", event)
        if deal is None or deal.stage is not Stage.CHECKING:
            return
        if event.reason.final:
            self._book.drop(deal, event.reason)
        else:
            self._book.put_off(deal, event.reason)
        check_more(self._book)

    # Deals

    def _refused(self, event: o.ActRefused) -> None:
        deal, book = self._deal(event), self._book
        if deal is None:
            return
        book.tell(deal, Told.REFUSED, str(event.reason), act=event.act)
        if event.act is Act.CONFIRM and deal.stage is Stage.CONFIRMING:
            confirmation_refused(book, deal, event.reason)
        elif event.act is Act.SUBMIT_ACCEPTED and deal.stage is Stage.ACCEPTED:
            deal.distrusted, deal.acceptance = deal.acceptance, b""
            deal.reason = event.reason
            back = Stage.OFFERED if deal.answered else Stage.UPLOADED
            book.move(deal, back, "the market refuses the acceptance")
            advance(book, deal)
        else:
            deal.reason = event.reason
            book.changed(deal)

    def _claim_answered(self, event: o.ClaimAnswered) -> None:
        deal, book = self._book.answered("answer", event), self._book
        if deal is None:
            return
        deal.answered = deal.answered or event.taken
        if not event.taken:
            deal.lodged = False  # until the relay lists it again
        if deal.stage is Stage.UPLOADED and deal.answered:
            deal.waiting_since = event.now
            book.move(deal, Stage.OFFERED, "its claim is at the relay")
        book.changed(deal)
        advance(book, deal)

    def _acceptance_seen(self, event: o.AcceptanceSeen) -> None:
        deal = self._deal(event)
        waits = deal is not None and deal.stage in (Stage.UPLOADED, Stage.OFFERED)
        if deal is None or deal.result is None or not waits:
            return
        mine = (deal.result.root, deal.result.units_used)
        if (event.root, event.units_used) != mine or event.signature == deal.distrusted:
            return
        deal.acceptance = event.signature
        self._book.move(deal, Stage.ACCEPTED, "the requester accepts it")
        advance(self._book, deal)

    def _acceptance_asked(self, event: o.AcceptanceAsked) -> None:
        deal = self._deal(event)
        if deal is not None:
            self.state.asked.add(event.id)
            advance(self._book, deal)

    # All at once

    def _sweep(self) -> None:
        book, now = self._book, self._book.now
        due = now >= self.state.judged + JUDGE_EVERY or now < self.state.judged
        if due:
            self.state.judged = now
        for deal in list(self.state.deals.values()):
            if deal.stage is Stage.SEEN:
                if due:
                    book.safely(judge, book, deal)
            elif deal.stage is Stage.ENDED:
                defending.defend(book, deal)
                waits = now < deal.ended + KEPT or defending.holds(deal, self.state.settings.miner)
                if not waits:
                    book.forget(deal, Reason("ended", ending(deal)))
            else:
                book.safely(advance, book, deal)
        if self.state.draining:
            self._leave_if_drained()

    def _chores(self) -> None:
        for send in chores(self.state, self._book.now):
            self._book.send(send)

    def _leave_if_drained(self) -> None:
        state, view = self.state, self.state.view
        # Whoever claims the default of one that is overdue may take years.
        me, now = state.settings.miner, self._book.now
        waited_for = [
            d
            for d in state.deals.values()
            if (d.stage in LIVE and not 0 < d.deadline < now) or defending.holds(d, me)
        ]
        if view is None or waited_for:
            return
        offered = any(seen.offer.valid_until for seen in view.classes.values())
        if not offered and view.earnings == 0:
            self._book.out.append(Leave())


def _differs(old: MarketView | None, new: MarketView) -> bool:
    """In what requests are judged by."""
    if old is None:
        return True
    names = ("terms", "verifiers", "known_by", "paused", "funds")
    classes = (
        {n: (seen.offer, seen.resource) for n, seen in v.classes.items()} for v in (old, new)
    )
    return next(classes) != next(classes) or any(
        getattr(old, name) != getattr(new, name) for name in names
    )
