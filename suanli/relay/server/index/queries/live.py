"""What only the chain of now can tell: prices, balances, whether a vote was won. Little is asked,
and remembered for moments; None where the node does not answer, which is not asked then for a
while."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from suanli.chain import (
    ChainError,
    Contract,
    IdentityVerifier,
    Market,
    PriceController,
    TransportError,
)
from suanli.protocol import Balance
from suanli.relay.server.node import NodeBusy

T = TypeVar("T")
MOMENT, FAILED = 2.0, 5.0
"""Seconds for which an answer, and that there was none, is remembered."""
MOST_KNOWN = 10_000
MOST_CLASSES = 200
_STANDING = (
    *("pending", "active", "canceled", "defeated"),
    *("succeeded", "queued", "expired", "executed"),
)


class ClassNow(NamedTuple):
    price: int
    price_model: str
    adapts: bool


class Live:
    """`governor`: its address, if there is one."""

    def __init__(
        self,
        market: Market,
        governor: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._market, self._clock = market, clock
        self._governor = Contract(market.node, governor, "MarketGovernor") if governor else None
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Any, ...], tuple[Any, float]] = OrderedDict()
        self._away_until = -math.inf
        self.classes: dict[int, ClassNow] = {}
        """As `look` saw them last."""
        self.paused = False

    def look(self, resources: list[int]) -> None:
        """Ask what all readers want to know; by the indexer, so that none of them waits.

        Raises:
            ChainError: all stays as it was.
        """
        market = self._market
        self.paused = market.paused()
        for resource in resources[:MOST_CLASSES]:
            model = market.resource_class(resource).price_model.lower()
            before = self.classes.get(resource)
            known = before is not None and before.price_model == model
            adapts = before.adapts if known and before else self._adapts(resource)
            self.classes[resource] = ClassNow(market.price_of(resource), model, adapts)

    def _adapts(self, resource: int) -> bool:
        return PriceController.of(self._market, resource) is not None

    def balance(self, account: str) -> Balance | None:
        return self._ask(("balance", account), MOMENT, lambda: self._market.account_of(account))

    def knows_requester(self, verifier: str, account: str) -> bool | None:
        def ask() -> bool:
            return IdentityVerifier.of(self._market, verifier).knows_requester(account)

        return self._ask(("requester", verifier, account), MOMENT, ask)

    def standing(self, proposal: int) -> str | None:
        """Of a proposal whose vote is over."""
        governor = self._governor
        if governor is None:
            return None
        return self._ask(
            ("standing", proposal), MOMENT, lambda: _STANDING[governor.read("state", proposal)]
        )

    def quorum(self, begins: int) -> int | None:
        """Of a vote that began."""
        governor = self._governor
        if governor is None:
            return None
        return self._ask(
            ("quorum", begins), 60 * MOMENT, lambda: int(governor.read("quorum", begins))
        )

    def _ask(self, key: tuple[Any, ...], seconds: float, ask: Callable[[], T]) -> T | None:
        now = self._clock()
        with self._lock:
            answer, ends = self._known.get(key, (None, now))
            away = now < self._away_until
        if now < ends:
            return answer  # type: ignore[no-any-return]
        if away:
            return None
        try:
            found: T | None = ask()
            is_away = False
        except ChainError as error:
            found, seconds = None, FAILED
            is_away = isinstance(error, TransportError) and not isinstance(error, NodeBusy)
        with self._lock:
            if is_away:  # whatever else is asked would wait as long
                self._away_until = self._clock() + FAILED
            self._known[key] = found, now + seconds
            self._known.move_to_end(key)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return found
