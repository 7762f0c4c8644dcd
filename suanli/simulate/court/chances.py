"""Exact chances: that a lie is noticed, and what colluding jurors can do.

All are fractions. Colluders hold `colluding` of so many `seats`; draws take each seat once, and an
appeal draws none of those that sat before. In a market of many seats they come near the binomial
chances of a share, which `captured_share` gives and which are never less for a minority.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import comb

ONE = Fraction(1)


def noticed(tasks: int, wrong: int, chance: Fraction, certain: bool = False) -> Fraction:
    """That a lie is found where each task is run again with a chance. `certain`: one more, drawn of
    all, as of a whole job."""
    missed = (1 - chance) ** wrong
    return 1 - missed * (ONE - Fraction(wrong, tasks) if certain else ONE)


def noticed_of(tasks: int, wrong: int, checked: int) -> Fraction:
    """That a lie is found where just so many tasks of all are run again."""
    return 1 - Fraction(comb(tasks - wrong, checked), comb(tasks, checked))


def drawn(seats: int, colluding: int, jury: int) -> Iterator[tuple[int, Fraction]]:
    """How many colluders sit in a jury, and with what chance."""
    ways = comb(seats, jury)
    for count in range(max(0, jury - (seats - colluding)), min(jury, colluding) + 1):
        yield count, Fraction(comb(colluding, count) * comb(seats - colluding, jury - count), ways)


def majority(jury: int) -> int:
    """Seats that decide."""
    return jury // 2 + 1


def captured(seats: int, colluding: int, jury: int) -> Fraction:
    """That colluders decide a jury."""
    found = drawn(seats, colluding, jury)
    return sum((each for count, each in found if count >= majority(jury)), Fraction(0))


def captured_share(share: Fraction, jury: int) -> Fraction:
    """The same of a share of very many seats."""
    return sum(
        (
            comb(jury, count) * share**count * (1 - share) ** (jury - count)
            for count in range(majority(jury), jury + 1)
        ),
        Fraction(0),
    )


def captured_both(seats: int, colluding: int, jury: int, appeal: int) -> Fraction:
    """That colluders decide the first jury, and the appeal, too."""
    return sum(
        (
            each * captured(seats - jury, colluding - count, appeal)
            for count, each in drawn(seats, colluding, jury)
            if count >= majority(jury)
        ),
        Fraction(0),
    )


def captured_last(seats: int, colluding: int, jury: int, appeal: int) -> Fraction:
    """That colluders decide the appeal, whatever the first jury said: who loses appeals."""
    return sum(
        (
            each * captured(seats - jury, colluding - count, appeal)
            for count, each in drawn(seats, colluding, jury)
        ),
        Fraction(0),
    )


def undecided(jury: int, share: Fraction, absent: Fraction) -> Fraction:
    """That neither side has a majority of the seats: a redraw. `share`: of colluders, who all come;
    each of the others is away with the chance `absent`."""
    need, found = majority(jury), Fraction(0)
    come = (1 - share) * (1 - absent)
    away = (1 - share) * absent
    for bad in range(need):
        for good in range(min(need, jury - bad + 1)):
            lost = jury - bad - good
            ways = comb(jury, bad) * comb(jury - bad, good)
            found += ways * share**bad * come**good * away**lost
    return found


def at_least_once(chance: Fraction, tries: int) -> Fraction:
    """Of independent tries."""
    return 1 - (1 - chance) ** tries
