"""What the core wants done. Each carries all that its doer needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from suanli.base.errors import SuanliError
from suanli.client.events import JobEvent
from suanli.client.options import Options
from suanli.client.plan import Assignment
from suanli.client.records import DealRecord, Fault, Filing, Kept
from suanli.protocol import Claim, Leaf
from suanli.verify import ResultRefused


class DealAct(StrEnum):
    """What is sent to the market for a deal."""

    CANCEL = "cancel"
    ACCEPT = "accept"
    SETTLE = "settle"
    DEFAULT = "default"


class CaseAct(StrEnum):
    """What is sent to a court about a challenge of ours: file it; commit to a secret, reveal it;
    record a block's hash; go on drawing; show the right leaf; appeal; do what is due; let the deal
    go on."""

    FILE = "file"
    COMMIT = "commit"
    REVEAL = "reveal"
    RECORD = "record"
    DRAW = "draw"
    SHOW = "show"
    APPEAL = "appeal"
    ADVANCE = "advance"
    FINISH = "finish"


class Purpose(StrEnum):
    """What offers are read for: new tasks; what a reorganization undid; tasks that a busy miner
    puts off; tasks of a miner that is gone or late."""

    TASKS = "tasks"
    OWED = "owed"
    BUSY = "busy"
    DOUBLE = "double"


@dataclass(frozen=True)
class Placement:
    """Why tasks are placed: for the first time, or as those of the deal that it `doubles`."""

    doubles: int | None = None
    why: str = ""


@dataclass(frozen=True)
class Checked:
    """A claim with the leaves that it commits to; `good`: whether each program ended well."""

    claim: Claim
    leaves: Sequence[Leaf]
    good: Sequence[bool]


@dataclass(frozen=True)
class RunInstruction:
    pass


@dataclass(frozen=True)
class Tell(RunInstruction):
    event: JobEvent


@dataclass(frozen=True)
class TellDone(RunInstruction):
    """A task's first accepted result."""

    kept: Kept
    miner: str


@dataclass(frozen=True)
class Wait(RunInstruction):
    """The round is over: until the next."""


@dataclass(frozen=True)
class Finish(RunInstruction):
    """There is nothing to be done any more, or not for long."""


@dataclass(frozen=True)
class GiveUp(RunInstruction):
    """Nothing goes on; the user must do something."""

    error: SuanliError | OSError


# Placing


@dataclass(frozen=True)
class ReadOutputs(RunInstruction):
    """What the job's first results, which all failed, have to say."""

    first: Sequence[Kept]


@dataclass(frozen=True)
class ReadOffers(RunInstruction):
    """And what each task needs; `number`: of the deal that it is for, if it is one."""

    purpose: Purpose
    options: Options
    number: int = -1


@dataclass(frozen=True)
class ReadTerms(RunInstruction):
    """Choose what to sign under."""

    placement: Placement
    assignments: Sequence[Assignment]
    options: Options


@dataclass(frozen=True)
class Promise(RunInstruction):
    """Sign the requests and set `amount` base units apart: for them, and those that are out."""

    placement: Placement
    records: Sequence[DealRecord]
    amount: int


@dataclass(frozen=True)
class Deposit(RunInstruction):
    """What is missing of `amount` base units for requests that are out."""

    amount: int


# One deal


@dataclass(frozen=True)
class ForRecord(RunInstruction):
    record: DealRecord


@dataclass(frozen=True)
class ReadDeal(ForRecord):
    """At block `at`."""

    at: int


@dataclass(frozen=True)
class ReadEnd(ForRecord):
    """Whether its end still stands, at block `at`."""

    at: int


@dataclass(frozen=True)
class Lodge(ForRecord):
    """Data into the store, the request to the relay."""


@dataclass(frozen=True)
class Post(ForRecord):
    """Data into the store, the request onto the chain."""


@dataclass(frozen=True)
class AskRejection(ForRecord):
    """Whether its miner says that it does not take the request."""


@dataclass(frozen=True)
class AskClaim(ForRecord):
    """What its miner says its result is; if one was submitted (root and units), that one."""

    submitted: tuple[bytes, int] | None


@dataclass(frozen=True)
class Fetch(ForRecord):
    """All that the claim commits to, and check it."""

    claim: Claim


@dataclass(frozen=True)
class Rerun(ForRecord):
    """Positions within the deal."""

    checked: Checked
    chosen: Sequence[int]


@dataclass(frozen=True)
class SignAcceptance(ForRecord):
    checked: Checked
    chosen: Sequence[int]


@dataclass(frozen=True)
class KeepEvidence(ForRecord):
    """What is shown to a court; `right`: leaves found by running tasks again; `fault`: what it can
    find."""

    refused: ResultRefused
    claim: Claim | None = None
    leaves: Sequence[Leaf] = ()
    right: Mapping[int, Leaf] | None = None
    fault: Fault | None = None


@dataclass(frozen=True)
class AskProgress(ForRecord):
    """What its miner says of it."""


@dataclass(frozen=True)
class SendAct(ForRecord):
    """To the market: once, however often it is instructed."""

    act: DealAct


@dataclass(frozen=True)
class AskWallet(ForRecord):
    """Tell that only the contract account itself can send this."""

    act: DealAct


@dataclass(frozen=True)
class PostAcceptance(ForRecord):
    """Give the relay the acceptance."""


# Challenges


@dataclass(frozen=True)
class ReadStakes(ForRecord):
    """What challenging it for the `number`th time takes and may bring now."""

    number: int


@dataclass(frozen=True)
class ProveFalse(ForRecord):
    """That its claim contradicts itself."""

    fault: Fault


@dataclass(frozen=True)
class ForFiling(ForRecord):
    filing: Filing


@dataclass(frozen=True)
class ReadCase(ForFiling):
    """At the newest block: what is due must not wait for blocks above it."""


@dataclass(frozen=True)
class SendCaseAct(ForFiling):
    """To the court: once for each `step`, however often it is instructed. `round`: of the case."""

    act: CaseAct
    round: int
    step: str


@dataclass(frozen=True)
class RunFaultAgain(ForFiling):
    """Whether the task still leaves what was found to be right."""


@dataclass(frozen=True)
class CloseCase(ForFiling):
    """Take out of the court what came back. `finished`: the deal is, so that there may be something
    to be collected before."""

    finished: bool
