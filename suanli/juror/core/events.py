"""What the core hears, and what it wants done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from suanli.juror.core.records import BallotId, CaseSeen, CourtView, Dispute, Vote
from suanli.protocol import Request


@dataclass(frozen=True)
class JurorObservation:
    """`now`: the chain's time in seconds."""

    now: int


@dataclass(frozen=True)
class TimeWent(JurorObservation):
    pass


@dataclass(frozen=True)
class CourtRead(JurorObservation):
    """The court at one block, and all cases that were asked about or found."""

    view: CourtView
    cases: Mapping[bytes, CaseSeen]


@dataclass(frozen=True)
class Drawn(JurorObservation):
    """This juror sits in a case."""

    case: bytes


@dataclass(frozen=True)
class Judged(JurorObservation):
    """The task was run, with the trace that `nonce` wants; `salt` is new and random."""

    id: BallotId
    nonce: bytes
    vote: Vote
    salt: bytes


class Obstacle(StrEnum):
    """Why a task could not be run."""

    DATA = "data"
    """Something that it needs can't be had, or is not what it should be."""
    MACHINE = "machine"
    """Here, and perhaps not elsewhere."""


@dataclass(frozen=True)
class NotJudged(JurorObservation):
    """`salt` is new and random, for a vote that the data can't be had."""

    id: BallotId
    obstacle: Obstacle
    why: str
    salt: bytes


@dataclass(frozen=True)
class VoteRefused(JurorObservation):
    """The court refuses, or the chain can't be reached for it."""

    act: JurorAct
    id: BallotId | None
    why: str


@dataclass(frozen=True)
class LeaveAsked(JurorObservation):
    leaving: bool = True


class JurorAct(StrEnum):
    """What the daemon sends to the court."""

    COMMIT = "commit"
    REVEAL = "reveal"
    ADVANCE = "advance"
    LEAVE = "leave"
    VACATE = "vacate"
    WITHDRAW = "withdraw"


@dataclass(frozen=True)
class JurorInstruction:
    pass


@dataclass(frozen=True)
class Judge(JurorInstruction):
    """Fetch what the task needs, run it, find its trace; `until`: the chain's second by which an
    answer must be there, whatever it is."""

    id: BallotId
    dispute: Dispute
    until: int


@dataclass(frozen=True)
class ForgetCase(JurorInstruction):
    """The case's data is needed no longer."""

    case: bytes


@dataclass(frozen=True)
class SendToCourt(JurorInstruction):
    """`key` makes it happen once."""

    act: JurorAct
    key: str


@dataclass(frozen=True)
class SendVote(SendToCourt):
    """A commitment to the vote, or the vote itself, for one place."""

    id: BallotId
    place: int
    vote: Vote
    salt: bytes


@dataclass(frozen=True)
class SendAdvance(SendToCourt):
    case: bytes
    request: Request


@dataclass(frozen=True)
class SendForSeat(SendToCourt):
    position: int


@dataclass(frozen=True)
class SendWithdraw(SendToCourt):
    amount: int


@dataclass(frozen=True)
class JurorAlarm(JurorInstruction):
    """An error of this program, for its log and `status`."""

    text: str


@dataclass(frozen=True)
class LeaveCourt(JurorInstruction):
    """No seat is left, and all that was there is withdrawn."""
