"""Value of units at a price, in the token's base units, rounded as `contracts/market/Amounts.sol`.

What is locked or pledged rounds up; what is paid, charged or slashed rounds down.
"""

from dataclasses import dataclass

from suanli.protocol.errors import require

BPS = 10_000


@dataclass(frozen=True)
class Scale:
    """Converts values (units x 10^-18 token) into base units of a token of so many decimals.

    Raises:
        Refused: UnsupportedDecimals, outside 6 to 24.
    """

    decimals: int

    def __post_init__(self) -> None:
        require(6 <= self.decimals <= 24, "UnsupportedDecimals", self.decimals)

    @property
    def _up(self) -> int:
        return int(10 ** max(self.decimals - 18, 0))

    @property
    def _down(self) -> int:
        return int(10 ** max(18 - self.decimals, 0))

    def value_up(self, units: int, price: int) -> int:
        """What is locked or pledged for `units`."""
        return -(-units * price * self._up // self._down)

    def value_down(self, units: int, price: int) -> int:
        """What is paid or slashed for `units`."""
        return units * price * self._up // self._down

    def rent_up(self, unit_time: int, price: int, unit_seconds: int) -> int:
        """What units of a leased class cost for a time; `unit_time`: units x seconds."""
        return -(-unit_time * price * self._up // (self._down * unit_seconds))

    def units_up(self, amount: int, price: int) -> int:
        """How many units at this price an amount stands for, rounded up."""
        return -(-amount * self._down // (price * self._up))

    def units_down(self, amount: int, price: int) -> int:
        """The most units whose `value_up` an amount covers."""
        return amount * self._down // (price * self._up)

    def billionths_down(self, amount: int) -> int:
        """An amount in 10^-9 token."""
        return amount * self._down // (self._up * 10**9)


def share_down(amount: int, bps: int) -> int:
    """A share of an amount, in basis points."""
    return amount * bps // BPS


@dataclass(frozen=True)
class Payment:
    """How a settled deal's lock is divided, in base units."""

    paid: int
    fee: int
    refunded: int

    @property
    def locked(self) -> int:
        return self.paid + self.fee + self.refunded


@dataclass(frozen=True)
class Slash:
    """How slashed collateral is divided, in base units, and the capacity that goes with it."""

    compensation: int
    court: int
    pool: int
    units_lost: int

    @property
    def slashed(self) -> int:
        return self.compensation + self.court + self.pool


def payment(
    scale: Scale, *, units: int, bid: int, price: int, units_used: int, fee_bps: int
) -> Payment:
    """What a deal of `units`, locked at `bid`, pays at `price` for `units_used` (<= units)."""
    due = scale.value_down(units_used, price)
    fee = share_down(due, fee_bps)
    return Payment(due - fee, fee, scale.value_up(units, bid) - due)


def slash(
    scale: Scale,
    *,
    units: int,
    price: int,
    stake_per_unit: int,
    slash_bps: int,
    compensation_cap: int,
    court_bps: int = 0,
) -> Slash:
    """What a miner at fault loses: first the requester's compensation, at most `compensation_cap`
    (10^-18 token) and at most what the units cost at `price`; of the rest a share to the court
    (0 unless it overturned), the remainder to the reward pool."""
    slashed = share_down(scale.value_down(units, stake_per_unit), slash_bps)
    most = min(scale.value_down(1, compensation_cap), scale.value_down(units, price))
    compensation = min(slashed, most)
    court = share_down(slashed - compensation, court_bps)
    lost = scale.units_up(slashed, stake_per_unit) if slashed else 0
    return Slash(compensation, court, slashed - compensation - court, lost)
