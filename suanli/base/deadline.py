"""A deadline for whole answers: httpx bounds each wait for bytes, which may come one by one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet


class Deadline:
    """Of a client that one thread uses. `extensions` are for its calls, so that it hears of their
    connections; these are cut when a call takes too long."""

    def __init__(self) -> None:
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self.extensions = {"trace": self._hear}

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _hear(self, event: str, info: dict[str, Any]) -> None:
        """See https://www.encode.io/httpcore/extensions/#trace."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._sockets.add(info["return_value"].get_extra_info("socket"))

    def _cut(self) -> None:
        for used in list(self._sockets):
            with suppress(OSError):  # closed already
                # Not ssl's, which would first wait for the other end.
                socket.socket.shutdown(used, socket.SHUT_RDWR)
