"""What a simulation is of. Prices and values are tokens a unit, as decimal numbers.

A job reserves its units for `DemandSide.hours` and pays units times price, so a unit is one unit of
capacity for that long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

DAY = 24.0


@dataclass(frozen=True)
class DemandSide:
    """Who buys. `value`: what half of all jobs would pay for a unit at most; `spread`: the standard
    deviation of its logarithm. `patience`: hours for which a job looks for capacity that it can
    pay. `daily`, `weekly`: how far demand goes up and down with the hour, and down at the weekend.
    `growth`: factor over the whole time."""

    requesters: int
    jobs_a_day: float
    smallest: int
    largest: int
    hours: float
    value: float
    spread: float = 0.5
    patience: float = 6.0
    daily: float = 0.0
    weekly: float = 0.0
    growth: float = 1.0

    def at(self, hour: float, whole: float) -> float:
        """What demand is multiplied by; days begin at midnight, weeks on Monday."""
        daily = 1 + self.daily * math.sin(2 * math.pi * (hour - 9) / DAY)
        weekend = hour // DAY % 7 >= 5
        return daily * (1 - self.weekly * weekend) * math.pow(self.growth, hour / whole)


@dataclass(frozen=True)
class SupplySide:
    """Who sells. `cost`: what half of all miners ask for a unit at least, `cost_spread` as of
    values. `upkeep`: what a unit of capacity must earn an hour for half of them to stay;
    `upkeep_spread` likewise. `present`: share that sells from the start; `agility`: the chance a
    day to look whether it is worth it."""

    miners: int
    smallest: int
    largest: int
    cost: float
    cost_spread: float = 0.3
    upkeep: float = 0.02
    upkeep_spread: float = 0.5
    present: float = 0.7
    agility: float = 0.2


@dataclass(frozen=True)
class Shock:
    """For `hours` from the beginning of `day`, from 0: demand times a factor, a share of miners
    away."""

    day: float
    hours: float
    demand: float = 1.0
    away: float = 0.0

    def on(self, hour: float) -> bool:
        return self.day * DAY <= hour < self.day * DAY + self.hours


@dataclass(frozen=True)
class Fake:
    """Somebody posts this share of what is for sale as demand, at the lowest bid, and cancels it
    in the end."""

    day: float
    hours: float
    share: float


@dataclass(frozen=True)
class Linear:
    """`shortage`: how much dearer it is when nothing is free than when all is, in tokens a unit; of
    it follows alpha, by the capacity at the start."""

    base: float = 1.0
    shortage: float = 1.0
    floor: float = 0.01
    cap: float = 100.0


@dataclass(frozen=True)
class Adaptive:
    """`doubling`: hours in which the price doubles while all is taken."""

    start: float = 1.0
    target: float = 0.8
    doubling: float = 168.0
    window: int = 3_600
    floor: float = 0.01
    cap: float = 100.0

    @property
    def speed(self) -> float:
        """Growth of the price's logarithm, a second and unit of utilization."""
        return math.log(2) / (self.doubling * 3_600 * (1 - self.target))


@dataclass(frozen=True)
class Scenario:
    """`step`: minutes between two moments at which people act."""

    name: str
    about: str
    days: float
    demand: DemandSide
    supply: SupplySide
    step: float = 30.0
    fee_bps: int = 100
    linear: Linear = field(default_factory=Linear)
    adaptive: Adaptive = field(default_factory=Adaptive)
    shocks: tuple[Shock, ...] = ()
    fakes: tuple[Fake, ...] = ()

    @property
    def steps(self) -> int:
        return math.ceil(self.days * DAY * 60 / self.step)

    def demand_at(self, hour: float) -> float:
        """What demand is multiplied by, shocks included."""
        factors = (shock.demand for shock in self.shocks if shock.on(hour))
        return self.demand.at(hour, self.days * DAY) * math.prod(factors)

    def away_at(self, hour: float) -> float:
        """Share of the miners that can't sell now."""
        return max((shock.away for shock in self.shocks if shock.on(hour)), default=0.0)
