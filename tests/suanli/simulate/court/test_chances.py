"""Odds, against counting of every way that things can go."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product

import pytest

from suanli.simulate.court.chances import (
    at_least_once,
    captured,
    captured_both,
    captured_last,
    captured_share,
    noticed,
    noticed_of,
    undecided,
)


def of(found: list[bool]) -> Fraction:
    return Fraction(sum(found), len(found))


@pytest.mark.parametrize(("seats", "colluding", "jury"), [(7, 3, 3), (8, 2, 3), (6, 5, 5)])
def test_a_jury_taken(seats: int, colluding: int, jury: int) -> None:
    juries = combinations(range(seats), jury)
    found = [sum(seat < colluding for seat in each) * 2 > jury for each in juries]
    assert captured(seats, colluding, jury) == of(found)


def twice(seats: int, colluding: int, jury: int, appeal: int) -> Iterator[tuple[bool, bool]]:
    for first in combinations(range(seats), jury):
        left = [seat for seat in range(seats) if seat not in first]
        for second in combinations(left, appeal):
            one, two = (sum(seat < colluding for seat in each) for each in (first, second))
            yield one * 2 > jury, two * 2 > appeal


def test_an_appeal_taken_that_draws_none_of_the_first_jury() -> None:
    found = list(twice(9, 4, 3, 5))
    assert captured_last(9, 4, 3, 5) == of([last for _, last in found])
    assert captured_both(9, 4, 3, 5) == of([first and last for first, last in found])


def test_few_seats_make_a_minority_weaker_than_its_share() -> None:
    for jury in (3, 9, 27):
        assert (
            captured(60, 20, jury)
            < captured(3_000, 1_000, jury)
            < captured_share(Fraction(1, 3), jury)
        )
    assert captured_share(Fraction(1, 2), 27) == Fraction(1, 2)
    assert captured_share(Fraction(1, 5), 3) == 3 * Fraction(1, 25) * Fraction(4, 5) + Fraction(
        1, 125
    )


@pytest.mark.parametrize(
    ("share", "absent"), [(Fraction(0), Fraction(1, 4)), (Fraction(1, 5), Fraction(1, 10))]
)
def test_no_majority(share: Fraction, absent: Fraction) -> None:
    """Of the seats: neither colluders nor who comes of the others."""
    odds = {"bad": share, "good": (1 - share) * (1 - absent), "away": (1 - share) * absent}
    for jury in (3, 5):
        found = Fraction(0)
        for seats in product(odds, repeat=jury):
            if max(seats.count("bad"), seats.count("good")) * 2 < jury:
                chance = Fraction(1)
                for seat in seats:
                    chance *= odds[seat]
                found += chance
        assert undecided(jury, share, absent) == found


def test_a_lie_noticed() -> None:
    tasks, wrong, chance = 4, 2, Fraction(1, 3)
    found = Fraction(0)
    for checks in product((True, False), repeat=tasks):
        odds = Fraction(1)
        for checked in checks:
            odds *= chance if checked else 1 - chance
        found += odds * any(checks[:wrong])
    assert noticed(tasks, wrong, chance) == found
    assert noticed(tasks, wrong, chance, certain=True) == 1 - (1 - found) * Fraction(1, 2)
    assert noticed(tasks, tasks, Fraction(0), certain=True) == 1


def test_a_lie_noticed_where_so_many_are_checked() -> None:
    ways = [any(task < 2 for task in each) for each in combinations(range(6), 3)]
    assert noticed_of(6, 2, 3) == of(ways)
    assert noticed_of(1_000, 1, 10) == Fraction(1, 100)
    assert noticed_of(10, 10, 1) == 1


def test_many_tries() -> None:
    assert at_least_once(Fraction(1, 10), 2) == Fraction(19, 100)
    assert at_least_once(Fraction(0), 100) == 0
