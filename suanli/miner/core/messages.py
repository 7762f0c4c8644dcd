"""What the core hears (events) and what it wants done (instructions).

Every event carries `now`, the chain's time in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import MarketView, OnChain, Work
from suanli.protocol import Leaf, Request


class Act(StrEnum):
    """What the daemon sends to the market."""

    CONFIRM = "confirm"
    SUBMIT_RESULT = "submit"
    SUBMIT_ACCEPTED = "accepted"
    SETTLE = "settle"
    RELEASE = "release"
    CLOSE = "close"
    STAKE = "stake"
    PUBLISH = "publish"
    WITHDRAW_OFFER = "withdraw"
    COLLECT = "collect"


@dataclass(frozen=True)
class Event:
    now: int


@dataclass(frozen=True)
class TimePassed(Event):
    pass


@dataclass(frozen=True)
class ChainRead(Event):
    """The market at one block, and all deals that were asked about."""

    view: MarketView
    deals: Mapping[bytes, OnChain]


@dataclass(frozen=True)
class RequestSeen(Event):
    """At the relay (`lodged`, signed) or posted on chain (signature empty)."""

    id: bytes
    request: Request
    signature: bytes
    lodged: bool


@dataclass(frozen=True)
class RequestGone(Event):
    """Cancelled, or confirmed by another miner."""

    id: bytes
    reason: Reason


@dataclass(frozen=True)
class OwnConfirmed(Event):
    """This miner's confirmation of a request was mined."""

    id: bytes


@dataclass(frozen=True)
class TwinSeen(Event):
    """Another daemon confirmed this request with this account, `at` the block's time."""

    id: bytes
    at: int


@dataclass(frozen=True)
class RolledBack(Event):
    """Blocks were undone: what was cancelled or taken in them may be open again."""


@dataclass(frozen=True)
class DealEvent(Event):
    id: bytes


@dataclass(frozen=True)
class CheckPassed(DealEvent):
    work: Work


@dataclass(frozen=True)
class CheckFailed(DealEvent):
    reason: Reason


@dataclass(frozen=True)
class Refused(DealEvent):
    """The market refuses an act for a deal, for good or, if the reason is not final, for now."""

    act: Act
    reason: Reason


@dataclass(frozen=True)
class TaskDone(DealEvent):
    leaf: Leaf


@dataclass(frozen=True)
class TaskFailed(DealEvent):
    """This machine could not decide it."""

    index: int
    reason: str


@dataclass(frozen=True)
class TaskStored(DealEvent):
    index: int


@dataclass(frozen=True)
class LeavesStored(DealEvent):
    pass


@dataclass(frozen=True)
class ResultAnswered(DealEvent):
    """`taken`: the result is where the requester looks for it."""

    taken: bool


@dataclass(frozen=True)
class AcceptanceSeen(DealEvent):
    """Genuine, of whatever result it names."""

    root: bytes
    units_used: int
    signature: bytes


@dataclass(frozen=True)
class AcceptanceAsked(DealEvent):
    """The relay answered for the first time since the start whether there is an acceptance."""


@dataclass(frozen=True)
class RoomSeen(Event):
    """Bytes that still find room on the disk, and those of all data of deals."""

    room: int
    stored: int


@dataclass(frozen=True)
class DrainAsked(Event):
    draining: bool = True


@dataclass(frozen=True)
class Instruction:
    pass


@dataclass(frozen=True)
class DealInstruction(Instruction):
    id: bytes


@dataclass(frozen=True)
class Check(DealInstruction):
    """Fetch manifest, module and all inputs; check them."""


@dataclass(frozen=True)
class RunTask(DealInstruction):
    index: int


@dataclass(frozen=True)
class StoreTask(DealInstruction):
    index: int


@dataclass(frozen=True)
class StoreLeaves(DealInstruction):
    pass


@dataclass(frozen=True)
class Answer(DealInstruction):
    """Put the signed result where the requester looks for it."""


@dataclass(frozen=True)
class TellRefusal(DealInstruction):
    reason: Reason


@dataclass(frozen=True)
class Forget(DealInstruction):
    """Its data is needed no longer."""


@dataclass(frozen=True)
class Send(Instruction):
    """`key` makes it happen once."""

    act: Act
    key: str
    id: bytes = b""


@dataclass(frozen=True)
class SendForClass(Send):
    """Of one class: its offer withdrawn, unless more is said."""

    resource: int = 0


@dataclass(frozen=True)
class SendPublish(SendForClass):
    published: int = 0
    ask: int = 0
    valid_until: int = 0


@dataclass(frozen=True)
class SendStake(SendForClass):
    """The next step towards so many registered units."""

    capacity: int = 0


@dataclass(frozen=True)
class Leave(Instruction):
    """Everything is drained."""
