"""The daemon's decisions: events in, instructions out, no I/O.

What is written down (`changes`) is facts only. After a restart nothing is busy, so that the core
asks again for all that is no fact yet; each instruction may therefore be carried out twice, and
whoever carries it out sees to it that this does no harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from suanli.miner.core import messages as m
from suanli.miner.core import resting
from suanli.miner.core.chores import chores
from suanli.miner.core.deadlines import latest, submit_at
from suanli.miner.core.judge import STARTING, handed_out, load_of, objection
from suanli.miner.core.messages import Act, Instruction
from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import (
    FREE,
    MOST_PASSED,
    MOST_SEEN,
    CoreState,
    Deal,
    MarketView,
    OnChain,
    Outcome,
    Passed,
    Rest,
    Stage,
)
from suanli.protocol import ResultError, State, Tree, encode_leaves

ASK_AGAIN = 10
"""Seconds after which a transaction whose effect does not show is asked for again."""
JUDGE_EVERY = 5
"""Seconds between looks at requests that wait."""
MOST_CHECKS = 4
"""Requests whose data is fetched at once."""
MOST_FAILURES = 5
"""Of this machine over one deal, less its successes since, before the deal is given back."""
FIRST_REST, LONGEST_REST = 10, 300
"""Seconds after a failure in which no task of the deal is begun; doubled with each."""
MOST_REVERTS = 3
"""Confirmations of a request that may be mined and fail: each costs gas."""
KEPT = 600
"""Seconds for which an ended or lost deal is watched: a reorganization may bring it back."""
GRACE = 60
"""Seconds after `confirm_by` in which a confirmation may still turn up."""


@dataclass
class Changes:
    """What to write down before anything is done."""

    deals: set[bytes] = field(default_factory=set)
    leaves: set[tuple[bytes, int]] = field(default_factory=set)
    passed: set[bytes] = field(default_factory=set)
    forgotten: set[bytes] = field(default_factory=set)
    rest: bool = False


class Core:
    """`step` is the only way to change `state`."""

    def __init__(self, state: CoreState) -> None:
        self.state = state
        self.changes = Changes()
        self._out: list[Instruction] = []
        self._handlers: dict[type, Callable[[Any], None]] = {
            m.TimePassed: self._time_passed,
            m.ChainRead: self._chain_read,
            m.RequestSeen: self._request_seen,
            m.RequestGone: self._request_gone,
            m.OwnConfirmed: self._own_confirmed,
            m.TwinSeen: self._twin_seen,
            m.RolledBack: self._rolled_back,
            m.CheckPassed: self._check_passed,
            m.CheckFailed: self._check_failed,
            m.Refused: self._refused,
            m.TaskDone: self._task_done,
            m.TaskFailed: self._task_failed,
            m.TaskStored: self._task_stored,
            m.LeavesStored: self._leaves_stored,
            m.ResultAnswered: self._result_answered,
            m.AcceptanceSeen: self._acceptance_seen,
            m.AcceptanceAsked: self._acceptance_asked,
            m.RoomSeen: self._room_seen,
            m.DrainAsked: self._drain_asked,
        }

    def step(self, event: m.Event) -> list[Instruction]:
        """What is to be done now, in this order, once `take_changes` is written down."""
        self._out = []
        self.state.begun = self.state.begun or event.now
        self._handlers[type(event)](event)
        self._feed_workers(event.now)
        return self._out

    def take_changes(self) -> Changes:
        changes, self.changes = self.changes, Changes()
        return changes

    # Events

    def _time_passed(self, event: m.TimePassed) -> None:
        self._chores(event.now)
        self._sweep(event.now)

    def _chain_read(self, event: m.ChainRead) -> None:
        if _differs(self.state.view, event.view):
            self.state.judged = 0  # what had to wait may be possible now
        self.state.view = event.view
        for id_, chain in event.deals.items():
            deal = self.state.deals.get(id_)
            if deal is not None:
                self._see_on_chain(deal, chain, event.now)
        self._chores(event.now)
        self._sweep(event.now)

    def _request_seen(self, event: m.RequestSeen) -> None:
        known = self.state.deals.get(event.id)
        if known is not None:
            if event.lodged:
                self._lodged(known, event)
            return
        if event.id in self.state.passed:
            return
        if len(self.state.deals) >= MOST_SEEN and not self._make_room(event.now):
            return
        deal = Deal(event.id, event.request, event.signature, event.lodged, event.now)
        self._add(deal)
        self._judge(deal, event.now)

    def _lodged(self, deal: Deal, event: m.RequestSeen) -> None:
        """The relay lists it: for the first time, or once more as after it lost its memory."""
        if deal.lodged and not deal.answered:
            return
        deal.lodged, deal.answered = True, False
        deal.signature = deal.signature or event.signature
        self._changed(deal)
        self._advance(deal, event.now)

    def _make_room(self, now: int) -> bool:
        """Let the oldest request go that just waits; whether there is one."""
        for deal in self.state.deals.values():
            if deal.stage is Stage.SEEN and deal.reason is not None and not deal.bound:
                self._pass(deal, deal.reason, now)
                return True
        return False

    def _request_gone(self, event: m.RequestGone) -> None:
        deal = self.state.deals.get(event.id)
        if deal is not None and deal.stage in FREE and not deal.bound:
            self._pass(deal, event.reason, event.now)

    def _own_confirmed(self, event: m.OwnConfirmed) -> None:
        """Of a deal that was given up: its data is gone, but not what it would cost."""
        deal = self.state.deals.get(event.id)
        if deal is not None:
            if not deal.bound:
                deal.bound = True
                self._changed(deal)
            return
        passed = self.state.passed.pop(event.id, None)
        if passed is None:
            return
        why = Reason("data", "confirmed after it was given up")
        deal = Deal(event.id, passed.request, b"", False, event.now, Stage.RELEASING, why)
        deal.bound = True
        self._add(deal)

    def _twin_seen(self, event: m.TwinSeen) -> None:
        """Its deals are its own; but one that is known here may be one of a journal that was lost
        and restored, and is done, perhaps twice."""
        if event.at >= self.state.twin:
            self.state.twin, self.state.twin_deal = event.at, event.id
        deal = self.state.deals.get(event.id)
        if deal is not None and not deal.bound:
            deal.bound = True
            self._changed(deal)

    def _rolled_back(self, event: m.RolledBack) -> None:
        """Look again at what other miners took or requesters cancelled a short time ago."""
        young = [
            (id_, passed.request)
            for id_, passed in self.state.passed.items()
            if passed.reason.code in ("taken", "cancelled") and passed.at > event.now - KEPT
        ]
        for id_, request in young:
            del self.state.passed[id_]
            self._add(Deal(id_, request, b"", False, event.now))

    def _check_passed(self, event: m.CheckPassed) -> None:
        deal = self._answered("check", event)
        if deal is None or deal.stage is not Stage.CHECKING:
            return
        deal.work = event.work
        self._move(deal, Stage.SEEN)
        self._judge(deal, event.now)
        self._check_more(event.now)

    def _check_failed(self, event: m.CheckFailed) -> None:
        deal = self._answered("check", event)
        if deal is None or deal.stage is not Stage.CHECKING:
            return
        if event.reason.final:
            self._pass(deal, event.reason, event.now)
        else:
            self._put_off(deal, event.reason, event.now)
        self._check_more(event.now)

    def _refused(self, event: m.Refused) -> None:
        deal = self.state.deals.get(event.id)
        if deal is None:
            return
        if event.act is Act.CONFIRM and deal.stage is Stage.CONFIRMING:
            self._confirmation_refused(deal, event.reason, event.now)
        elif event.act is Act.SUBMIT_ACCEPTED and deal.stage is Stage.ACCEPTED:
            deal.distrusted, deal.acceptance = deal.acceptance, b""
            deal.reason = event.reason
            self._move(deal, Stage.OFFERED if deal.answered else Stage.UPLOADED)
            self._advance(deal, event.now)
        else:
            deal.reason = event.reason
            self._changed(deal)

    def _confirmation_refused(self, deal: Deal, reason: Reason, now: int) -> None:
        if reason.code == "reverted":
            deal.reverts += 1
        if deal.reverts >= MOST_REVERTS:
            self._pass(deal, reason, now)
        elif reason.code == "taken":
            deal.reason = reason  # by whom, the chain tells: perhaps by this miner itself
            self._changed(deal)
        elif reason.final and (reason.code != "signature" or deal.signature):
            self._pass(deal, reason, now)
        else:  # of a posted request: a reorganization may have taken the post back for now
            self._put_off(deal, reason, now)

    def _task_done(self, event: m.TaskDone) -> None:
        deal = self.state.deals.get(event.id)
        index = event.leaf.index
        self._unbusy("run", event.id, index)
        if deal is None or deal.work is None or index >= deal.work.tasks or index in deal.leaves:
            return
        deal.leaves[index] = event.leaf
        if self.state.room is not None:  # until it is looked at again
            self.state.room -= deal.work.most_bytes
        deal.failures = max(deal.failures - 1, 0)
        self.changes.leaves.add((deal.id, index))
        if len(deal.leaves) == deal.work.tasks:
            self._finish(deal)
            self._advance(deal, event.now)
        elif deal.stage is Stage.RUNNING:
            self._store_task(deal, index)

    def _task_failed(self, event: m.TaskFailed) -> None:
        self._unbusy("run", event.id, event.index)
        deal = self.state.deals.get(event.id)
        if deal is None:
            return
        self.state.handed[deal.id] = min(self.state.handed.get(deal.id, 0), event.index)
        if event.now >= self.state.rests.get(deal.id, 0):  # what fails at the same time counts once
            rest = min(FIRST_REST * 2**deal.failures, LONGEST_REST)
            self.state.rests[deal.id] = event.now + rest
            deal.failures += 1
        deal.reason = Reason("machine", f"task {event.index}: {event.reason}")
        self._changed(deal)
        self._advance(deal, event.now)

    def _task_stored(self, event: m.TaskStored) -> None:
        deal = self._answered("store", event, event.index)
        if deal is None or event.index not in deal.leaves:
            return
        deal.stored.add(event.index)
        self.changes.leaves.add((deal.id, event.index))
        if len(deal.stored) == len(deal.leaves):
            self._advance(deal, event.now)

    def _leaves_stored(self, event: m.LeavesStored) -> None:
        deal = self._answered("list", event)
        if deal is None or deal.outcome is None:
            return
        deal.listed = True
        self._changed(deal)
        self._advance(deal, event.now)

    def _result_answered(self, event: m.ResultAnswered) -> None:
        deal = self._answered("answer", event)
        if deal is None:
            return
        deal.answered = deal.answered or event.taken
        if not event.taken:
            deal.lodged = False  # until the relay lists it again
        if deal.stage is Stage.UPLOADED and deal.answered:
            deal.waiting_since = event.now
            self._move(deal, Stage.OFFERED)
        self._changed(deal)
        self._advance(deal, event.now)

    def _acceptance_seen(self, event: m.AcceptanceSeen) -> None:
        deal = self.state.deals.get(event.id)
        if (
            deal is None
            or deal.outcome is None
            or deal.stage not in (Stage.UPLOADED, Stage.OFFERED)
        ):
            return
        mine = (deal.outcome.root, deal.outcome.units_used)
        if (event.root, event.units_used) != mine or event.signature == deal.distrusted:
            return
        deal.acceptance = event.signature
        self._move(deal, Stage.ACCEPTED)
        self._advance(deal, event.now)

    def _acceptance_asked(self, event: m.AcceptanceAsked) -> None:
        deal = self.state.deals.get(event.id)
        if deal is not None:
            self.state.asked.add(event.id)
            self._advance(deal, event.now)

    def _room_seen(self, event: m.RoomSeen) -> None:
        self.state.room, self.state.stored = event.room, event.stored

    def _drain_asked(self, event: m.DrainAsked) -> None:
        self.state.draining = event.draining  # whoever asks has written it down
        self.state.judged = 0
        self._sweep(event.now)
        self._chores(event.now)

    # What the chain says

    def _see_on_chain(self, deal: Deal, chain: OnChain, now: int) -> None:
        before = deal.chain
        deal.chain = chain
        if chain.state is State.CANCELLED or (
            chain.state not in (State.NONE, State.POSTED, State.CONFIRMED) and not chain.mine
        ):
            self._leave_to_others(deal, now)
        elif chain.state is State.CONFIRMED:
            if chain.mine:
                self._see_confirmed(deal, now)
            else:
                self._leave_to_others(deal, now)
        elif chain.state in (State.NONE, State.POSTED):
            self._see_unconfirmed(deal, now)
        elif chain.state is State.SUBMITTED:
            if deal.stage not in (Stage.SUBMITTED, Stage.SETTLING):
                deal.ended = 0
                self._move(deal, Stage.SUBMITTED)
        elif deal.stage is not Stage.ENDED:
            self._rest(resting.after_end(self.state.rest, deal, chain.state, now))
            deal.ended = now
            self._move(deal, Stage.ENDED)
        if deal.chain != before:
            self._changed(deal)
        if deal.id in self.state.deals:
            self._advance(deal, now)

    def _rest(self, rest: Rest) -> None:
        if rest != self.state.rest:
            self.state.rest, self.changes.rest = rest, True

    def _see_confirmed(self, deal: Deal, now: int) -> None:
        """Confirmed by this miner; or again so, after a reorganization took the end back."""
        deal.taken = 0
        again = deal.stage in (Stage.SUBMITTED, Stage.SETTLING, Stage.ENDED)
        if not again and deal.stage not in FREE and deal.stage is not Stage.CONFIRMING:
            return
        if again:
            deal.ended, deal.waiting_since = 0, now
        if deal.work is None:
            # Only a stranger's key or a lost journal can lead here.
            deal.reason = Reason("data", "confirmed, but its data was never checked")
            self._move(deal, Stage.RELEASING)
        else:
            self._move(deal, Stage.UPLOADED if again and deal.outcome else Stage.RUNNING)

    def _see_unconfirmed(self, deal: Deal, now: int) -> None:
        deal.taken = 0
        if deal.stage in FREE:
            return
        if deal.stage is not Stage.CONFIRMING:
            # A reorganization took the confirmation back: what is done is kept; what was never
            # checked is as it was before.
            deal.ended = 0
            if deal.work is None:
                self._move(deal, Stage.SEEN)
                return
            self._move(deal, Stage.CONFIRMING)
        if now > deal.request.confirm_by + GRACE:
            self._pass(deal, Reason("expired", "the confirmation was not mined in time"), now)

    def _leave_to_others(self, deal: Deal, now: int) -> None:
        if deal.stage is Stage.ENDED:
            return
        state = deal.chain.state if deal.chain else State.NONE
        if state is State.CANCELLED:
            reason = Reason("cancelled", "the requester cancelled it")
        else:
            reason = Reason("taken", "another miner confirmed it")
        if not deal.bound or (deal.taken and now >= deal.taken + KEPT):
            self._pass(deal, reason, now)
        elif not deal.taken:
            # A reorganization may let this miner's confirmation be mined in place of theirs.
            deal.taken, deal.reason = now, reason
            self._move(deal, Stage.SEEN)

    # From stage to stage

    def _sweep(self, now: int) -> None:
        due = now >= self.state.judged + JUDGE_EVERY or now < self.state.judged
        if due:
            self.state.judged = now
        for deal in list(self.state.deals.values()):
            if deal.stage is Stage.SEEN:
                if due:
                    self._judge(deal, now)
            elif deal.stage is Stage.ENDED:
                if now >= deal.ended + KEPT:
                    self._forget(deal, Reason("ended", _ending(deal)), now)
            else:
                self._advance(deal, now)
        if self.state.draining:
            self._leave_if_drained(now)

    def _judge(self, deal: Deal, now: int) -> None:
        """Take it further, put it off, or turn it down."""
        if deal.stage is not Stage.SEEN or deal.taken:
            return
        reason = objection(self.state, deal, now)
        if reason is not None:
            if reason.final:
                self._pass(deal, reason, now)
            else:
                self._hold(deal, reason)
        elif now < deal.wait_until <= now + ASK_AGAIN * 2**deal.reverts:
            return
        elif deal.work is None:
            if len(self._busy("check")) < MOST_CHECKS:
                deal.fetched, deal.reason = True, None
                self._move(deal, Stage.CHECKING)
                self._advance(deal, now)
        else:
            deal.reason, deal.bound = None, True
            self._move(deal, Stage.CONFIRMING)
            self._advance(deal, now)

    def _check_more(self, now: int) -> None:
        """There is room: fetch the data of requests that wait for nothing else."""
        for deal in list(self.state.deals.values()):
            if deal.stage is Stage.SEEN and deal.work is None and deal.reason is None:
                if len(self._busy("check")) >= MOST_CHECKS:
                    return
                self._judge(deal, now)

    def _advance(self, deal: Deal, now: int) -> None:
        """Ask for whatever the deal needs next."""
        match deal.stage:
            case Stage.CHECKING:
                self._ask("check", m.Check(deal.id))
            case Stage.CONFIRMING:
                self._send(Act.CONFIRM, deal, now)
            case Stage.RUNNING:
                self._advance_running(deal, now)
            case Stage.UPLOADED | Stage.OFFERED:
                self._store(deal)
                if deal.listed and deal.lodged and not deal.answered:
                    self._ask("answer", m.Answer(deal.id))
                if deal.acceptance:
                    self._move(deal, Stage.ACCEPTED)
                    self._send(Act.SUBMIT_ACCEPTED, deal, now)
                elif submit_at(self.state, deal) <= now <= deal.deadline:
                    self._move(deal, Stage.SUBMITTING)
                    self._send(Act.SUBMIT_RESULT, deal, now)
            case Stage.ACCEPTED:
                if latest(self.state, deal) <= now <= deal.deadline:
                    # It can't be handed in, as when its check by a contract costs too much gas.
                    self._move(deal, Stage.SUBMITTING)
                    self._send(Act.SUBMIT_RESULT, deal, now)
                else:
                    self._send(Act.SUBMIT_ACCEPTED, deal, now)
            case Stage.SUBMITTING:
                self._store(deal)
                if now <= deal.deadline:
                    self._send(Act.SUBMIT_RESULT, deal, now)
                elif deal.acceptance:  # it may be handed in late, too
                    self._move(deal, Stage.ACCEPTED)
                else:
                    self._move(deal, Stage.OFFERED if deal.answered else Stage.UPLOADED)
            case Stage.RELEASING:
                if now <= deal.deadline:
                    self._send(Act.RELEASE, deal, now)
            case Stage.SUBMITTED | Stage.SETTLING:
                self._store(deal)
                self._advance_submitted(deal, now)

    def _advance_running(self, deal: Deal, now: int) -> None:
        self._store(deal)
        if deal.outcome is not None and deal.listed:
            deal.waiting_since = now
            self._move(deal, Stage.UPLOADED)
            self._advance(deal, now)
        elif deal.outcome is not None and deal.deadline and now >= latest(self.state, deal):
            # Its outputs can follow, its deadline can't.
            self._move(deal, Stage.SUBMITTING)
            self._send(Act.SUBMIT_RESULT, deal, now)
        elif deal.failures > MOST_FAILURES or (deal.deadline and now >= latest(self.state, deal)):
            self._move(deal, Stage.RELEASING)
            self._advance(deal, now)

    def _advance_submitted(self, deal: Deal, now: int) -> None:
        chain, view = deal.chain, self.state.view
        if deal.listed and deal.lodged and not deal.answered:
            self._ask("answer", m.Answer(deal.id))
        terms = view.terms.get(deal.request.terms) if view else None
        if chain is None or terms is None or chain.state is not State.SUBMITTED:
            return
        if chain.open_challenges == 0 and now > chain.time + terms.challenge_window:
            if deal.stage is not Stage.SETTLING:
                self._move(deal, Stage.SETTLING)
            self._send(Act.SETTLE, deal, now)
        elif chain.open_challenges and now > (
            chain.time + terms.challenge_window + terms.verdict_by
        ):
            self._send(Act.CLOSE, deal, now)

    def _store(self, deal: Deal) -> None:
        for index in deal.leaves:
            if index not in deal.stored:
                self._store_task(deal, index)
        if deal.outcome and not deal.listed and len(deal.stored) == len(deal.leaves):
            self._ask("list", m.StoreLeaves(deal.id))

    def _store_task(self, deal: Deal, index: int) -> None:
        self._ask("store", m.StoreTask(deal.id, index), index)

    def _finish(self, deal: Deal) -> None:
        leaves = [deal.leaves[index] for index in range(len(deal.leaves))]
        try:
            tree = Tree(leaves)
        except ResultError as error:  # limits were checked: their sum fits
            raise AssertionError(error) from error
        digest = hashlib.sha256(encode_leaves(leaves)).digest()
        deal.outcome = Outcome(tree.root, tree.total, digest)
        self._changed(deal)

    def _feed_workers(self, now: int) -> None:
        """Hand out tasks, earliest deadline first."""
        rests = self.state.rests
        running = [
            deal
            for deal in self.state.deals.values()
            if deal.stage is Stage.RUNNING and now >= rests.get(deal.id, 0)
        ]
        if not running:
            return
        pace, busy = self.state.settings.pace, self._busy("run")
        running.sort(key=lambda deal: (load_of(deal, now).deadline, deal.id))
        for deal in running:
            if deal.work is None:
                continue
            work, first = deal.work, self.state.handed.get(deal.id, 0)
            most = handed_out(work.task_units, pace)
            while first < work.tasks and len(busy) < most and self._fits(work.most_bytes):
                if first not in deal.leaves:
                    self._ask("run", m.RunTask(deal.id, first), first)
                first += 1
            self.state.handed[deal.id] = first
            if first < deal.work.tasks:
                return

    def _fits(self, size: int) -> bool:
        """Whether a task more would find room for what it leaves; one is always tried."""
        in_hand = len(self._busy("run"))
        return self.state.room is None or not in_hand or (in_hand + 1) * size <= self.state.room

    # Beside the deals

    def _chores(self, now: int) -> None:
        for send in chores(self.state, now):
            self._send_chore(send, now)

    def _leave_if_drained(self, now: int) -> None:
        view = self.state.view
        # Whoever claims the default of one that is overdue may take years.
        waited_for = [deal for deal in self.state.live() if not 0 < deal.deadline < now]
        if view is None or waited_for:
            return
        offered = any(seen.offer.valid_until for seen in view.classes.values())
        if not offered and view.earnings == 0:
            self._out.append(m.Leave())

    # Bookkeeping

    def _pass(self, deal: Deal, reason: Reason, now: int) -> None:
        self._tell(deal, reason)
        self._forget(deal, reason, now)

    def _forget(self, deal: Deal, reason: Reason, now: int) -> None:
        del self.state.deals[deal.id]
        self.state.moves += 1
        self.state.tried = {k: v for k, v in self.state.tried.items() if k[1:] != (deal.id,)}
        for kind, keys in self.state.busy.items():
            self.state.busy[kind] = {key for key in keys if key[0] != deal.id}
        self.state.handed.pop(deal.id, None)
        self.state.rests.pop(deal.id, None)
        self.state.asked.discard(deal.id)
        self.state.passed[deal.id] = Passed(deal.request, reason, now)
        while len(self.state.passed) > MOST_PASSED:
            old, _ = self.state.passed.popitem(last=False)
            self.changes.passed.add(old)
        self.changes.passed.add(deal.id)
        self.changes.deals.discard(deal.id)
        self.changes.forgotten.add(deal.id)
        if deal.fetched:
            self._out.append(m.Forget(deal.id))

    def _put_off(self, deal: Deal, reason: Reason, now: int) -> None:
        self._move(deal, Stage.SEEN)
        deal.wait_until = now + ASK_AGAIN * 2**deal.reverts
        self._hold(deal, reason)

    def _hold(self, deal: Deal, reason: Reason) -> None:
        """It waits, and this is why; the relay hears of each kind of reason once."""
        if deal.reason != reason:
            self._tell(deal, reason)
            deal.reason = reason
            self._changed(deal)

    def _tell(self, deal: Deal, reason: Reason) -> None:
        said = deal.reason
        told = said is not None and (said.code, said.final) == (reason.code, reason.final)
        if deal.lodged and not told and reason.code != STARTING:
            self._out.append(m.TellRefusal(deal.id, reason))

    def _add(self, deal: Deal) -> None:
        self.state.deals[deal.id] = deal
        self._move(deal, deal.stage)

    def _move(self, deal: Deal, stage: Stage) -> None:
        deal.stage = stage
        self.state.moves += 1
        self._changed(deal)

    def _changed(self, deal: Deal) -> None:
        self.changes.deals.add(deal.id)

    def _ask(self, kind: str, instruction: m.DealInstruction, *more: int) -> bool:
        """Ask for it unless that is busy already."""
        busy, key = self._busy(kind), (instruction.id, *more)
        if key in busy:
            return False
        busy.add(key)
        self._out.append(instruction)
        return True

    def _busy(self, kind: str) -> set[tuple[Any, ...]]:
        return self.state.busy.setdefault(kind, set())

    def _unbusy(self, kind: str, *key: Any) -> None:
        self._busy(kind).discard(key)

    def _answered(self, kind: str, event: m.DealEvent, *more: int) -> Deal | None:
        self._unbusy(kind, event.id, *more)
        return self.state.deals.get(event.id)

    def _send(self, act: Act, deal: Deal, now: int) -> None:
        if self._may_try((act, deal.id), now):
            self._out.append(m.Send(act, f"{act}:0x{deal.id.hex()}", deal.id))

    def _send_chore(self, send: m.Send, now: int) -> None:
        resource = send.resource if isinstance(send, m.SendForClass) else 0
        if self._may_try((send.act, resource), now):
            self._out.append(send)

    def _may_try(self, key: tuple[Any, ...], now: int) -> bool:
        last = self.state.tried.get(key)
        if last is not None and last <= now < last + ASK_AGAIN:
            return False
        self.state.tried[key] = now
        return True


def _differs(old: MarketView | None, new: MarketView) -> bool:
    """In what requests are judged by."""
    if old is None:
        return True
    names = ("terms", "verified", "paused", "funds")
    classes = (
        {n: (seen.offer, seen.resource) for n, seen in v.classes.items()} for v in (old, new)
    )
    return next(classes) != next(classes) or any(
        getattr(old, name) != getattr(new, name) for name in names
    )


def _ending(deal: Deal) -> str:
    return deal.chain.state.name.lower() if deal.chain else "unknown"
