"""The juror's decisions: observations in, instructions out, no I/O.

A vote and its salt are in `JurorChanges` before an instruction says that they are to be committed
to; so whoever carries instructions out has written them down. A restart asks again for all that is
not written down, and each instruction may be carried out twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from suanli.juror.core import events as e
from suanli.juror.core.records import (
    MOST_PAST,
    UNAVAILABLE,
    Ballot,
    BallotId,
    CaseSeen,
    JurorState,
    Vote,
)
from suanli.juror.core.stages import MOVES, BallotStage, IllegalBallotMove
from suanli.protocol import CasePhase, vote_commitment

ASK_AGAIN = 10
"""Seconds after which a transaction whose effect does not show is asked for again."""
KEPT = 600
"""Seconds for which a final case is looked at: its last blocks may be undone."""
FIRST_PAUSE, LONGEST_PAUSE = 5, 300
"""Seconds between tries to run a task."""
FINAL = frozenset({CasePhase.REJECTED, CasePhase.UPHELD, CasePhase.UNDECIDED, CasePhase.VOID})
_BALLOT = frozenset({CasePhase.VOTING, CasePhase.SHOWING, CasePhase.REVEALING})


@dataclass
class JurorChanges:
    """What to write down before anything is done. `watched`: see JurorState; None: not any more."""

    ballots: dict[BallotId, Ballot] = field(default_factory=dict)
    forgotten: set[BallotId] = field(default_factory=set)
    watched: dict[bytes, int | None] = field(default_factory=dict)


class JurorCore:
    """`step` is the only way to change `state`, which is for tests to look at."""

    def __init__(self, state: JurorState) -> None:
        self.state = state
        self._changes, self._out, self._now = JurorChanges(), list[e.JurorInstruction](), 0
        self._handlers: dict[type, Callable[[Any], None]] = {
            e.TimeWent: lambda event: None,
            e.CourtRead: self._court_read,
            e.Drawn: self._drawn,
            e.Judged: self._judged,
            e.NotJudged: self._not_judged,
            e.VoteRefused: self._refused,
            e.LeaveAsked: self._leave_asked,
        }

    def step(self, event: e.JurorObservation) -> list[e.JurorInstruction]:
        """What is to be done now, in this order, once `take_changes` is written down."""
        self._now, self._out = event.now, []
        self._handlers[type(event)](event)
        for case in list(self.state.watched):
            self._go_on(case)
        self._chores()
        return self._out

    def take_changes(self) -> JurorChanges:
        """Since this was asked last."""
        changes, self._changes = self._changes, JurorChanges()
        return changes

    # Observations

    def _court_read(self, event: e.CourtRead) -> None:
        self.state.view = event.view
        self.state.seen.update(event.cases)

    def _drawn(self, event: e.Drawn) -> None:
        if self.state.watched.get(event.case) != 0:
            self._watch(event.case, 0)

    def _judged(self, event: e.Judged) -> None:
        ballot = self._answered(event.id)
        if ballot is not None and ballot.nonce == event.nonce:
            self._vote(ballot, event.vote, event.salt, "the task was run")

    def _not_judged(self, event: e.NotJudged) -> None:
        ballot = self._answered(event.id)
        if ballot is None:
            return
        ballot.tries, ballot.reason = ballot.tries + 1, event.why
        self._changed(ballot)
        last = self._last_moment(ballot)
        if event.obstacle is e.Obstacle.DATA and self._now >= last:
            self._vote(ballot, UNAVAILABLE, event.salt, event.why)
            return
        pause = min(FIRST_PAUSE * 2 ** min(ballot.tries - 1, 10), LONGEST_PAUSE)
        ballot.wait_until = self._now + pause
        if self._now < last:
            ballot.wait_until = min(ballot.wait_until, last)

    def _refused(self, event: e.VoteRefused) -> None:
        ballot = self.state.ballots.get(event.id) if event.id else None
        if ballot is not None and ballot.stage is not BallotStage.OVER:
            ballot.reason = f"{event.act}: {event.why}"
            self._changed(ballot)

    def _leave_asked(self, event: e.LeaveAsked) -> None:
        self.state.leaving = event.leaving  # whoever asks has written it down

    def _answered(self, id_: BallotId) -> Ballot | None:
        """The ballot that waits for its vote."""
        self.state.busy.discard(id_)
        ballot = self.state.ballots.get(id_)
        return ballot if ballot is not None and ballot.stage is BallotStage.DRAWN else None

    # Cases

    def _watch(self, case: bytes, final: int | None) -> None:
        self._changes.watched[case] = final
        if final is None:
            self.state.watched.pop(case, None)
            self.state.seen.pop(case, None)
        else:
            self.state.watched[case] = final

    def _go_on(self, case: bytes) -> None:
        seen = self.state.seen.get(case)
        if seen is None:
            return
        present = seen.ballot(case)
        if seen.phase in _BALLOT and seen.places:
            ballot = self.state.ballots.get(present) or self._begun(present)
            self._safely(self._take_part, ballot, seen)
        for ballot in self.state.live():
            if ballot.id.case == case and (ballot.id != present or seen.phase not in _BALLOT):
                self._safely(self._over, ballot, seen)
        if seen.phase in FINAL:
            self._close(case)
            return
        if self.state.watched[case]:
            self._watch(case, 0)  # the blocks that made it final are undone
        self._move_on(case, seen)

    def _begun(self, id_: BallotId) -> Ballot:
        ballot = self.state.ballots[id_] = Ballot(id_, self._now)
        self._changed(ballot)
        return ballot

    def _take_part(self, ballot: Ballot, seen: CaseSeen) -> None:
        places = tuple(sorted(seen.places))
        if places != ballot.places:
            ballot.places = places
            self._changed(ballot)
        if seen.dispute is not None and seen.dispute.nonce != ballot.nonce:
            redrawn = bool(ballot.nonce)
            ballot.nonce, ballot.task = seen.dispute.nonce, seen.dispute.task
            ballot.request = seen.dispute.id
            self._changed(ballot)
            if redrawn:
                ballot.vote, ballot.salt = None, b""
                self._move(ballot, BallotStage.DRAWN, "blocks were undone: the draw is another one")
        if ballot.vote is None:
            self._judge(ballot, seen)
        elif seen.phase is CasePhase.REVEALING:
            self._reveal(ballot, seen)
        else:
            self._commit(ballot, seen)

    def _judge(self, ballot: Ballot, seen: CaseSeen) -> None:
        if ballot.stage is BallotStage.OVER:
            self._move(ballot, BallotStage.DRAWN, "blocks were undone")
        if any(place.commitment or place.revealed for place in seen.places.values()):
            self._explain(ballot, "the vote that stands there was cast with another folder")
            return
        if seen.phase is not CasePhase.VOTING or self._now > seen.deadline:
            self._explain(ballot, ballot.reason or "too late to vote")
        elif seen.dispute is None:
            self._explain(ballot, "the deal's request can't be found")
        elif ballot.id not in self.state.busy and self._now >= ballot.wait_until:
            self.state.busy.add(ballot.id)
            last = self._last_moment(ballot)
            until = last if self._now < last else (self._now + seen.deadline) // 2
            self._out.append(e.Judge(ballot.id, seen.dispute, until))

    def _last_moment(self, ballot: Ballot) -> int:
        """When a vote must be sent."""
        seen = self.state.seen.get(ballot.id.case)
        return seen.deadline - self.state.settings.reserve if seen else self._now

    def _vote(self, ballot: Ballot, vote: Vote, salt: bytes, because: str) -> None:
        ballot.vote, ballot.salt = vote, salt
        ballot.reason = because if vote == UNAVAILABLE else ""
        self._safely(self._move, ballot, BallotStage.VOTED, because)

    def _commit(self, ballot: Ballot, seen: CaseSeen) -> None:
        missing = [index for index, place in seen.places.items() if not place.commitment]
        foreign = [
            index
            for index, place in seen.places.items()
            if place.commitment and place.commitment != self._commitment(ballot, index)
        ]
        if foreign:
            self._explain(ballot, "another vote than this one is committed to")
        if not missing:
            self._move(ballot, BallotStage.COMMITTED, "its commitment is on the chain")
            return
        self._move(ballot, BallotStage.VOTED, "its commitment is not on the chain")
        if seen.phase is CasePhase.VOTING and self._now <= seen.deadline:
            self._send_votes(e.JurorAct.COMMIT, ballot, missing)

    def _reveal(self, ballot: Ballot, seen: CaseSeen) -> None:
        own = {
            index
            for index, place in seen.places.items()
            if place.revealed or place.commitment == self._commitment(ballot, index)
        }
        if not own:
            self._move(ballot, BallotStage.VOTED, "its commitment is not on the chain")
            self._explain(ballot, "too late to vote")
            return
        hidden = [index for index in sorted(own) if not seen.places[index].revealed]
        if not hidden:
            self._move(ballot, BallotStage.REVEALED, "its vote is on the chain")
            return
        self._move(ballot, BallotStage.COMMITTED, "votes are revealed now")
        # Shown too soon, and with its blocks undone, anybody could take the seat with it.
        if seen.settled and self._now <= seen.deadline:
            self._send_votes(e.JurorAct.REVEAL, ballot, hidden)

    def _commitment(self, ballot: Ballot, index: int) -> bytes:
        assert ballot.vote is not None
        return vote_commitment(*ballot.id, index, *ballot.vote, ballot.salt)

    def _send_votes(self, act: e.JurorAct, ballot: Ballot, places: list[int]) -> None:
        id_, vote = ballot.id, ballot.vote
        assert vote is not None
        for index in places:
            key = f"{act}:{self._commitment(ballot, index).hex()}"
            self._send(e.SendVote(act, key, id_, index, vote, ballot.salt))

    def _over(self, ballot: Ballot, seen: CaseSeen) -> None:
        shown = [place.revealed for place in seen.places.values()]
        if ballot.stage in (BallotStage.DRAWN, BallotStage.VOTED):
            self._explain(ballot, ballot.reason or "no vote was committed to in time")
        elif seen.ballot(ballot.id.case) == ballot.id and not all(shown):
            self._explain(ballot, ballot.reason or "the vote was not revealed in time")
        self._move(ballot, BallotStage.OVER, f"the case is {seen.phase.name.lower()}")
        self._prune()

    def _close(self, case: bytes) -> None:
        final = self.state.watched[case]
        if not final:
            self._watch(case, self._now)
        elif self._now >= final + KEPT:
            self._watch(case, None)
            self._out.append(e.ForgetCase(case))

    def _move_on(self, case: bytes, seen: CaseSeen) -> None:
        """What anybody may do, once who should has had time for it."""
        settings = self.state.settings
        turn = (case[0] + int(settings.juror[-2:], 16)) % 3  # not all at once
        if seen.dispute is None or not seen.deadline:
            return
        if self._now > seen.deadline + settings.patience * (1 + turn):
            key = f"{e.JurorAct.ADVANCE}:{case.hex()}:{seen.phase}:{seen.round}:{seen.deadline}"
            self._send(e.SendAdvance(e.JurorAct.ADVANCE, key, case, seen.dispute.request))

    # Seats and money

    def _chores(self) -> None:
        view, settings = self.state.view, self.state.settings
        if view is None:
            return
        for send in self._steps_out():
            self._send(send)
        if not self.state.leaving:
            if settings.collect_at and view.credit >= settings.collect_at:
                self._withdraw(view.credit)
            return
        if view.seats or any(not final for final in self.state.watched.values()):
            return
        if view.credit:
            self._withdraw(view.credit)
        else:
            self._out.append(e.LeaveCourt())

    def _steps_out(self) -> Iterator[e.SendForSeat]:
        """Of seats that are left, by this juror or for a penalty."""
        assert self.state.view is not None
        for position, seat in self.state.view.seats.items():
            if not seat.until and not self.state.leaving:
                continue
            if not seat.until:
                yield e.SendForSeat(e.JurorAct.LEAVE, f"leave:{position}:{seat.since}", position)
            elif self._now >= seat.until and not seat.sitting:
                yield e.SendForSeat(e.JurorAct.VACATE, f"vacate:{position}:{seat.since}", position)

    def _withdraw(self, amount: int) -> None:
        block = self.state.view.block if self.state.view else 0
        self._send(e.SendWithdraw(e.JurorAct.WITHDRAW, f"withdraw:{amount}:{block}", amount))

    # Books

    def _send(self, send: e.SendToCourt) -> None:
        """Unless that was asked for a short time ago."""
        about = getattr(send, "position", send.key if send.act is not e.JurorAct.WITHDRAW else "")
        key = (send.act, about)
        last = self.state.tried.get(key)
        if last is None or not last <= self._now < last + ASK_AGAIN:
            self.state.tried[key] = self._now
            self._out.append(send)

    def _move(self, ballot: Ballot, stage: BallotStage, because: str) -> None:
        """Raises IllegalMove, and changes nothing, if the table does not know the move."""
        if stage is ballot.stage:
            return
        if stage not in MOVES[ballot.stage]:
            raise IllegalBallotMove(ballot.id.case, ballot.stage, stage, because)
        ballot.stage = stage
        self._changed(ballot)

    def _safely(self, act: Callable[..., None], *given: Any) -> None:
        """A move that may not be stops nothing else."""
        try:
            act(*given)
        except IllegalBallotMove as error:
            self._out.append(e.JurorAlarm(str(error)))

    def _explain(self, ballot: Ballot, why: str) -> None:
        if ballot.reason != why:
            ballot.reason = why
            self._changed(ballot)

    def _changed(self, ballot: Ballot) -> None:
        self._changes.ballots[ballot.id] = ballot
        self._changes.forgotten.discard(ballot.id)

    def _prune(self) -> None:
        """Of ballots that are over, the oldest go."""
        over = [id_ for id_, one in self.state.ballots.items() if one.stage is BallotStage.OVER]
        for id_ in over[: max(0, len(over) - MOST_PAST)]:
            del self.state.ballots[id_]
            self._changes.ballots.pop(id_, None)
            self._changes.forgotten.add(id_)
        tried = self.state.tried
        self.state.tried = {key: at for key, at in tried.items() if at > self._now - ASK_AGAIN}
