"""A scenario put together and played."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from suanli.simulate.miners import Miners
from suanli.simulate.pricing import Keeper, PriceChoice
from suanli.simulate.record import Figures, Record, Sample
from suanli.simulate.requesters import Fakers, Requesters
from suanli.simulate.scenario import Scenario
from suanli.simulate.world import MarketWorld, Population


@dataclass(frozen=True)
class Simulated:
    """What became of a scenario under one price model."""

    price: str
    figures: Figures
    samples: tuple[Sample, ...]
    deals: int


def build(
    scenario: Scenario, price: PriceChoice, seed: int
) -> tuple[MarketWorld, Sequence[Population], Record]:
    """A world before its first step, and who acts in it, in this order."""
    world, record = MarketWorld(scenario, seed), Record()
    miners = Miners(world, scenario.supply, scenario.demand.hours)
    price.install(world, max(miners.at_start, 1))
    world.open()
    miners.open(world)
    requesters = Requesters(world, scenario.demand, miners, record)
    fakers = Fakers(world, scenario.fakes)
    return world, (miners, Keeper(), fakers, requesters), record


def play(world: MarketWorld, populations: Sequence[Population], record: Record) -> None:
    """One step."""
    world.market.time += world.step
    for population in populations:
        population.act(world)
    record.sample(world)


def simulate(
    scenario: Scenario,
    price: PriceChoice,
    seed: int,
    progress: Callable[[], None] = lambda: None,
) -> Simulated:
    """`progress` is called after each step."""
    world, populations, record = build(scenario, price, seed)
    for _ in range(scenario.steps):
        play(world, populations, record)
        progress()
    figures = record.figures(scenario.fee_bps)
    return Simulated(price.name, figures, tuple(record.samples), record.deals)
