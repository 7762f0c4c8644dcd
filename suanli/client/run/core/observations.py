"""What the core hears. Every observation carries `now`, the shell's clock in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from suanli.base.errors import SuanliError
from suanli.client.options import Options
from suanli.client.plan import Assignment, Candidate, Need
from suanli.client.records import DealRecord, Fault
from suanli.client.run.core.instructions import CaseAct, Checked, DealAct, Placement, Purpose
from suanli.client.terms import Signable
from suanli.engine import Result
from suanli.protocol import (
    CaseStatus,
    Claim,
    Deal,
    Docket,
    Leaf,
    Progress,
    Rejection,
    State,
    Terms,
)
from suanli.verify import ResultRefused


@dataclass(frozen=True)
class At:
    """A block's number, and its time in seconds since 1970."""

    number: int
    time: int


@dataclass(frozen=True)
class RunObservation:
    now: float


@dataclass(frozen=True)
class Begun(RunObservation):
    """A process goes on with the job from here."""


@dataclass(frozen=True)
class Chosen(RunObservation):
    """By the user; None: as it was. `closing`: nothing new is placed any more, and what nobody took
    is called back."""

    budget: int | None = None
    options: Options | None = None
    closing: bool = False


@dataclass(frozen=True)
class RoundBegun(RunObservation):
    """`head`: the newest block; `seen`: the one to judge by."""

    head: At
    seen: At


@dataclass(frozen=True)
class Unreachable(RunObservation):
    """There is no block to judge by."""

    why: str
    key: str


@dataclass(frozen=True)
class Continue(RunObservation):
    """All that was instructed is done: what is next?"""


@dataclass(frozen=True)
class Failed(RunObservation):
    """What was instructed last; what was to follow it is left out. `passing`: by itself, so that it
    is told (as `why`, and as the same as long as `key` is) and tried again."""

    error: SuanliError | OSError
    why: str
    key: str
    passing: bool


@dataclass(frozen=True)
class OfRecord(RunObservation):
    number: int


@dataclass(frozen=True)
class DealRead(OfRecord):
    """On the chain, at block `seen`. `deal` and its `terms` once a miner took it; `court`: theirs
    takes challenges from here."""

    seen: At
    state: State
    deal: Deal | None = None
    terms: Terms | None = None
    court: bool = False


@dataclass(frozen=True)
class EndRead(OfRecord):
    """How one stands on the chain that ended before."""

    seen: At
    state: State


@dataclass(frozen=True)
class Opened(OfRecord):
    """Its miner can see the request."""


@dataclass(frozen=True)
class NotLodged(OfRecord):
    """The relay is away, or (`refused`) does not take it."""

    error: SuanliError
    why: str
    refused: bool


@dataclass(frozen=True)
class RejectionRead(OfRecord):
    """None: there is none, or it can't be known."""

    rejection: Rejection | None


@dataclass(frozen=True)
class ClaimRead(OfRecord):
    """`answered`: all who may know of a claim did."""

    claim: Claim | None
    answered: bool


@dataclass(frozen=True)
class Fetched(OfRecord):
    """All that a claim commits to is here and fits together."""

    checked: Checked


@dataclass(frozen=True)
class NotFetched(OfRecord):
    """`progress`: some of it came; `away`: so is the store."""

    claim: Claim
    refused: ResultRefused
    leaves: Sequence[Leaf]
    progress: bool
    away: bool = False


@dataclass(frozen=True)
class Reran(OfRecord):
    """Tasks that were drawn were run again; `right`: the leaves of those that differ."""

    checked: Checked
    chosen: Sequence[int]
    right: Mapping[int, Leaf]


@dataclass(frozen=True)
class AcceptanceSigned(OfRecord):
    checked: Checked
    chosen: Sequence[int]
    signature: bytes


@dataclass(frozen=True)
class EvidenceKept(OfRecord):
    refused: ResultRefused
    path: Path
    fault: Fault | None = None


@dataclass(frozen=True)
class ProgressRead(OfRecord):
    """What the miner said last, newest first; None: it can't be known now."""

    told: Sequence[Progress] | None


@dataclass(frozen=True)
class ActSent(OfRecord):
    """`done`: the market took it; `new`: it was not sent before."""

    act: DealAct
    done: bool
    new: bool


@dataclass(frozen=True)
class AcceptancePosted(OfRecord):
    """None: the relay has it; else why not."""

    trouble: str | None


@dataclass(frozen=True)
class StakesRead(OfRecord):
    """Of a challenge, by the court as it is now, in base units: what it holds (`deposit`), and what
    an appeal would; what jurors cost, what settling the deal would pay for the claim, and what of
    the least slash the court receives. `until`: the last second in which it can be filed."""

    at: At
    until: int
    deposit: int
    appeal: int
    jurors: int
    due: int
    slashed: int


@dataclass(frozen=True)
class FalseProved(OfRecord):
    """`done`: the court took something new."""

    done: bool


@dataclass(frozen=True)
class OfFiling(OfRecord):
    """Of our `filing`th challenge of the deal."""

    filing: int


@dataclass(frozen=True)
class CaseRead(OfFiling):
    """`until`: the last second in which the deal can be challenged; `appeal`: what an appeal holds,
    in base units; `left`: the deal is before no court, or its time there is over."""

    at: At
    case: bytes
    status: CaseStatus
    docket: Docket
    until: int
    appeal: int
    left: bool = False


@dataclass(frozen=True)
class CaseActSent(OfFiling):
    """`done`: the court took it; else `why` not."""

    act: CaseAct
    done: bool
    why: str = ""


@dataclass(frozen=True)
class FaultRunAgain(OfFiling):
    same: bool


@dataclass(frozen=True)
class CaseClosed(OfFiling):
    """What of the deposit did not come back, and the reward, in base units."""

    cost: int
    reward: int


@dataclass(frozen=True)
class OutputsRead(RunObservation):
    """Of the job's first results, which all failed."""

    first: Sequence[Result]


@dataclass(frozen=True)
class OffersRead(RunObservation):
    purpose: Purpose
    number: int
    offers: Sequence[Candidate]
    need: Need


@dataclass(frozen=True)
class TermsRead(RunObservation):
    """What is to be signed under; `slashed`: what a unit costs that a court overturns, in 10^-18
    token; `epoch`: of the requester's requests; `runtime`: the job's, by its place in the class's
    list."""

    placement: Placement
    assignments: Sequence[Assignment]
    terms: Signable
    slashed: int
    epoch: int
    runtime: int


@dataclass(frozen=True)
class Promised(RunObservation):
    """Requests are signed, and their money is set apart."""

    placement: Placement
    records: Sequence[DealRecord]
