"""What happens to a job, as frozen records, in the order in which it is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from suanli.chain import Call
from suanli.engine import Result


@dataclass(frozen=True)
class JobEvent:
    """Something that happened."""


@dataclass(frozen=True)
class TermsChosen(JobEvent):
    """What deals are signed under from here on; `terms` as people read them."""

    number: int
    terms: str


@dataclass(frozen=True)
class Placed(JobEvent):
    """Tasks were given to a miner: `lock` base units at most, `seconds` at worst if known. If
    another deal has them, too: which one it `doubles`, and `why`. `score`: of the miner, for what
    was placed with it and others together; None if it is not known. `first_use`: seconds that the
    miner is thought to compile the program before it takes them."""

    deal: int
    miner: str
    tasks: tuple[int, ...]
    lock: int
    seconds: float | None
    doubles: int | None = None
    why: str = ""
    score: float | None = None
    first_use: float = 0.0


@dataclass(frozen=True)
class MayDouble(JobEvent):
    """Tasks of a miner that falls silent are placed a second time, for so much more at `most`;
    `late`: those of one that is late, too."""

    most: int
    late: bool


@dataclass(frozen=True)
class Corrected(JobEvent):
    """A task's result that was accepted before, unseen, was wrong; this miner's took its place."""

    task: int
    miner: str


@dataclass(frozen=True)
class Confirmed(JobEvent):
    """The miner took them; `price` in 10^-18 token per unit, `deadline` of the result."""

    deal: int
    miner: str
    price: int
    deadline: int


@dataclass(frozen=True)
class Rejected(JobEvent):
    """The miner does not take them; `final`: nothing changes that."""

    deal: int
    miner: str
    reason: str
    final: bool


@dataclass(frozen=True)
class Waiting(JobEvent):
    """So many tasks have no miner, and this is why; offers are waited for so many `seconds`."""

    tasks: int
    reasons: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Progressed(JobEvent):
    """A miner says that so many of a deal's tasks are `done`. `left`: seconds that the others take
    at the same pace, if it can be told; `deadline`: in so many seconds."""

    deal: int
    miner: str
    done: int
    tasks: int
    left: float | None
    deadline: int


@dataclass(frozen=True)
class FellSilent(JobEvent):
    """A miner was not heard of for so many `seconds`; the rest as it said last."""

    deal: int
    miner: str
    seconds: float
    done: int
    tasks: int
    deadline: int


@dataclass(frozen=True)
class TaskAccepted(JobEvent):
    """A task's result was checked and accepted; `audited`: it was run again here; `ok`: its program
    ended well."""

    task: int
    miner: str
    units: int
    audited: bool
    ok: bool
    read: Callable[[], Result] = field(repr=False, compare=False)

    @property
    def result(self) -> Result:
        """What the task left, read from the job's folder each time."""
        return self.read()


@dataclass(frozen=True)
class ClaimRefused(JobEvent):
    """A result was not accepted; what a court would be shown is in the file `evidence`."""

    deal: int
    miner: str
    kind: str
    why: str
    evidence: Path


@dataclass(frozen=True)
class Awaited(JobEvent):
    """A miner withholds the results of so many `tasks`, and may yet be paid for them: they are
    bought again only once it is not, or does not bring them."""

    deal: int
    miner: str
    tasks: int


@dataclass(frozen=True)
class CameLate(JobEvent):
    """What a miner had withheld is here, and right: results of so many `tasks`. `accepted`: that
    ends a case of ours; else they are used, and the court decides what is paid for them."""

    deal: int
    miner: str
    tasks: int
    accepted: bool


@dataclass(frozen=True)
class Challenged(JobEvent):
    """A deal's result is before the court, as case `case`; `deposit` base units are held."""

    deal: int
    case: str
    deposit: int


@dataclass(frozen=True)
class NotChallenged(JobEvent):
    """A wrong result that is not brought before the court, and why."""

    deal: int
    why: str


@dataclass(frozen=True)
class CaseMoved(JobEvent):
    """What a case waits for now."""

    deal: int
    case: str
    what: str


@dataclass(frozen=True)
class CaseEnded(JobEvent):
    """Our `number`th challenge of the deal, from 0. `how`: upheld, rejected, undecided or void, or
    why no court took it; what of the deposit it `cost`, and the `reward`,
    in base units."""

    deal: int
    number: int
    how: str
    cost: int
    reward: int


@dataclass(frozen=True)
class DealEnded(JobEvent):
    """Nothing is locked any more; `cost` base units were paid, fee included. `how`: settled,
    cancelled, expired, released, annulled, defaulted, overturned; `why`: for people."""

    deal: int
    miner: str
    how: str
    cost: int
    why: str = ""


@dataclass(frozen=True)
class FellBack(JobEvent):
    """The relay is away: the job goes on over the chain."""

    why: str


@dataclass(frozen=True)
class RelayTold(JobEvent):
    """One of several relays is away, late, or there again; the job goes on with the others."""

    text: str


@dataclass(frozen=True)
class WalletAsked(JobEvent):
    """A call that only the contract account itself can send; else the deal ends by its time."""

    deal: int
    wallet: str
    call: Call[None]


@dataclass(frozen=True)
class Trouble(JobEvent):
    """Something failed for now and is tried again."""

    why: str
