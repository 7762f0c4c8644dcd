"""Which deals are placed a second time, since their miner seems to be gone or is late.

A confirmed deal is paid for what it delivers, doubled or not, and holds its money until its
deadline: doubling takes more of the budget, and what it may take is bounded.
"""

from __future__ import annotations

from collections.abc import Callable

from suanli.base.text import rough
from suanli.client.ledger import Ledger, Part, Stage
from suanli.client.run.watching import Watching

STRAGGLES = 2.0
"""So many times what is expected of it a deal takes before it is doubled on wish."""
AT_LEAST = 10.0
"""Seconds that it may be late in any case."""
SHARE = 2
"""Without a wish doubled deals hold and cost the budget divided by this at most."""


def most(hedge: bool | None, budget: int) -> int:
    """Base units that doubling may take of a budget in all; `hedge`: see Options."""
    if hedge is None:
        return budget // SHARE
    return budget if hedge else 0


class Hedging:
    """`hedge`: what is chosen at present, see Options."""

    def __init__(
        self, ledger: Ledger, watching: Watching, hedge: Callable[[], bool | None]
    ) -> None:
        self._ledger, self._watching, self._hedge = ledger, watching, hedge

    def left(self, budget: int) -> int:
        """Base units that doubling may take now."""
        return max(0, min(budget - self._ledger.reserved(), self.most(budget) - self._taken()))

    def most(self, budget: int) -> int:
        """Base units that doubling may take of a budget in all."""
        told = self._ledger.facts().get("doubling")
        allowed = most(self._hedge(), budget)
        return allowed if told is None else min(allowed, int(told))

    def bound(self, budget: int, worst: int) -> int:
        """The same for a job that begins: no more than all of it once more, which may cost `worst`
        base units. From now on it is kept to."""
        found = max(0, min(most(self._hedge(), budget), budget - worst, worst))
        self._ledger.set_facts(doubling=str(found))
        return found

    def late(self) -> dict[int, str]:
        """Parts to be doubled, by number, and why."""
        if self._hedge() is False:
            return {}
        confirmed = [part for part in self._ledger.live() if part.stage is Stage.CONFIRMED]
        return {part.number: why for part in confirmed if (why := self._why(part))}

    def _taken(self) -> int:
        return sum(part.reserved for part in self._ledger.parts() if part.doubles is not None)

    def _why(self, part: Part) -> str:
        watching = self._watching
        silence, elapsed = watching.silence(part), watching.elapsed(part)
        if watching.is_lost(part):
            heard = f"its miner was not heard of for {rough(silence)}"
            return heard if silence else f"it is not done after {rough(elapsed)}"
        expected = self._expected(part)
        if not self._hedge() or expected is None:
            return ""
        if elapsed <= max(STRAGGLES * expected, expected + AT_LEAST):
            return ""
        return f"it is not done after {rough(elapsed)}, {rough(expected)} were expected"

    def _expected(self, part: Part) -> float | None:
        """Seconds, by what the job's tasks used so far; by their limit if none is done."""
        used = [kept.leaf.units for kept in self._ledger.results().values()]
        if part.seconds is None or not used:
            return part.seconds
        limit = part.request.units / len(part.tasks)
        return part.seconds * sum(used) / len(used) / limit
