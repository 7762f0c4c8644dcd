"""What each strategy gained, in tokens."""

from __future__ import annotations

from collections import Counter, defaultdict

Who = tuple[str, str]
"""Role and strategy."""
SINK: Who = ("nobody", "sink")
TREASURY: Who = ("nobody", "treasury")


class Books:
    """All that one loses somebody gains, but for work and gas, which are spent, and for what
    results are worth."""

    def __init__(self) -> None:
        self.profit: defaultdict[Who, float] = defaultdict(float)
        self.spent = self.made = 0.0
        self.counts: Counter[tuple[Who, str]] = Counter()

    def pay(self, giver: Who, taker: Who, amount: float) -> None:
        self.profit[giver] -= amount
        self.profit[taker] += amount

    def spend(self, who: Who, amount: float) -> None:
        self.profit[who] -= amount
        self.spent += amount

    def gain(self, who: Who, amount: float) -> None:
        """Of what results are worth."""
        self.profit[who] += amount
        self.made += amount

    def count(self, who: Who, what: str) -> None:
        self.counts[who, what] += 1
