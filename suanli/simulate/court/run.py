"""A court's scenario played, and what each strategy gained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from suanli.simulate.court.books import Books, Who
from suanli.simulate.court.courtroom import Courtroom
from suanli.simulate.court.people import People, kinds_of
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
    books: Books


def set_up(scenario: CourtScenario, seed: int) -> tuple[CourtWorld, People, Books]:
    rules = replace(RulesInTokens(), seat_stake=Fraction(str(scenario.seat)))
    world, books = CourtWorld(scenario, rules, seed), Books()
    seats = list(kinds_of(scenario.jurors))
    courtroom = Courtroom(rules, seats, scenario.away, scenario.cost, world.chance("jurors"))
    return world, People(world, courtroom, books), books


def play_court(
    scenario: CourtScenario, seed: int, progress: Callable[[], None] = lambda: None
) -> Played:
    """`progress` is called after each step."""
    world, people, books = set_up(scenario, seed)
    counts = {
        (role, kind): count
        for role, own in (
            ("miner", scenario.miners),
            ("requester", scenario.requesters),
            ("juror", scenario.jurors),
        )
        for kind, count in vars(own).items()
        if count
    }
    courses: dict[Who, list[float]] = {who: [] for who in counts}
    for _ in range(scenario.steps):
        world.market.time += world.step
        people.act()
        for who, count in counts.items():
            courses[who].append(books.profit[who] / count)
        progress()
    people.finish()
    figures = {who: _figures(who, count, books, scenario) for who, count in counts.items()}
    return Played(scenario, figures, {who: tuple(c) for who, c in courses.items()}, books)


def _figures(who: Who, count: int, books: Books, scenario: CourtScenario) -> StrategyFigures:
    if who[0] == "juror":
        return StrategyFigures(count, books.profit[who] / count / scenario.days * 30, None)
    deals = books.counts[who, "deals"]
    challenged = books.counts[who, "challenged"]
    if who[0] == "miner":
        lost = books.counts[who, "overturned"] / deals if deals else None
    else:
        lost = 1 - books.counts[who, "won"] / challenged if challenged else None
    return StrategyFigures(count, books.profit[who] / deals if deals else 0.0, lost)
