"""What the core knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from suanli.juror.core.stages import BallotStage
from suanli.protocol import CasePhase, Request

MOST_PAST = 500
"""Ballots that are over and still shown."""


@dataclass(frozen=True)
class JurorSettings:
    """`reserve`: seconds before a deadline at which what is decided is sent, however good it is;
    `patience`: seconds for which others may do what is due, before this juror does; `collect_at`:
    base units in the court's account from which on they are withdrawn, 0: never."""

    juror: str
    seats: int = 1
    reserve: int = 60
    patience: int = 30
    collect_at: int = 0
    decimals: int = 18


class BallotId(NamedTuple):
    """A case's jury votes once in each round, and again once withheld data was served."""

    case: bytes
    round: int
    second: bool


class Vote(NamedTuple):
    """Hash of the leaf that is right, and the trace that shows that the task was run."""

    leaf: bytes
    trace: bytes


UNAVAILABLE = Vote(bytes(32), bytes(32))
"""The data can't be had."""


@dataclass(frozen=True)
class Dispute:
    """What is to be judged. `nonce`: what the trace depends on; `withheld`: the filer says that
    the task's data can't be had, else that its leaf is wrong; `miner`: who acts for the miner."""

    id: bytes
    request: Request
    root: bytes
    units_used: int
    task: int
    withheld: bool
    nonce: bytes = b""
    miner: str = ""


class PlaceSeen(NamedTuple):
    """A place in the present jury that is this juror's. `commitment`: empty, or what stands there;
    once it is `revealed` it is not there any more."""

    commitment: bytes = b""
    revealed: bool = False


@dataclass(frozen=True)
class CaseSeen:
    """A case at one block. `places`: this juror's in the present or the last ballot; `deadline`: of
    the phase, in seconds since 1970; `settled`: some blocks ago it was in it already; `dispute`:
    None if the request could not be found."""

    phase: CasePhase
    deadline: int
    round: int
    second: bool
    places: Mapping[int, PlaceSeen] = field(default_factory=dict)
    dispute: Dispute | None = None
    settled: bool = True

    def ballot(self, case: bytes) -> BallotId:
        return BallotId(case, self.round, self.second)


class SeatSeen(NamedTuple):
    """A seat: since when it can be drawn, until when its stake stays once it was left (0: it was
    not), and in how many cases it sits; times in seconds since 1970."""

    since: int
    until: int
    sitting: int


@dataclass(frozen=True)
class CourtView:
    """The court at one block. `credit`: base units that this juror may withdraw; `gas`: wei that
    it has; `seats`: its own, by position."""

    block: int
    credit: int
    gas: int
    seats: Mapping[int, SeatSeen] = field(default_factory=dict)


@dataclass
class Ballot:
    """One vote to be cast, in all places that this juror has in the jury, alike. `tries` and
    `wait_until` begin anew with each start."""

    id: BallotId
    since: int
    places: tuple[int, ...] = ()
    stage: BallotStage = BallotStage.DRAWN
    vote: Vote | None = None
    salt: bytes = b""
    nonce: bytes = b""
    """That the vote's trace depends on."""
    task: int = 0
    request: bytes = b""
    """Its id."""
    reason: str = ""
    """Why it is as it is, where that is not as it should be."""
    tries: int = 0
    wait_until: int = 0


@dataclass
class JurorState:
    """All of it but `busy`, `tried`, `seen` and `view` survives a restart. `watched`: cases in
    which this juror sits or sat, with when they were found final, 0: they are not; `seen`: as they
    were looked at last; `tried`: when a transaction was asked for."""

    settings: JurorSettings
    ballots: dict[BallotId, Ballot] = field(default_factory=dict)
    watched: dict[bytes, int] = field(default_factory=dict)
    leaving: bool = False
    view: CourtView | None = None
    seen: dict[bytes, CaseSeen] = field(default_factory=dict)
    busy: set[BallotId] = field(default_factory=set)
    tried: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def live(self) -> list[Ballot]:
        return [one for one in self.ballots.values() if one.stage is not BallotStage.OVER]
