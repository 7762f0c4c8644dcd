"""What the core hears. Every observation carries `now`, the chain's time in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from suanli.miner.core.accusations import CaseLook, Purse
from suanli.miner.core.instructions import Act
from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import MarketView, OnChain, Work
from suanli.protocol import Leaf, Request


@dataclass(frozen=True)
class Observation:
    now: int


@dataclass(frozen=True)
class TimePassed(Observation):
    pass


@dataclass(frozen=True)
class ChainRead(Observation):
    """The market at one block, all deals that were asked about, and the cases about them; by
    court, what this miner has for it."""

    view: MarketView
    deals: Mapping[bytes, OnChain]
    cases: Mapping[bytes, CaseLook] = field(default_factory=dict)
    purses: Mapping[str, Purse] = field(default_factory=dict)


@dataclass(frozen=True)
class RequestSeen(Observation):
    """At the relay (`lodged`, signed) or posted on chain (signature empty)."""

    id: bytes
    request: Request
    signature: bytes
    lodged: bool


@dataclass(frozen=True)
class RequestGone(Observation):
    """Cancelled, or confirmed by another miner."""

    id: bytes
    reason: Reason


@dataclass(frozen=True)
class OwnConfirmed(Observation):
    """This miner's confirmation of a request was mined."""

    id: bytes


@dataclass(frozen=True)
class TwinSeen(Observation):
    """Another daemon confirmed this request with this account, `at` the block's time."""

    id: bytes
    at: int


@dataclass(frozen=True)
class RolledBack(Observation):
    """Blocks were undone: what was cancelled or taken in them may be open again."""


@dataclass(frozen=True)
class MachinesSeen(Observation):
    """Of the cluster: how many tasks run at a time, at how many units a second each, and units that
    its machines, or those of a short time ago, do in an hour."""

    workers: int
    speed: float
    capacity: int


@dataclass(frozen=True)
class OfDeal(Observation):
    id: bytes


@dataclass(frozen=True)
class CheckPassed(OfDeal):
    work: Work


@dataclass(frozen=True)
class CheckFailed(OfDeal):
    reason: Reason


@dataclass(frozen=True)
class ActRefused(OfDeal):
    """The market refuses an act for a deal, for good or, if the reason is not final, for now."""

    act: Act
    reason: Reason


@dataclass(frozen=True)
class TaskDone(OfDeal):
    leaf: Leaf


@dataclass(frozen=True)
class TaskFailed(OfDeal):
    """This machine could not decide it."""

    index: int
    reason: str


@dataclass(frozen=True)
class TaskStored(OfDeal):
    index: int


@dataclass(frozen=True)
class LeavesStored(OfDeal):
    pass


@dataclass(frozen=True)
class ChallengeSeen(OfDeal):
    """A case about one task of a deal was filed with a court; `secret` is new and random."""

    case: bytes
    court: str
    task: int
    withheld: bool
    secret: bytes


@dataclass(frozen=True)
class DealServed(OfDeal):
    """All data of a result is in the requesters' store, but what the tasks `lost` left."""

    lost: Sequence[int] = ()


@dataclass(frozen=True)
class ClaimAnswered(OfDeal):
    """`taken`: the claim is where the requester looks for it."""

    taken: bool


@dataclass(frozen=True)
class AcceptanceSeen(OfDeal):
    """Genuine, of whatever result it names."""

    root: bytes
    units_used: int
    signature: bytes


@dataclass(frozen=True)
class AcceptanceAsked(OfDeal):
    """The relay answered for the first time since the start whether there is an acceptance."""


@dataclass(frozen=True)
class RoomSeen(Observation):
    """Bytes that still find room on the disk, and those of all data of deals."""

    room: int
    stored: int


@dataclass(frozen=True)
class DrainAsked(Observation):
    draining: bool = True
