"""A court of one case, written from its interface, and a juror's core and journal before it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

from suanli.juror import core as c
from suanli.juror.journal import JurorJournal
from suanli.protocol import CasePhase, Request, vote_commitment

CASE, ID, NONCE = b"\x0c" * 32, b"\x0d" * 32, b"\x0e" * 32
REQUEST = Request(*([0] * len(Request._fields)))  # type: ignore[arg-type]
DISPUTE = c.Dispute(ID, REQUEST, bytes(32), 3, 0, False, NONCE)
RIGHT = c.Vote(b"\x01" * 32, b"\x02" * 32)
SETTINGS = c.JurorSettings("0x" + "11" * 20, reserve=20, patience=30)
BEGIN, VOTE, STEP = 1_000, 100, 50


class Killed(Exception):
    """The daemon's process is gone."""


class CourtDouble:
    """Places 0 and 2 of three are this juror's."""

    def __init__(self, places: tuple[int, ...] = (0, 2)) -> None:
        self.phase, self.deadline = CasePhase.VOTING, BEGIN + VOTE
        self.round, self.second, self.nonce = 0, False, NONCE
        self.mine, self.hidden = places, dict[int, bytes]()
        self.shown: dict[int, c.Vote] = {}
        self.advanced = 0
        self.credit, self.seats = 0, {7: c.SeatSeen(900, 0, 1)}
        self.is_settled = True

    def seen(self) -> c.CaseSeen:
        places = {
            index: c.PlaceSeen(
                b"" if index in self.shown else self.hidden.get(index, b""), index in self.shown
            )
            for index in self.mine
        }
        dispute = None if self.phase.is_final else replace(DISPUTE, nonce=self.nonce)
        return c.CaseSeen(
            self.phase,
            0 if self.phase.is_final else self.deadline,
            self.round,
            self.second,
            places,
            dispute,
            self.is_settled,
        )

    def take(self, send: c.SendToCourt) -> None:
        """As the contract does, with what it asserts."""
        match send:
            case c.SendVote(act=c.JurorAct.COMMIT):
                assert self.phase is CasePhase.VOTING
                assert send.place not in self.hidden, "a second commitment"
                digest = vote_commitment(*send.id, send.place, *send.vote, send.salt)
                self.hidden[send.place] = digest
            case c.SendVote():
                assert self.phase is CasePhase.REVEALING, "a vote shown too soon"
                digest = vote_commitment(*send.id, send.place, *send.vote, send.salt)
                assert self.hidden[send.place] == digest, "not what was committed to"
                self.shown[send.place] = send.vote
            case c.SendAdvance():
                self.advanced += 1
            case c.SendForSeat(act=c.JurorAct.LEAVE):
                self.seats[send.position] = self.seats[send.position]._replace(until=2_000)
            case c.SendForSeat():
                del self.seats[send.position]
                self.credit += 100
            case c.SendWithdraw():
                self.credit -= send.amount

    def go(self, phase: CasePhase, deadline: int) -> None:
        self.phase, self.deadline = phase, deadline


class Player:
    """A juror whose process may be killed before or after anything that lasts. `lives`: how many
    such things it lives through, None: all."""

    def __init__(self, folder: Path, court: CourtDouble, lives: int | None = None) -> None:
        self.court, self.path, self.lives = court, folder / "journal.sqlite", lives
        self.now, self.sent = BEGIN, list[c.SendToCourt]()
        self.judged, self.salts = 0, itertools.count(1)
        self.answer: c.Vote | c.Obstacle = RIGHT
        self.left = False
        self.start()
        self.hear(c.Drawn(self.now, CASE))

    def start(self) -> None:
        self.journal = JurorJournal(self.path)
        self.core = c.JurorCore(self.journal.load(SETTINGS))

    def hear(self, event: c.JurorObservation) -> None:
        instructions = self.core.step(event)
        changes = self.core.take_changes()
        self._live()
        self.journal.save(changes)
        self._live()
        for instruction in instructions:
            self._act(instruction)

    def _act(self, instruction: c.JurorInstruction) -> None:
        match instruction:
            case c.Judge():
                self.judged += 1
                self.hear(self._found(instruction))
            case c.SendToCourt():
                self._live()
                self.sent.append(instruction)
                self.court.take(instruction)
                self._live()
            case c.LeaveCourt():
                self.left = True
            case c.JurorAlarm():
                raise AssertionError(instruction.text)

    def _found(self, judge: c.Judge) -> c.JurorObservation:
        salt = next(self.salts).to_bytes(32)
        if isinstance(self.answer, c.Obstacle):
            return c.NotJudged(self.now, judge.id, self.answer, "why", salt)
        return c.Judged(self.now, judge.id, judge.dispute.nonce, self.answer, salt)

    def _live(self) -> None:
        if self.lives is not None:
            self.lives -= 1
            if self.lives < 0:
                raise Killed

    def look(self, now: int) -> None:
        self.now = now
        view = c.CourtView(1, self.court.credit, 10**18, dict(self.court.seats))
        self.hear(c.CourtRead(now, view, {CASE: self.court.seen()}))

    @property
    def ballot(self) -> c.Ballot:
        return self.core.state.ballots[c.BallotId(CASE, self.court.round, self.court.second)]
