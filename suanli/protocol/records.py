"""What the market knows, field for field as in the interfaces.

Amounts are base units of the settlement token, prices 10^-18 token per unit, times seconds since
1970. The named tuples have the order of the contract's structs, so they can be passed as such.
"""

from enum import IntEnum
from typing import NamedTuple

Address = str
"""Lowercase, with 0x."""

ZERO_ADDRESS = "0x" + "00" * 20
ZERO_DIGEST = bytes(32)


class Kind(IntEnum):
    """How a class is sold: by deals, or by channels."""

    JUDGED = 0
    LEASED = 1


class State(IntEnum):
    """The first ten are stored; the last four are derived from time and challenges."""

    NONE = 0
    POSTED = 1
    CONFIRMED = 2
    SUBMITTED = 3
    SETTLED = 4
    CANCELLED = 5
    RELEASED = 6
    ANNULLED = 7
    DEFAULTED = 8
    OVERTURNED = 9
    EXPIRED = 10
    OVERDUE = 11
    CHALLENGED = 12
    SETTLEABLE = 13


class Trial(IntEnum):
    """What the court has to do with a submitted result; the last three tell how a deal ended."""

    NONE = 0
    FROZEN = 1
    """Challenged: only the requester's acceptance pays it now."""
    REVEALED = 2
    """Jurors have revealed: acceptance does not end it any more."""
    ACCEPTED = 3
    DECIDED = 4
    SILENT = 5
    """The court's time ran out."""

    @property
    def open(self) -> bool:
        return self in (Trial.FROZEN, Trial.REVEALED)


class ResourceClass(NamedTuple):
    """What is sold by the unit, and within which limits, as the market keeps it. `floor` and
    `stake_per_unit`: 10^-18 token per unit; `max_task_units` units, `max_task_memory` and
    `max_task_bytes` bytes of a single task."""

    price_model: Address
    kind: Kind
    retired: bool
    floor: int
    stake_per_unit: int
    max_task_units: int
    max_task_memory: int
    runtimes: int
    """How many runtimes may run tasks."""
    max_task_bytes: int
    unit_seconds: int = 0
    """How long a unit of a leased class lasts; 0: a judged one."""


class Terms(NamedTuple):
    """What deals are made under, as the market keeps it: fee, court, times to call it (seconds).
    Shares named `_bps` are hundredths of a percent."""

    treasury: Address
    fee_bps: int
    challenge_window: int
    retired: bool
    court: Address
    verdict_by: int
    release_bps: int
    default_bps: int
    overturn_bps: int
    reward_pool: Address
    compensation_cap: int
    """10^-18 token for each deal."""
    court_bps: int
    identity_verifier: Address = ZERO_ADDRESS
    """Zero: nobody is verified."""
