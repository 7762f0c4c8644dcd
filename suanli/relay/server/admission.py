"""Who may put something up: accounts that cost more than making up a key, as the chain tells."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from suanli.chain import Market
from suanli.relay.errors import RelayRefusal

YES, NO = 600.0, 5.0
"""Seconds for which an answer of the chain is remembered."""
MOST_KNOWN = 10_000


class Admission:
    """All methods raise RelayRefusal, and ChainError if the chain does not answer."""

    def __init__(self, market: Market, clock: Callable[[], float] = time.monotonic) -> None:
        self._market, self._clock = market, clock
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], tuple[bool, float]] = OrderedDict()

    def require_miner(self, account: str) -> None:
        if not self._is_admitted("miner", account, self._is_miner):
            raise RelayRefusal(
                403, f"{account} is no miner of market {self._market.address}: register it first"
            )

    def require_deposit(self, account: str) -> None:
        if not self._is_admitted("deposit", account, self._has_deposit):
            raise RelayRefusal(
                403, f"{account} has nothing in market {self._market.address}: deposit first"
            )

    def _is_miner(self, account: str) -> bool:
        return self._market.miner_account(account) is not None

    def _has_deposit(self, account: str) -> bool:
        balance = self._market.account_of(account)
        return balance.available + balance.locked > 0

    def _is_admitted(self, what: str, account: str, ask: Callable[[str], bool]) -> bool:
        now = self._clock()
        with self._lock:
            admitted, ends = self._known.get((what, account), (False, now))
        if now < ends:
            return admitted
        admitted = ask(account)
        with self._lock:
            self._known[what, account] = admitted, now + (YES if admitted else NO)
            self._known.move_to_end((what, account))
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return admitted
