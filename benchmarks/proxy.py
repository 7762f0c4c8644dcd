"""Between a client and a server on this machine: passes bytes, can be cut, can stall."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Self


class Proxy:
    """Passes TCP connections to `port` of the loopback address; `url` is its own address.

    `heard` gets (number of the connection, whether from the client, bytes) for all that passes,
    in the proxy's thread.
    """

    def __init__(
        self, port: int, heard: Callable[[int, bool, bytes], None] = lambda number, asks, data: None
    ) -> None:
        self._target, self._heard = port, heard
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._numbers = 0
        self._flows = asyncio.Event()
        self._flows.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        start = asyncio.start_server(self._pass, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result()
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """Break all connections and refuse new ones."""
        self._loop.call_soon_threadsafe(self._cut)

    def stall(self) -> None:
        """Keep connections, and pass nothing."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def mend(self) -> None:
        """Pass everything again, first what was held back."""
        self._loop.call_soon_threadsafe(self._mend)

    def _cut(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def _mend(self) -> None:
        self._is_cut = False
        self._flows.set()

    async def _end(self) -> None:
        self._server.close()
        self._mend()  # what is held back must not be waited for
        self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        self._numbers += 1
        number = self._numbers
        try:
            their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, their_writer}
        try:
            await asyncio.gather(
                self._pipe(number, True, reader, their_writer),
                self._pipe(number, False, their_reader, writer),
            )
        finally:
            for one in (writer, their_writer):
                one.transport.abort()
                self._writers.discard(one)

    async def _pipe(
        self,
        number: int,
        asks: bool,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        try:
            while data := await reader.read(1 << 16):
                await self._flows.wait()
                self._heard(number, asks, data)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            writer.transport.abort()
