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
        self._known: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def require_miner(self, account: str, number: int = 0) -> None:
        """`number`: the miner that it must be; 0: any."""
        found = self._ask("miner", account, self._number_of)
        if not found:
            raise RelayRefusal(
                403, f"{account} is no miner of market {self._market.address}: register it first"
            )
        if number not in (0, found):
            raise RelayRefusal(
                403, f"the request names another miner: number {number}, {account} is {found}"
            )

    def require_deposit(self, account: str) -> None:
        if not self._ask("deposit", account, self._has_deposit):
            raise RelayRefusal(
                403, f"{account} has nothing in market {self._market.address}: deposit first"
            )

    def require_lot(self, operator: str, miner: int, key: bytes) -> None:
        """That a channel or storage deal keeps capacity of the miner, as only an open one does."""

        def has_lot(_: str) -> int:
            lot = self._market.lot_of(operator, key)
            return lot.miner_id == miner and lot.busy_until >= self._market.node.head().time

        if not self._ask(f"lot of {operator} {key.hex()}", str(miner), has_lot):
            raise RelayRefusal(403, f"channel 0x{key.hex()[:8]} is not open, or its time over")

    def _number_of(self, account: str) -> int:
        """0: it is no miner."""
        found = self._market.miner_account(account)
        return found.miner_id if found else 0

    def _has_deposit(self, account: str) -> bool:
        balance = self._market.account_of(account)
        return balance.available + balance.locked > 0

    def _ask(self, what: str, account: str, ask: Callable[[str], int]) -> int:
        """What the chain says, unless it said so a short time ago; 0 is no."""
        now = self._clock()
        with self._lock:
            answer, ends = self._known.get((what, account), (0, now))
        if now < ends:
            return answer
        answer = ask(account)
        with self._lock:
            self._known[what, account] = answer, now + (YES if answer else NO)
            self._known.move_to_end((what, account))
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return answer
