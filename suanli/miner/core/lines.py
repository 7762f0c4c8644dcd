"""What is kept of a deal's way, for `suanli miner story`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Told(StrEnum):
    """What a line tells of."""

    STAGE = "stage"
    """`stage`, `before`."""
    WAITING = "waiting"
    """Why it is not taken now."""
    PASSED = "passed"
    """Why it is not taken, or that it is over."""
    REJECTED = "told"
    """The requester was told why, `final` or not."""
    TASK = "task"
    """A task failed on this machine."""
    REFUSED = "refused"
    """The market refuses an `act`."""
    DELAYED = "delayed"
    """An `act` can't be sent now."""
    SENT = "sent"
    """`act`, `transaction`."""
    MINED = "mined"
    """`act`, `transaction`, `block`, `gas`, `cost` in wei."""
    FAILED = "failed"
    """As mined, but it did nothing."""
    SKIPPED = "skipped"
    """An `act` was left out of a transaction of several."""
    CHAIN = "chain"
    """An event of the market: `event` and its amounts."""
    CASE = "case"
    """What a court's case about it has come to."""
    STARTED = "started"
    """The daemon was off until then."""
    FAULT = "fault"
    """An error of this program."""


@dataclass(frozen=True)
class Line:
    """At a chain's second. `once`: of lines with this name only the first is kept."""

    id: bytes
    at: int
    told: Told
    because: str
    more: Mapping[str, str | int | bool] = field(default_factory=dict)
    once: str | None = None
