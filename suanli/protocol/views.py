"""What the market's views return; see interfaces/*.sol for the same in Solidity.

Amounts in base units, prices in 10^-18 token per unit, times in seconds since 1970.
"""

from dataclasses import dataclass

from suanli.protocol.records import State


@dataclass(frozen=True)
class Balance:
    """What an account may withdraw or spend, and what its requests hold."""

    available: int
    locked: int


@dataclass(frozen=True)
class Supply:
    """R, R_p, R_d of a class and R - R_p - R_d (signed), in units."""

    registered: int
    published: int
    demanded: int
    unused: int


@dataclass(frozen=True)
class MinerStatus:
    """`compute_power` in units; `last_payment_time` 0: never."""

    compute_power: int
    last_payment_time: int
    stake: int
    pledged: int
    completed: int
    defaulted: int
    overturned: int

    @property
    def free_stake(self) -> int:
        """Stake behind no capacity; the part that is unbonding included."""
        return self.stake - self.pledged


@dataclass(frozen=True)
class MinerAccount:
    miner_id: int
    payout: str
    earnings: int
    unbonding: int
    unbonding_ends: int


@dataclass(frozen=True)
class Offer:
    """In units; `valid_until` 0: withdrawn, or there never was one."""

    published: int
    reserved: int
    ask: int
    valid_until: int
    capacity: int

    @property
    def free(self) -> int:
        """Units that can still be taken; slashing may leave less published than reserved."""
        return max(self.published - self.reserved, 0)


@dataclass(frozen=True)
class Deal:
    """What is stored of a request. `time`: the result's deadline (Confirmed), or when it was
    submitted (Submitted)."""

    state: State
    miner_id: int
    price: int
    time: int
    units_used: int
    open_challenges: int
    root: bytes
