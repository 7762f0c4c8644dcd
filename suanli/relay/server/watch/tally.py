"""What a relay counts as it goes: by few names, whatever callers send."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Histogram

from suanli.relay.server.limits import Places, RateLimiter

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from suanli.relay.server.sessions import SessionBroker

METHODS = ("GET", "HEAD", "POST", "PUT")
OTHER = "other"
"""A method that no route has; and what came to no route, since it was refused before."""
BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
"""Seconds."""


class RelayTally:
    """Counted by the relay's threads, read by others."""

    def __init__(self) -> None:
        self._requests = Counter(
            "suanli_relay_requests",
            "answers over HTTP",
            ("method", "route", "status"),
            registry=None,
        )
        self._seconds = Histogram(
            "suanli_relay_request_seconds",
            "seconds until the answer began",
            ("route",),
            buckets=BUCKETS,
            registry=None,
        )
        self.limiter: RateLimiter | None = None
        self.broker: SessionBroker | None = None
        self.rooms: list[Places] = []

    def count(self, scope: Any, status: int, seconds: float) -> None:
        """An answer. Routes stand as they were declared: no address, number or id is in them."""
        route = getattr(scope.get("route"), "path", OTHER)
        method = scope["method"] if scope["method"] in METHODS else OTHER
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def collect(self) -> Iterator[Metric]:
        yield from self._requests.collect()
        yield from self._seconds.collect()


class Counting:
    """Middleware of ASGI. It stands outside of what refuses."""

    def __init__(self, app: Any, tally: RelayTally) -> None:
        self._app, self._tally = app, tally

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, is_counted = time.perf_counter(), False

        def count(status: int) -> None:
            nonlocal is_counted
            if not is_counted:
                is_counted = True
                self._tally.count(scope, status, time.perf_counter() - began)

        async def told(message: Any) -> None:
            if message["type"] == "http.response.start":
                count(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            count(500)  # it ended without an answer
