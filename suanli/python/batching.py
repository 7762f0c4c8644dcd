"""Which calls share a task, from what calls took before: plain decisions, no clock, no thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from suanli.python.calls import Answer
from suanli.python.source import Travelling

MOST_CALLS = 10_000
MOST_BYTES = 8 << 20
"""Of arguments, in a task of several calls."""
_STARTS = 4
"""Times as long as it takes to begin, a task's calls shall take at least."""
_WEIGHT = 0.3
"""Of what was learned last, in the mean."""


@dataclass(eq=False)
class FunctionCall:
    """`alone`: in a task of its own, since it may be what ended the one it was in; `answer`: what
    its future was given."""

    number: int
    function: Travelling
    data: bytes = field(repr=False)
    future: Future[Any] = field(repr=False)
    alone: bool = False
    answer: Answer | None = field(default=None, repr=False)


@dataclass(eq=False)
class Batch:
    """Calls of one function for a task. `fuel`: what they will take together, the interpreter's
    start included, as far as is known; `ended`: whether its result came."""

    function: Travelling
    calls: list[FunctionCall]
    fuel: int | None
    ended: bool = False

    @property
    def data(self) -> dict[int, bytes]:
        return {call.number: call.data for call in self.calls}


@dataclass
class Cost:
    """What is known of a function: fuel of a call, and of a task besides its calls; seconds that a
    unit of fuel takes."""

    call: float
    start: float
    seconds: float


class Backlog:
    """Calls that wait, oldest first. `target`: seconds that a task shall take."""

    def __init__(self, target: float) -> None:
        self.target = target
        self.costs: dict[Travelling, Cost] = {}
        self._calls: dict[Travelling, deque[FunctionCall]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._calls.values()))

    def add(self, calls: Iterable[FunctionCall]) -> None:
        for call in calls:
            self._calls.setdefault(call.function, deque()).append(call)

    def put_back(self, calls: list[FunctionCall]) -> None:
        for call in reversed(calls):
            self._calls.setdefault(call.function, deque()).appendleft(call)

    def oldest(self) -> FunctionCall | None:
        """The one that is next."""
        heads = [calls[0] for calls in self._calls.values() if calls]
        return min(heads, key=lambda call: call.number, default=None)

    def take(self, places: int) -> Batch | None:
        """The oldest call, with others of its function; `places` tasks run side by side."""
        head = self.oldest()
        if head is None:
            return None
        calls, size = self._calls[head.function], 0
        taken: list[FunctionCall] = []
        most = 1 if head.alone else self._count(head.function, places)
        while calls and len(taken) < most and not (taken and calls[0].alone):
            size += len(calls[0].data)
            if taken and size > MOST_BYTES:
                break
            taken.append(calls.popleft())
        if not calls:
            del self._calls[head.function]
        cost = self.costs.get(head.function)
        fuel = round(cost.start + cost.call * len(taken)) if cost and not head.alone else None
        return Batch(head.function, taken, fuel)

    def unknown(self) -> list[FunctionCall]:
        """The first call of each function of which nothing is known."""
        return [calls[0] for one, calls in self._calls.items() if calls and one not in self.costs]

    def drain(self) -> list[FunctionCall]:
        found = [call for calls in self._calls.values() for call in calls]
        self._calls.clear()
        return found

    def learn(self, function: Travelling, found: list[Answer], fuel: int, seconds: float) -> None:
        """From a task that ended well: its answers, its fuel, and how long it took."""
        if not found or not fuel:
            return
        took = sum(answer.took for answer in found)
        new = Cost(took / len(found), max(0, fuel - took), seconds / fuel)
        old = self.costs.get(function)
        if old is not None:
            for name in ("call", "start", "seconds"):
                mean = (1 - _WEIGHT) * getattr(old, name) + _WEIGHT * getattr(new, name)
                setattr(new, name, mean)
        self.costs[function] = new

    def overran(self, function: Travelling, calls: int, fuel: int) -> None:
        """So many calls took more than all the fuel of their task, which was thought to be plenty:
        then others will, too, unless more is allowed."""
        cost = self.costs.get(function)
        if cost is not None and calls:
            cost.call = max(cost.call, (fuel - cost.start) / calls)

    def _count(self, function: Travelling, places: int) -> int:
        cost = self.costs.get(function)
        if cost is None:
            return 1
        fair = ceil(len(self._calls[function]) / places)
        target = max(self.target, _STARTS * cost.start * cost.seconds)
        fitting = target / max(cost.call * cost.seconds, 1e-9)
        return max(1, min(fair, int(fitting), MOST_CALLS))
