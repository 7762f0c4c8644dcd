"""What each strategy gained, in tokens."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

Who = tuple[str, str]
"""Role and strategy."""
SINK: Who = ("nobody", "sink")
TREASURY: Who = ("nobody", "treasury")


class Books:
    """Beside what is in the market and the court: what was `given` in base units to act with, spent
    on work and gas, and what results are worth."""

    def __init__(self) -> None:
        self.given: defaultdict[Who, int] = defaultdict(int)
        self.spent: defaultdict[Who, float] = defaultdict(float)
        self.made: defaultdict[Who, float] = defaultdict(float)
        self.ordered: defaultdict[Who, float] = defaultdict(float)
        """Pay of all deals, in tokens, whatever became of them."""
        self.counts: Counter[tuple[Who, str]] = Counter()

    def count(self, who: Who, what: str) -> None:
        self.counts[who, what] += 1

    def profit(self, who: Who, holdings: Mapping[Who, int]) -> float:
        money = (holdings.get(who, 0) - self.given[who]) / 10**18
        return money + self.made[who] - self.spent[who]
