"""What is seen of a simulated market, and the figures that are made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import fmean
from typing import NamedTuple

from suanli.simulate.world import RESOURCE, TOKEN, MarketWorld

FILLED = 24.0
"""Hours that the market has to fill."""


class Sample(NamedTuple):
    """At the end of a step. `used`: units of live deals, `demanded` posted ones, too."""

    hour: float
    price: float
    """Tokens a unit."""
    published: int
    demanded: int
    used: int
    unmet: int
    """Units that were given up in this step although they could have been paid."""

    @property
    def utilization(self) -> float:
        return self.used / self.published if self.published else 1.0


@dataclass(frozen=True)
class Figures:
    """Of a whole simulation; shares from 0 to 1, money in tokens. Prices, utilization and capacity
    are those from the second day on, if there is one: a market begins empty."""

    price: float
    """Average over time."""
    change: float
    """Root mean square of the logarithm's change in an hour."""
    swing: float
    """The price that 5 % of the time was higher, by that which 5 % of the time was lower."""
    utilization: float
    """Units of live deals, of what is published."""
    unmet: float
    """Of the units that could be paid, those that found no capacity."""
    priced_out: float
    """Of all units that were wanted, those that were too dear."""
    income: float
    """What miners were paid, fees taken off, a day and unit published."""
    surplus: float
    """What the work was worth to requesters beyond what miners asked for it, a day."""
    capacity: float
    """Units published, average."""


@dataclass
class Record:
    """What a simulated market did: units, tokens, and samples by time."""

    samples: list[Sample] = field(default_factory=list)
    units_sold: int = 0
    units_unmet: int = 0
    units_priced_out: int = 0
    deals: int = 0
    paid: float = 0.0
    surplus: float = 0.0
    _unmet_before: int = 0

    def sold(self, units: int, price: int, value: int, ask: int) -> None:
        self.units_sold += units
        self.deals += 1
        self.paid += units * price / TOKEN
        self.surplus += units * (value - ask) / TOKEN

    def lost(self, units: int, *, unmet: bool) -> None:
        if unmet:
            self.units_unmet += units
        else:
            self.units_priced_out += units

    def sample(self, world: MarketWorld) -> None:
        totals = world.market.totals[RESOURCE]
        posted = sum(request.units for request in world.posted.values())
        self.samples.append(
            Sample(
                world.hour,
                world.price() / TOKEN,
                totals.published,
                totals.demanded,
                totals.demanded - posted,
                self.units_unmet - self._unmet_before,
            )
        )
        self._unmet_before = self.units_unmet

    def figures(self, fee_bps: int) -> Figures:
        later = [sample for sample in self.samples if sample.hour > FILLED] or self.samples
        prices = [sample.price for sample in later]
        wanted = self.units_sold + self.units_unmet
        every = wanted + self.units_priced_out
        days = len(self.samples) * self._step / 24
        capacity = fmean(sample.published for sample in later)
        ordered = sorted(prices)
        tail = len(ordered) // 20
        return Figures(
            price=fmean(prices),
            change=self._change(prices),
            swing=ordered[-1 - tail] / ordered[tail],
            utilization=fmean(sample.utilization for sample in later),
            unmet=self.units_unmet / wanted if wanted else 0.0,
            priced_out=self.units_priced_out / every if every else 0.0,
            income=self.paid * (1 - fee_bps / 10_000) / days / capacity if capacity else 0.0,
            surplus=self.surplus / days,
            capacity=capacity,
        )

    @property
    def _step(self) -> float:
        """Hours."""
        return self.samples[0].hour

    def _change(self, prices: list[float]) -> float:
        hourly = max(1, round(1 / self._step))
        pairs = zip(prices, prices[hourly:], strict=False)
        squares = [math.log(after / before) ** 2 for before, after in pairs]
        return math.sqrt(fmean(squares)) if squares else 0.0
