"""What time costs: base units for milliseconds and back, never in favour of whoever counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Rate:
    """`numerator` base units for `denominator` milliseconds; after `until` of them, `then`.

    What has no price can't be paid for: so many base units buy no time.
    """

    numerator: int
    denominator: int
    until: int = 0
    then: Rate | None = None

    @staticmethod
    def of(price: int, units: int, unit_seconds: int, decimals: int) -> Rate:
        """`price` in 10^-18 token for a unit kept for `unit_seconds`; `decimals` of the token."""
        return Rate(price * units * 10**decimals, unit_seconds * 1_000 * 10**18)

    def extended(self, at: int, rate: Rate) -> Rate:
        """With time added that costs something else, after `at` milliseconds."""
        if self.then is not None and self.until < at:
            return replace(self, then=self.then.extended(at - self.until, rate))
        return replace(self, until=at, then=rate)

    def amount_up(self, milliseconds: int) -> int:
        """Base units that so much time costs."""
        if self.then is not None and milliseconds > self.until:
            return self.amount_up(self.until) + self.then.amount_up(milliseconds - self.until)
        return -(-self.numerator * milliseconds // self.denominator)

    def amount_down(self, milliseconds: int) -> int:
        """The most base units that buy no more time than this."""
        if self.then is not None and milliseconds > self.until:
            return self.amount_up(self.until) + self.then.amount_down(milliseconds - self.until)
        return self.numerator * milliseconds // self.denominator

    def time_down(self, amount: int) -> int:
        """Milliseconds that so many base units pay."""
        if self.then is not None and amount >= (first := self.amount_up(self.until)):
            return self.until + self.then.time_down(amount - first)
        if not self.numerator:
            return 0
        paid = amount * self.denominator // self.numerator
        return paid if self.then is None else min(paid, self.until)

    def to_json(self) -> list[Any]:
        own: list[Any] = [self.numerator, self.denominator]
        return own if self.then is None else [*own, self.until, self.then.to_json()]

    @staticmethod
    def from_json(value: list[Any]) -> Rate:
        """What `to_json` made."""
        numerator, denominator, *more = value
        if not more:
            return Rate(numerator, denominator)
        return Rate(numerator, denominator, more[0], Rate.from_json(more[1]))
