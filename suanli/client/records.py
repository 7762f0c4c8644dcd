"""What is known of a job's deals and results: frozen records, as the ledger keeps them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from suanli.protocol import Leaf, Request, Sibling

EXPIRED = "expired"
"""The end of a request that nobody confirmed in time."""
NO_ANSWER = "no answer in time"
"""Why a request ended of which its miner said nothing."""
PASSING = (EXPIRED, "cancelled")
"""Ends before a miner took the tasks."""


class DealStage(StrEnum):
    """How far a deal is. Signed: a request exists, perhaps nobody has seen it. Open: lodged or
    posted. Confirmed: a miner took it. Accepted: its result is right and the acceptance is signed.
    Refused: its result is not. Called: nobody is to take it any more. Ended: nothing is locked any
    more."""

    SIGNED = "signed"
    OPEN = "open"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CALLED = "called"
    ENDED = "ended"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a result, as a court is asked to find it: of the one with this root and
    sum, the leaf at `index` within the deal, in whose place `right` belongs. None: something of it
    is withheld. `proof`: a leaf and its path that lead to the root with another sum, which no jury
    has to judge."""

    root: bytes
    units_used: int
    index: int = 0
    right: Leaf | None = None
    proof: tuple[Leaf, tuple[Sibling, ...]] | None = None

    @property
    def withheld(self) -> bool:
        """Whether what a court is asked to find is that something can't be fetched."""
        return self.right is None and self.proof is None

    def same(self, other: Fault) -> bool:
        """Whether it is one thing to a court: what is withheld has no place."""
        if self.withheld and other.withheld:
            return (self.root, self.units_used) == (other.root, other.units_used)
        return self == other


@dataclass(frozen=True)
class DealRecord:
    """A deal. `lock`: what it holds at most; `audit`: the chance of each task to be run again;
    `posted`: by a transaction;
    `cost`: what the requester paid in the end, in base units; `end`: how it ended, in one word,
    `ended_at` which block, and `why`, or before that why its miner does not take it; `refused`: why
    its result was not accepted, and `fault` what of it a court can find; `root` and `units_used` of
    the result that was found right; `doubles`: the deal whose
    tasks it was given as well; `miner`: the address that the miner whose number the request names
    had when it was made; `seal_to`: its public key that the deal's data is sealed to, empty
    if nothing is sealed."""

    number: int
    stage: DealStage
    tasks: tuple[int, ...]
    request: Request
    signature: bytes
    lock: int
    seconds: float | None
    audit: float = 1.0
    posted: bool = False
    units_used: int = 0
    root: bytes = b""
    acceptance: bytes = b""
    cost: int = 0
    end: str = ""
    ended_at: int = 0
    why: str = ""
    refused: str = ""
    doubles: int | None = None
    miner: str = ""
    fault: Fault | None = None
    seal_to: bytes = b""

    @property
    def running(self) -> bool:
        """Whether a result may still come of it."""
        return self.stage in (DealStage.SIGNED, DealStage.OPEN, DealStage.CONFIRMED)

    @property
    def withheld(self) -> bool:
        """Whether its result was refused since something of it could not be fetched."""
        return self.refused.startswith("withheld:")

    @property
    def late(self) -> bool:
        """Whether what was withheld came when it could not be accepted any more, and was right: it
        is used, and the court decides what is paid."""
        return bool(self.root) and not self.acceptance

    @property
    def unpaid(self) -> bool:
        """Whether its result was accepted, and then a reorganization undid the deal for good."""
        undone = self.stage is DealStage.ENDED and self.end in PASSING
        return undone and bool(self.acceptance) and not self.refused

    @property
    def reserved(self) -> int:
        """What of the budget it takes: its lock until it ends, then its cost."""
        return self.cost if self.stage is DealStage.ENDED else self.lock


NOT_FILED = "not filed"
"""The end of a challenge that no court took: its number is free."""


class FilingStage(StrEnum):
    """How far a challenge is. Planned: it is written down, and perhaps sent. Filed: a court has it.
    Closed: nothing of it is held any more, or it never came to be."""

    PLANNED = "planned"
    FILED = "filed"
    CLOSED = "closed"


@dataclass(frozen=True)
class Filing:
    """A challenge of a deal's result: our `number`th of that deal, from 0. `block`: from which on
    the chain tells of it; `deposit`: what it holds at most, an appeal's included; `end`: how it
    was closed, in one word, what of the deposit it `cost`, and the `reward`. Base units."""

    deal: int
    number: int
    fault: Fault
    stage: FilingStage
    block: int
    deposit: int
    appealed: bool = False
    end: str = ""
    cost: int = 0
    reward: int = 0

    @property
    def open(self) -> bool:
        return self.stage is not FilingStage.CLOSED

    @property
    def reserved(self) -> int:
        """What of the bonds' budget it takes: its deposit until it is closed, then its cost."""
        return self.deposit if self.open else self.cost


@dataclass(frozen=True)
class Kept:
    """A task's accepted result: `leaf` counts tasks within the deal, whose number is `deal`; `ok`:
    the program ended well."""

    task: int
    deal: int
    leaf: Leaf
    audited: bool
    ok: bool


def merged(old: Kept | None, new: Kept) -> Kept:
    """What two miners found alike stays the first one's."""
    if old is None or not old.leaf.agrees(new.leaf):
        return new
    return replace(old, audited=old.audited or new.audited)


def waiting(tasks: int, records: Iterable[DealRecord], done: Collection[int]) -> list[int]:
    """Those of the job's tasks without a result that no miner has."""
    had = {task for record in records if record.running for task in record.tasks}
    return [task for task in range(tasks) if task not in had and task not in done]
