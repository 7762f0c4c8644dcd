"""A relay and a store that lose, delay and are away."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from suanli.protocol import Claim, Leaf, Progress, Rejection, Request
from suanli.relay import RelayUnreachable
from suanli.store import StoreUnavailable


@dataclass
class Lists:
    requests: dict[bytes, tuple[Request, bytes]] = field(default_factory=dict)
    rejections: defaultdict[bytes, list[Rejection]] = field(
        default_factory=lambda: defaultdict(list)
    )
    claims: defaultdict[bytes, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    progress: defaultdict[bytes, list[Progress]] = field(default_factory=lambda: defaultdict(list))
    acceptances: dict[bytes, tuple[bytes, int, bytes]] = field(default_factory=dict)


class Relay:
    """`trouble`: the chance that a call fails, or that what was taken is never shown; `away`: until
    when nothing works. What is posted is seen after a while, and only then."""

    def __init__(self, draws: random.Random, trouble: float) -> None:
        self.random, self.trouble = draws, trouble
        self.now, self.away = 0, 0
        self.lists = Lists()
        self.under_way: list[tuple[int, Any]] = []

    def second(self, now: int) -> None:
        self.now = now
        if self.trouble and self.random.random() < self.trouble / 50:
            self.away = now + self.random.randint(5, 60)
        if self.trouble and self.random.random() < self.trouble / 500:
            self.lists = Lists()  # it lost its disk
        due = [act for at, act in self.under_way if at <= now]
        self.under_way = [(at, act) for at, act in self.under_way if at > now]
        for act in due:
            act(self.lists)

    def call(self) -> Lists:
        """What it holds. Raises RelayUnreachable."""
        if self.now < self.away or self.random.random() < self.trouble:
            raise RelayUnreachable("the relay does not answer")
        return self.lists

    def post(self, act: Any) -> None:
        """`act` on the lists, later. Raises RelayUnreachable, though it may have been taken."""
        lost = self.trouble and self.random.random() < self.trouble / 10
        try:
            self.call()
        except RelayUnreachable:
            if self.now < self.away or self.random.random() < 0.5:
                raise
            self.under_way.append((self.now + 1, act))
            raise
        if not lost:
            self.under_way.append((self.now + self.random.randint(0, 2), act))


class Store:
    """Lists of leaves, and the outputs they name."""

    def __init__(self, draws: random.Random, trouble: float) -> None:
        self.random, self.trouble = draws, trouble
        self.leaves: dict[bytes, list[Leaf]] = {}
        self.outputs: set[bytes] = set()

    def call(self) -> None:
        """Raises StoreUnavailable."""
        if self.random.random() < self.trouble:
            raise StoreUnavailable("the store does not answer")
