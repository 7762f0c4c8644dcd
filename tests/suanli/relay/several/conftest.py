"""Two relays, of which the first has a fault with a name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest

from suanli.relay import RelayClient, Relays, SeveralStores, blobs_of
from tests.suanli.relay.conftest import DOMAIN, Relay, Server

SOON, LONG = 0.05, 60.0
"""Patience in seconds with one that stalls, and with those that answer."""


@pytest.fixture(scope="session")
def second_server() -> Iterator[Server]:
    with closing(Server()) as made:
        yield made


class Wire(httpx.BaseTransport):
    """To a relay, through whatever `fault` makes of a request; None: as it is."""

    def __init__(self) -> None:
        self.fault: Callable[[httpx.Request], httpx.Response | None] | None = None
        self.ended = threading.Event()
        self.requests: list[httpx.Request] = []
        self.http = httpx.HTTPTransport()
        self._quiet = threading.Condition()
        self._under_way, self._closed = 0, False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = None if self.fault is None else self.fault(request)
        return answer or self._sent(request)

    def _sent(self, request: httpx.Request) -> httpx.Response:
        with self._quiet:
            if self._closed:
                raise httpx.ConnectError("the test is over")
            self._under_way += 1
        try:
            return self.http.handle_request(request)
        finally:
            with self._quiet:
                self._under_way -= 1
                self._quiet.notify_all()

    def close(self) -> None:
        """No connection is opened after it, which nobody would close."""
        self.ended.set()
        with self._quiet:
            self._closed = True
            self._quiet.wait_for(lambda: self._under_way == 0)
        self.http.close()

    def dead(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    def stalled(self, request: httpx.Request) -> httpx.Response:
        """Until the test is over."""
        self.ended.wait()
        raise httpx.ReadTimeout("nothing came")

    def mute(self, request: httpx.Request) -> httpx.Response | None:
        """Takes everything, and shows nobody anything."""
        request.read()
        if request.method == "GET" and "/blobs/" not in request.url.path:
            return httpx.Response(200, json=None if "/acceptance" in request.url.path else [])
        if request.method in ("GET", "HEAD"):
            return httpx.Response(404, json={"detail": "not here"})
        if request.url.path == "/v1/blobs/missing":
            return httpx.Response(200, content=b"")
        if request.url.path == "/v1/blobs/fetch":
            return httpx.Response(200, content=b"\xff" * 4 * (len(request.content) // 32))
        return httpx.Response(204)

    def refusing(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, json={"detail": "not you"})

    def broken(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(502, content=b"<html>Bad Gateway</html>")

    def mad(self, request: httpx.Request) -> httpx.Response:
        """Nonsense, and other bytes."""
        return httpx.Response(200, content=b"[{" * 40_000)

    def busy(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"retry-after": "60"})

    def forgetful(self, request: httpx.Request) -> httpx.Response | None:
        """Lists are those of a relay that was set up anew; what is posted there is not known."""
        if request.url.path.startswith("/v1/blobs"):
            return self.mute(request)
        if request.method == "POST":
            return httpx.Response(404, json={"detail": "no such request"})
        return self.mute(request)


FAULTS = "dead", "stalled", "mute", "refusing", "broken", "mad", "busy", "forgetful"


class Pair:
    """`faulty` first. Their clocks stand still; that of `relays` is `now`."""

    def __init__(self, faulty: Relay, well: Relay, stack: ExitStack) -> None:
        self.faulty, self.well = faulty, well
        self.wire, self.other_wire, self.now = Wire(), Wire(), 0.0
        self._stack = stack

    def clients(self, *wires: Wire) -> list[RelayClient]:
        return [
            RelayClient(relay.server.url, DOMAIN, transport=wire)
            for relay, wire in zip((self.faulty, self.well), wires, strict=True)
        ]

    def relays(self, patience: float = LONG, backwards: bool = False) -> Relays:
        clients = self.clients(self.wire, self.other_wire)
        made = Relays(
            clients[::-1] if backwards else clients, clock=lambda: self.now, patience=patience
        )
        return self._stack.enter_context(closing(made))

    def blobs(self, patience: float = LONG) -> SeveralStores:
        made = blobs_of(self.relays())
        assert isinstance(made, SeveralStores)
        made._patience = patience
        made._clock = lambda: self.now
        return made


@pytest.fixture(scope="session")
def both(
    server: Server, second_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[Relay, Any]]]:
    """Relays with their applications, which take long to make."""
    with ExitStack() as stack:
        made = []
        for each in (server, second_server):
            relay = Relay(each, tmp_path_factory.mktemp("relay"))
            made.append((stack.enter_context(closing(relay)), each.app))
        yield made


def emptied(relay: Relay, app: Any) -> Relay:
    """Others may have had its server meanwhile."""
    relay.server.app = app
    with relay.database.transaction() as database:
        for table in (
            "announcements",
            "hostings",
            "requests",
            "told",
            "acceptances",
            "sqlite_sequence",
        ):
            database.execute(f"DELETE FROM {table}")
    relay.store.collect((), time.time() + 1)
    return relay


@pytest.fixture
def pair(both: list[tuple[Relay, Any]]) -> Iterator[Pair]:
    with ExitStack() as stack:
        made = Pair(*(emptied(*each) for each in both), stack)
        for wire in (made.wire, made.other_wire):
            stack.callback(wire.close)
        yield made
