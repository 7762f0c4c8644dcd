"""Runs plain Python arithmetic on integers that stand for all integers, and asks z3 about it.

`Whole` has the operators that the formulas use. A comparison of two is decided both ways: `paths`
runs a function once for each way through it, and gives what is assumed on that way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import z3

T = TypeVar("T")
TIMEOUT = 10_000
"""Milliseconds for one question."""

_ways: list[tuple[list[bool], list[Any]]] = []
"""Of the run that goes on: what to decide, and what was assumed so far."""


class Whole:
    """An integer of z3; divisors must be above zero."""

    def __init__(self, term: Any) -> None:
        self.term = term

    def __add__(self, other: Any) -> Whole:
        return Whole(self.term + _term(other))

    __radd__ = __add__

    def __sub__(self, other: Any) -> Whole:
        return Whole(self.term - _term(other))

    def __rsub__(self, other: Any) -> Whole:
        return Whole(_term(other) - self.term)

    def __neg__(self) -> Whole:
        return Whole(-self.term)

    def __mul__(self, other: Any) -> Whole:
        return Whole(self.term * _term(other))

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> Whole:
        # z3's division of integers rounds down if the divisor is positive, as Python's does.
        return Whole(self.term / _term(other))

    def __lt__(self, other: Any) -> Statement:
        return Statement(self.term < _term(other))

    def __le__(self, other: Any) -> Statement:
        return Statement(self.term <= _term(other))

    def __gt__(self, other: Any) -> Statement:
        return Statement(self.term > _term(other))

    def __ge__(self, other: Any) -> Statement:
        return Statement(self.term >= _term(other))

    def __eq__(self, other: object) -> Any:
        return Statement(self.term == _term(other))

    def __ne__(self, other: object) -> Any:
        return Statement(self.term != _term(other))

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self != 0)


class Statement:
    """What may hold or not; where Python asks which, the run goes one way."""

    def __init__(self, term: Any) -> None:
        self.term = term

    def __bool__(self) -> bool:
        decisions, assumed = _ways[-1]
        if len(assumed) == len(decisions):
            decisions.append(True)
        chosen = decisions[len(assumed)]
        assumed.append(self.term if chosen else z3.Not(self.term))
        return chosen


def _term(value: Any) -> Any:
    return value.term if isinstance(value, Whole) else value


def whole(name: str, least: int, most: int) -> tuple[Whole, list[Any]]:
    """Any integer within bounds, and the bounds."""
    term = z3.Int(name)
    return Whole(term), [term >= least, term <= most]


def paths(function: Callable[[], T]) -> Iterator[tuple[list[Any], T]]:
    """What is assumed on each way through a function, and what it gives there."""
    decisions: list[bool] = []
    while True:
        _ways.append((decisions, []))
        try:
            result = function()
        finally:
            _, assumed = _ways.pop()
        yield assumed, result
        while decisions and not decisions[-1]:
            decisions.pop()
        if not decisions:
            return
        decisions[-1] = False


def prove(assumptions: list[Any], *claims: Statement) -> None:
    """Fail, with an example, unless the claims follow."""
    for claim in claims:
        solver = z3.SolverFor("QF_NIA")
        solver.set("timeout", TIMEOUT)
        solver.add(*assumptions, z3.Not(claim.term))
        answer = solver.check()
        assert answer == z3.unsat, f"{claim.term}: {solver.model() if answer == z3.sat else answer}"
