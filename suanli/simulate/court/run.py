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
    """Of all who follow it. `profit`: tokens for each deal or, of jurors, for each seat and thirty
    days. `lost`: of miners' deals those overturned, of requesters' challenges those not upheld."""

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
    holdings = world.holdings()
    figures = {
        who: _figures(who, count, world.books.profit(who, holdings), world.books.counts, scenario)
        for who, count in counts.items()
    }
    return Played(scenario, figures, {who: tuple(c) for who, c in courses.items()})


def _figures(
    who: Who,
    count: int,
    profit: float,
    counts: Mapping[tuple[Who, str], int],
    scenario: CourtScenario,
) -> StrategyFigures:
    if who[0] == "juror":
        return StrategyFigures(count, profit / count / scenario.days * 30, None)
    deals, challenged = counts[who, "deals"], counts[who, "challenged"]
    if who[0] == "miner":
        lost = counts[who, "overturned"] / deals if deals else None
    else:
        lost = 1 - counts[who, "won"] / challenged if challenged else None
    return StrategyFigures(count, profit / deals if deals else 0.0, lost)
