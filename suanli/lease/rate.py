"""What time costs: base units for milliseconds and back, never in favour of whoever counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """`numerator` base units for `denominator` milliseconds."""

    numerator: int
    denominator: int

    @staticmethod
    def of(price: int, units: int, unit_seconds: int, decimals: int) -> Rate:
        """`price` in 10^-18 token for a unit kept for `unit_seconds`; `decimals` of the token."""
        return Rate(price * units * 10**decimals, unit_seconds * 1_000 * 10**18)

    def amount_up(self, milliseconds: int) -> int:
        """Base units that so much time costs."""
        return -(-self.numerator * milliseconds // self.denominator)

    def amount_down(self, milliseconds: int) -> int:
        """The most base units that buy no more time than this."""
        return self.numerator * milliseconds // self.denominator

    def time_down(self, amount: int) -> int:
        """Milliseconds that so many base units pay."""
        return amount * self.denominator // self.numerator
