"""How often somebody may call, and how much somebody may do at a time."""

from __future__ import annotations

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address, ip_network

from fastapi.requests import HTTPConnection

from suanli.relay.errors import RelayRefusal

MOST_KEYS = 10_000


def caller_of(connection: HTTPConnection) -> str:
    """By what a caller is counted."""
    return network_of(connection.client.host if connection.client else "")


def network_of(address: str) -> str:
    """The address itself; of IPv6 the /64, for whoever has one address there has all."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), 64), strict=False))


class RateLimiter:
    """Token buckets: `burst` calls at once and `rate` more each second, for each key.

    The keys used longest ago are forgotten beyond `MOST_KEYS`: they start anew with a full bucket.
    """

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self.refused = 0
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str, calls: float = 1) -> float:
        """Count a call that is worth so many; 0 if it may go on, else after how many seconds it may
        be made again. One that is worth more than are left makes the next ones wait."""
        now = self._clock()
        with self._lock:
            left, since = self._buckets.pop(key, (self._burst, now))
            left = min(self._burst, left + (now - since) * self._rate)
            allowed = left >= 1
            self.refused += not allowed
            self._buckets[key] = (left - calls if allowed else left, now)
            if len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._rate


class Places:
    """Room for so many at a time: `of_all` together, `of_one` with the same key. For one thread;
    others may look at what is `held`, and how many were `refused`."""

    def __init__(self, what: str, *, of_all: int, of_one: int) -> None:
        self.what, self.of_all, self._of_one = what, of_all, of_one
        self.held = self.refused = 0
        self._taken: Counter[str] = Counter()

    def take(self, key: str) -> None:
        """Raises RelayRefusal. To be given `back`."""
        if self._taken[key] >= self._of_one:
            self.refused += 1
            raise RelayRefusal(
                429, f"there are {self._of_one} {self.what} from {key} already: end one first"
            )
        if self.held >= self.of_all:
            self.refused += 1
            raise RelayRefusal(503, f"there are {self.of_all} {self.what} already: try later")
        self._taken[key] += 1
        self.held += 1

    def back(self, key: str) -> None:
        self.held -= 1
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]

    @contextmanager
    def taken(self, key: str) -> Iterator[None]:
        """Raises RelayRefusal."""
        self.take(key)
        try:
            yield
        finally:
            self.back(key)
