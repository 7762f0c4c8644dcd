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
    when nothing works; `version` differs when it holds what others wait for. What is posted is
    seen after a while, and only then."""

    def __init__(self, draws: random.Random, trouble: float) -> None:
        self.random, self.trouble = draws, trouble
        self.now, self.away, self.version = 0, 0, 0
        self.lists = Lists()
        self.under_way: list[tuple[int, Any, bool]] = []

    def second(self, now: int) -> None:
        self.now = now
        if self.trouble and self.random.random() < self.trouble / 50:
            self.away = now + self.random.randint(5, 60)
        if self.trouble and self.random.random() < self.trouble / 500:
            self.lists = Lists()  # it lost its disk
            self.version += 1
        due = [(act, news) for at, act, news in self.under_way if at <= now]
        if not due:
            return
        self.under_way = [sent for sent in self.under_way if sent[0] > now]
        for act, news in due:
            act(self.lists)
            self.version += news

    def call(self) -> Lists:
        """What it holds. Raises RelayUnreachable."""
        if self.now < self.away or self.random.random() < self.trouble:
            raise RelayUnreachable("the relay does not answer")
        return self.lists

    def post(self, act: Any, news: bool = True) -> None:
        """`act` on the lists, later; `news`: somebody waits for it. Raises RelayUnreachable, though
        it may have been taken."""
        lost = self.trouble and self.random.random() < self.trouble / 10
        try:
            self.call()
        except RelayUnreachable:
            if self.now < self.away or self.random.random() < 0.5:
                raise
            self.under_way.append((self.now + 1, act, news))
            raise
        if not lost:
            self.under_way.append((self.now + self.random.randint(0, 2), act, news))


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
