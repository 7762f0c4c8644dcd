"""What a miner keeps of a channel, and what moves it. Times: `now` in milliseconds of a clock that
never jumps, `chain` in seconds since 1970; amounts in base units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from suanli.lease.errors import LeaseError
from suanli.lease.rate import Rate


class HostStage(StrEnum):
    """How far a channel is. Open: not paid yet. Serving: paid ahead. Frozen: what was paid is used
    up. Closing: its room is gone and the chain is to know. Closed: the chain knows, unless it is
    reorganized."""

    OPEN = "open"
    SERVING = "serving"
    FROZEN = "frozen"
    CLOSING = "closing"
    CLOSED = "closed"


MOVES: Mapping[HostStage, frozenset[HostStage]] = {
    HostStage.OPEN: frozenset({HostStage.SERVING, HostStage.CLOSING, HostStage.CLOSED}),
    HostStage.SERVING: frozenset({HostStage.FROZEN, HostStage.CLOSING, HostStage.CLOSED}),
    HostStage.FROZEN: frozenset({HostStage.SERVING, HostStage.CLOSING, HostStage.CLOSED}),
    HostStage.CLOSING: frozenset({HostStage.CLOSED}),
    HostStage.CLOSED: frozenset({HostStage.OPEN, HostStage.FROZEN, HostStage.CLOSING}),
}


class HostFault(LeaseError):
    """An error of this program: a step that the table does not know."""


class RoomState(StrEnum):
    NONE = "none"
    MAKING = "making"
    READY = "ready"


@dataclass(frozen=True)
class HostedChannel:
    """`served` milliseconds, above what `amount` pays by no more than it took to stop; `rooms`: how
    many it has had. `amount` is the best voucher's of those that the `deposit` covers; `others` are
    the best for other `deposits` that it had: a reorganization takes back what was added, and may
    bring it again. What stands below `room` is lost when the daemon ends."""

    id: bytes
    signer: str
    rate: Rate
    deposit: int
    ends: int
    stage: HostStage = HostStage.OPEN
    amount: int = 0
    signature: bytes = b""
    served: int = 0
    rooms: int = 0
    deposits: tuple[int, ...] = ()
    others: tuple[tuple[int, bytes], ...] = ()
    room: RoomState = field(default=RoomState.NONE, compare=False)
    since: int | None = field(default=None, compare=False)
    """Up to when time is counted; None: it does not run."""
    told_at: int = field(default=0, compare=False)

    @property
    def paid(self) -> int:
        """Milliseconds."""
        return self.rate.time_down(self.amount)

    @property
    def ahead(self) -> int:
        """Milliseconds that are paid and not served yet; below zero: owed."""
        return self.paid - self.served


@dataclass(frozen=True)
class _Seen:
    now: int


@dataclass(frozen=True)
class VoucherCame(_Seen):
    """Genuine: the channel's signer signed it."""

    amount: int
    signature: bytes


@dataclass(frozen=True)
class RoomMade(_Seen):
    number: int


@dataclass(frozen=True)
class RoomLost(_Seen):
    """It could not be made, or is gone."""

    number: int
    why: str


@dataclass(frozen=True)
class Attached(_Seen):
    """The requester has taken the session up."""


@dataclass(frozen=True)
class ClockTicked(_Seen):
    chain: int


@dataclass(frozen=True)
class EndWanted(_Seen):
    """By the requester, in its session."""


@dataclass(frozen=True)
class ChannelMoved(_Seen):
    """What the chain says of it now; `rate`: another, since time was added. `opened`: it is there
    again, after its opening was undone; `over`: its time has been ended; `closed`: it is gone."""

    deposit: int
    ends: int
    rate: Rate | None = None
    opened: bool = False
    over: bool = False
    closed: bool = False


@dataclass(frozen=True)
class Restarted(_Seen):
    """The daemon has: the rooms are gone."""


HostObservation = (
    VoucherCame
    | RoomMade
    | RoomLost
    | Attached
    | ClockTicked
    | EndWanted
    | ChannelMoved
    | Restarted
)


@dataclass(frozen=True)
class OpenRoom:
    number: int


@dataclass(frozen=True)
class FreezeRoom:
    """All that runs in it stands still."""


@dataclass(frozen=True)
class ThawRoom:
    pass


@dataclass(frozen=True)
class EndRoom:
    pass


@dataclass(frozen=True)
class TellServed:
    """`room` 0: there is none now."""

    served: int
    amount: int
    room: int


@dataclass(frozen=True)
class TellRefused:
    why: str


@dataclass(frozen=True)
class CloseChannel:
    """On chain, with the best voucher; amount 0: there is none."""

    amount: int
    signature: bytes


HostInstruction = (
    OpenRoom | FreezeRoom | ThawRoom | EndRoom | TellServed | TellRefused | CloseChannel
)
