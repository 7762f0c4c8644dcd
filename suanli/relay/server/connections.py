"""The relay's connections: each caller has few, and none for longer than its request may take."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from suanli.relay.batches import MOST_BYTES
from suanli.relay.errors import RelayRefusal
from suanli.relay.server.index import STREAM_PATH
from suanli.relay.server.limits import Places, network_of
from suanli.relay.server.watch import RelayTally

CONNECTIONS, CONNECTIONS_OF_ONE = 512, 64
"""At a time."""
TO_BEGIN = 15.0
"""Seconds in which the head of the next request must have come."""
TO_END = 30.0
"""Seconds for a whole request and its answer."""
TO_MOVE = 60.0
"""Seconds for those of a blob, and one more for each `SLOWEST` bytes."""
TO_STREAM = 3_600.0
"""Seconds for a stream of events: whoever listens goes on by another."""
SLOWEST = 64 << 10
MOST_MESSAGE = 256 << 10
"""Bytes of a WebSocket's."""


def config_of(
    app: Any,
    *,
    max_blob: int,
    behind_proxy: bool = False,
    tally: RelayTally | None = None,
    **more: Any,
) -> uvicorn.Config:
    """`behind_proxy`: callers come through a proxy on this machine, which names their addresses and
    bounds their connections. `tally` counts those. `more`: see uvicorn."""
    places = Places(
        "connections",
        of_all=CONNECTIONS,
        of_one=CONNECTIONS if behind_proxy else CONNECTIONS_OF_ONE,
    )
    if tally is not None:
        tally.rooms.append(places)
    return uvicorn.Config(
        app,
        http=partial(BoundedProtocol, places=places, max_blob=max_blob),  # type: ignore[arg-type]
        ws="websockets-sansio",
        ws_max_size=MOST_MESSAGE,
        ws_ping_interval=10.0,
        ws_ping_timeout=10.0,
        ws_per_message_deflate=False,
        # What callers do wrong is no matter for the log.
        log_level="error",
        log_config=None,  # it goes where the relay's own goes
        access_log=False,
        proxy_headers=behind_proxy,
        forwarded_allow_ips=["127.0.0.1", "::1"],
        **more,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError."""
    # With its protocol named: asyncio sets TCP_NODELAY on the connections of such alone, and
    # without it each answer in two pieces waits for a delayed acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


class BoundedProtocol(H11Protocol):
    """Connections that keep others waiting are cut."""

    def __init__(self, *arguments: Any, places: Places, max_blob: int, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._places, self._max_blob = places, max_blob
        self._place: str | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        caller = network_of(self.client[0] if self.client else "")
        try:
            self._places.take(caller)
        except RelayRefusal:
            transport.abort()
            return
        self._place = caller
        self._cut_after(TO_BEGIN)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._place is not None:
            self._places.back(self._place)
            self._place = None
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: Any) -> None:
        """From here on another protocol has the connection, which is to give its place back."""
        if self._timer is not None:
            self._timer.cancel()
        place, self._place = self._place, None
        super().handle_websocket_upgrade(event)
        upgraded: Any = self.transport.get_protocol()
        lost = upgraded.connection_lost

        def gone(error: Exception | None) -> None:
            lost(error)
            if place is not None:
                self._places.back(place)

        upgraded.connection_lost = gone

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._cut_after(self._seconds())

    def on_response_complete(self) -> None:
        self._cut_after(TO_BEGIN)
        super().on_response_complete()  # it may begin the next request

    def shutdown(self) -> None:
        """A stream of events would not end by itself."""
        if self.cycle is not None and self.scope["path"] == STREAM_PATH:
            self.transport.abort()
        super().shutdown()

    def _seconds(self) -> float:
        if self.scope["path"] == STREAM_PATH:
            return TO_STREAM
        if not self.scope["path"].startswith("/v1/blobs"):
            return TO_END
        size = MOST_BYTES if self.scope["method"] == "POST" else self._max_blob
        if self.scope["method"] == "PUT":
            told = dict(self.headers).get(b"content-length", b"")
            size = min(size, int(told)) if told.isdigit() else size
        return TO_MOVE + size / SLOWEST

    def _cut_after(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self.transport.abort)
