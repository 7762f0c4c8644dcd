"""What a requester keeps of a lease, and what moves it. Times in milliseconds of a clock that never
jumps, amounts in base units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from suanli.lease.errors import LeaseError
from suanli.lease.rate import Rate


class LeaseStage(StrEnum):
    """How far a lease is. Quoted: written down, nothing sent. Opening: the transaction may be under
    way. Open: the channel is there. Ending: the miner, or the chain, was told. Closed: the rest
    came back."""

    QUOTED = "quoted"
    OPENING = "opening"
    OPEN = "open"
    ENDING = "ending"
    CLOSED = "closed"


MOVES: Mapping[LeaseStage, frozenset[LeaseStage]] = {
    LeaseStage.QUOTED: frozenset({LeaseStage.OPENING, LeaseStage.CLOSED}),
    LeaseStage.OPENING: frozenset({LeaseStage.OPEN, LeaseStage.CLOSED}),
    LeaseStage.OPEN: frozenset({LeaseStage.ENDING, LeaseStage.CLOSED}),
    LeaseStage.ENDING: frozenset({LeaseStage.CLOSED}),
    LeaseStage.CLOSED: frozenset(),
}


class LeaseFault(LeaseError):
    """An error of this program: a step that the table does not know."""


@dataclass(frozen=True)
class Payments:
    """`signed`: the greatest amount of a voucher, which is written down before it leaves; of
    `budget` at most. `used`: milliseconds that were served, as far as both clocks say. What stands
    below `at` is lost when the program ends."""

    rate: Rate
    step: int
    """Milliseconds."""
    budget: int
    signed: int = 0
    used: int = 0
    room: int = 0
    """The miner's, as it counts them; 0: none yet."""
    at: int | None = field(default=None, compare=False)
    """Up to when time is counted; None: nothing is served yet that is known of."""
    claimed: int = field(default=0, compare=False)
    """Milliseconds that the miner says it served."""
    met: bool = field(default=False, compare=False)
    """Whether there is a connection."""
    moved: int = field(default=0, compare=False)
    """When what the miner says it served changed last, or could begin to."""
    sent: int = field(default=0, compare=False)
    """When a voucher left last."""
    asked: int | None = field(default=None, compare=False)
    """Since when it owes an answer to what it was asked to do, on this connection."""
    waited: int = field(default=0, compare=False)
    """Milliseconds for which it owed that on earlier ones."""

    @property
    def paid(self) -> int:
        """Milliseconds."""
        return self.rate.time_down(self.signed)


@dataclass(frozen=True)
class _Noticed:
    now: int


@dataclass(frozen=True)
class Met(_Noticed):
    """A session with the miner begins, or is taken up: what it says of itself."""

    served: int
    amount: int
    room: int


@dataclass(frozen=True)
class ServedTold(_Noticed):
    """What the miner says while it serves."""

    served: int
    amount: int
    room: int


@dataclass(frozen=True)
class Parted(_Noticed):
    """The connection is gone."""


@dataclass(frozen=True)
class MomentPassed(_Noticed):
    pass


@dataclass(frozen=True)
class AskedFor(_Noticed):
    """The miner was asked to do something that takes no time."""


@dataclass(frozen=True)
class Answered(_Noticed):
    pass


@dataclass(frozen=True)
class MoneyAdded(_Noticed):
    """`budget` is all that there is now; time that was added has a price of its own."""

    budget: int
    rate: Rate


UserObservation = Met | ServedTold | Parted | MomentPassed | AskedFor | Answered | MoneyAdded


@dataclass(frozen=True)
class Pay:
    """Send a voucher of so much in all; it is written down by then."""

    amount: int


@dataclass(frozen=True)
class BeginAgain:
    """The room is another one: nothing of what was in the last one is there."""

    room: int


@dataclass(frozen=True)
class LeaveMiner:
    """Pay nothing more, and end the channel."""

    why: str


@dataclass(frozen=True)
class BudgetSpent:
    """All of it is signed for, and served: the room stands still."""


UserInstruction = Pay | BeginAgain | LeaveMiner | BudgetSpent
