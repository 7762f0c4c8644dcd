"""Connections that carry binary messages: a WebSocket, to whoever is at its other end."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address, ip_network
from typing import Any, Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import connect as dial
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from suanli.base.http import is_loopback
from suanli.lease.errors import LinkLost, LinkRefused

MOST_MESSAGE = 256 << 10
"""Bytes."""
MOST_WAITING = 4
"""Messages that came and nobody has taken: the other side is made to wait."""
TO_CONNECT = 10.0
MOST_CONNECTIONS = 256
"""Of callers from one address."""
ALIVE_EVERY = 5.0
"""Seconds between two looks whether the other end is there, and for its answer."""

_QUIET = logging.getLogger("suanli.lease.callers")
"""Whatever knocks on an open port would write pages into the log."""
_QUIET.setLevel(logging.CRITICAL)


class Carrier(Protocol):
    """What carries messages in order, or is lost."""

    @property
    def address(self) -> str:
        """Where a caller is; empty: behind a relay."""

    async def send(self, data: bytes) -> None:
        """Raises LinkLost."""

    async def receive(self) -> bytes:
        """Raises LinkLost."""

    async def close(self) -> None: ...


class WebSocketCarrier:
    """A `Carrier` over one connection of either side."""

    def __init__(self, connection: Connection, address: str = "") -> None:
        self._connection, self.address = connection, address

    async def send(self, data: bytes) -> None:
        try:
            await self._connection.send(data)
        except ConnectionClosed as error:
            raise _lost(error) from error

    async def say(self, text: str) -> None:
        """To a relay, before the session begins. Raises LinkLost."""
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise _lost(error) from error

    async def receive(self) -> bytes:
        try:
            data = await self._connection.recv()
        except ConnectionClosed as error:
            raise _lost(error) from error
        return data if isinstance(data, bytes) else data.encode()

    async def close(self) -> None:
        with suppress(ConnectionClosed):
            await self._connection.close()


@asynccontextmanager
async def accepting(
    take: Callable[[Carrier], Awaitable[None]], host: str, port: int, waiting: int = MOST_WAITING
) -> AsyncIterator[int]:
    """Take callers meanwhile; the port, which may be given as 0. `waiting`: messages of each."""

    here: Counter[str] = Counter()

    class Counted(ServerConnection):
        """One of its address's; those above what is borne are ended before they say a word."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.where = _place(transport.get_extra_info("peername"))
            here[self.where] += 1
            if here[self.where] > MOST_CONNECTIONS:
                self.transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            here[self.where] -= 1
            if not here[self.where]:
                del here[self.where]
            super().connection_lost(exc)

    async def called(connection: ServerConnection) -> None:
        assert isinstance(connection, Counted)
        await take(WebSocketCarrier(connection, connection.where))

    async with serve(
        called,
        host,
        port,
        create_connection=Counted,
        logger=_QUIET,
        max_size=MOST_MESSAGE,
        max_queue=waiting,
        compression=None,
        ping_interval=ALIVE_EVERY,
        ping_timeout=ALIVE_EVERY,
        close_timeout=1,
    ) as server:
        yield next(iter(server.sockets)).getsockname()[1]


def _place(peer: Any) -> str:
    """An address; of those of version 6, what one customer has."""
    host = str(peer[0]) if peer else "?"
    with suppress(ValueError):
        found = ip_address(host.partition("%")[0])
        if found.version == 6 and found.ipv4_mapped is None:
            return str(ip_network((found, 64), strict=False))
    return host


def _lost(error: ConnectionClosed) -> LinkLost:
    why = error.rcvd.reason if error.rcvd is not None else ""
    return LinkLost(why or "the connection is closed")


class _Dial(dial):
    """Goes where it was sent, and nowhere else."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def connect(
    url: str, headers: dict[str, str] | None = None, at: str | None = None
) -> WebSocketCarrier:
    """`at`: the address that is dialled, if its host was looked up already. Raises LinkLost, and
    LinkRefused where trying again can't help."""
    host = urlsplit(url).hostname or ""
    direct: dict[str, Any] = {"host": at} if at else {}
    try:
        made = await _Dial(
            url,
            additional_headers=headers,
            max_size=MOST_MESSAGE,
            max_queue=MOST_WAITING,
            compression=None,
            open_timeout=TO_CONNECT,
            ping_interval=ALIVE_EVERY,
            ping_timeout=ALIVE_EVERY,
            close_timeout=1,
            proxy=None if direct or is_loopback(host) else True,
            **direct,
        )
    except InvalidStatus as error:
        text = error.response.body.decode(errors="replace")[:500] if error.response.body else ""
        status = error.response.status_code
        kind = LinkLost if status >= 500 or status == 429 else LinkRefused
        raise kind(f"{url} refuses ({status}): {text}") from error
    except InvalidURI as error:
        raise LinkRefused(f"{url} is no address of a session") from error
    except (TimeoutError, OSError, InvalidHandshake) as error:
        raise LinkLost(f"{url} can't be reached: {error or type(error).__name__}") from error
    return WebSocketCarrier(made)
