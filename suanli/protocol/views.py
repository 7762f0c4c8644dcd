"""What the market's views return.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970.

Written by `make abi` from the contracts' build: change those, not this.
"""

from __future__ import annotations

from dataclasses import dataclass

from suanli.protocol.records import State, Trial
from suanli.protocol.sums import DealSums, MinerStatusSums, OfferSums


@dataclass(frozen=True)
class Balance:
    available: int
    locked: int


@dataclass(frozen=True)
class Deal(DealSums):
    state: State
    miner_id: int
    """Number of the miner that confirmed"""
    price: int
    """Fixed at confirmation, in 10^-18 token per unit"""
    time: int
    """The result's deadline; once a result was submitted, when that was. In seconds since 1970.
    """
    units_used: int
    """Units the submitted result claims; 0 if it was submitted accepted"""
    trial: Trial
    due_set: bool
    """Whether `unitsDue` holds instead of `unitsUsed`"""
    root: bytes
    """Root of the submitted result's sum tree; 0 if it was submitted accepted"""
    units_due: int
    """Units paid for, or to be paid for should the court fall silent, if `dueSet`"""


@dataclass(frozen=True)
class Lot:
    miner_id: int
    """Whose capacity it is"""
    resource: int
    units: int
    """0: there is no such lot"""
    busy_until: int
    """Last second of it; once that has passed anybody may prune it"""


@dataclass(frozen=True)
class MinerAccount:
    miner_id: int
    """Number given at registration, from 1; 0: not registered"""
    payout: str
    """The only address its stake and earnings go to"""
    earnings: int
    """Payments not collected yet, in base units"""
    unbonding: int
    """Stake on its way out, in base units"""
    unbonding_ends: int
    """When it may leave, in seconds since 1970"""


@dataclass(frozen=True)
class MinerStatus(MinerStatusSums):
    compute_power: int
    """Capacity registered, over all classes, in units"""
    last_payment_time: int
    """When it was last paid for a deal, in seconds since 1970; 0: never"""
    stake: int
    """Stake held, the pledged and the unbonding part included, in base units"""
    pledged: int
    """Stake behind registered capacity, in base units"""
    completed: int
    """Deals settled in this tenure"""
    defaulted: int
    """Deals that ended by a default"""
    overturned: int
    """Deals whose result the court overturned"""
    tenure: int
    """How often its payout or its own address has changed: what is attested of it is attested
    of this tenure
    """
    earned_total: int
    """All that its deals ever paid it, in base units, modulo 2^112"""
    fees_paid: int
    """All fees that its deals ever paid, in 10^-9 token, each rounded down; modulo 2^80"""


@dataclass(frozen=True)
class Offer(OfferSums):
    published: int
    """Units for sale, the reserved part included"""
    reserved: int
    """Units owed by live deals"""
    ask: int
    """Lowest price the miner takes, in 10^-18 token per unit"""
    verified_only: bool
    """Only identity-verified requesters may take it"""
    valid_until: int
    """Last second at which it can be taken (until 2106); 0: withdrawn"""
    capacity: int
    """Units registered, stake-backed"""


@dataclass(frozen=True)
class Supply:
    registered: int
    published: int
    demanded: int
    unused: int
