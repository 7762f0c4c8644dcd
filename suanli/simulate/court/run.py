"""A court's scenario played, and what each strategy gained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from suanli.simulate.court.books import Who
from suanli.simulate.court.people import People, members
from suanli.simulate.court.rules import RulesInTokens
from suanli.simulate.court.scenario import CourtScenario
from suanli.simulate.court.world import CourtWorld


class StrategyFigures(NamedTuple):
    """Of all who follow it. `profit`: percent of what their deals were to pay, or, of jurors, of
    their seats' stake in thirty days. `lost`: of miners' deals those overturned, of requesters'
    challenges those that came to nothing."""

    members: int
    profit: float
    lost: float | None


@dataclass(frozen=True)
class Played:
    """`courses`: profit of a strategy's average member, in tokens, after each step."""

    scenario: CourtScenario
    figures: Mapping[Who, StrategyFigures]
    courses: Mapping[Who, tuple[float, ...]]


def set_up(scenario: CourtScenario, seed: int) -> tuple[CourtWorld, People]:
    rules = replace(RulesInTokens(), seat_stake=Fraction(str(scenario.seat)))
    world = CourtWorld(scenario, rules, seed)
    return world, People(world)


def play_court(
    scenario: CourtScenario, seed: int, progress: Callable[[], None] = lambda: None
) -> Played:
    """`progress` is called after each step."""
    world, people = set_up(scenario, seed)
    counts = members(scenario)
    courses: dict[Who, list[float]] = {who: [] for who in counts}
    for _ in range(scenario.steps):
        world.pass_time(world.step)
        people.act()
        holdings = world.holdings()
        for who, count in counts.items():
            courses[who].append(world.books.profit(who, holdings) / count)
        progress()
    people.finish()
    figures = {who: _figures(who, count, world) for who, count in counts.items()}
    return Played(scenario, figures, {who: tuple(c) for who, c in courses.items()})


def _figures(who: Who, count: int, world: CourtWorld) -> StrategyFigures:
    books, own = world.books, world.scenario
    gained, counts = books.profit(who, world.holdings()), books.counts
    if who[0] == "juror":
        return StrategyFigures(count, 100 * gained / count / own.seat / own.days * 30, None)
    deals, challenged = counts[who, "deals"], counts[who, "challenged"]
    profit = 100 * gained / books.ordered[who] if deals else 0.0
    if who[0] == "miner":
        return StrategyFigures(count, profit, counts[who, "overturned"] / deals if deals else None)
    lost = 1 - counts[who, "won"] / challenged if challenged else None
    return StrategyFigures(count, profit, lost)
