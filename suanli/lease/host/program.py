"""A program of a room, and the numbered items that come from it and go to it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress

from suanli.lease.host.ports import ProgramPort
from suanli.lease.wire import PIECE, Doing

Put = Callable[[Doing, bytes], Awaitable[None]]
TOGETHER = 0.02
"""Seconds in which what a program writes goes out together: each piece costs both sides work."""
TO_DRAIN = 5.0
"""Seconds after its end in which its last output must come."""


class Program:
    """`out` and `err` are the kinds of items that its output becomes."""

    def __init__(self, port: ProgramPort, put: Put, out: Doing, err: Doing) -> None:
        self.port = port
        for fd in {port.stdin, port.stdout, port.stderr} - {-1}:
            os.set_blocking(fd, False)
        self._pumps = [asyncio.create_task(_pump(port.stdout, put, out))]
        if port.stderr >= 0:
            self._pumps.append(asyncio.create_task(_pump(port.stderr, put, err)))

    async def write(self, data: bytes) -> None:
        """What it doesn't read any more is dropped."""
        while data and self.port.stdin >= 0:
            try:
                data = data[os.write(self.port.stdin, data) :]
            except BlockingIOError:
                await _ready(self.port.stdin, writing=True)
            except OSError:
                return

    def close_input(self) -> None:
        with suppress(OSError):
            self.port.close_stdin()

    async def ended(self) -> int:
        """Its exit code, once all its output is on its way."""
        await _ready(self.port.ended)
        code = self.port.poll()
        await asyncio.wait(self._pumps, timeout=TO_DRAIN)
        return 0 if code is None else code

    async def close(self) -> None:
        """End it, if it runs."""
        for pump in self._pumps:
            pump.cancel()
        await asyncio.wait(self._pumps)
        await asyncio.to_thread(self.port.close)


async def _pump(fd: int, put: Put, doing: Doing) -> None:
    while True:
        try:
            data = os.read(fd, PIECE)
        except BlockingIOError:
            await _ready(fd)
            continue
        except OSError:  # a terminal's end
            return
        if not data:
            return
        await put(doing, data)
        if len(data) < PIECE:
            await asyncio.sleep(TOGETHER)


async def _ready(fd: int, writing: bool = False) -> None:
    """Until it can be read, or written."""
    loop = asyncio.get_running_loop()
    come = loop.create_future()
    # A copy: whoever closes the descriptor takes it from the loop's poll without a word.
    copy = os.dup(fd)
    add, remove = loop.add_reader, loop.remove_reader
    if writing:
        add, remove = loop.add_writer, loop.remove_writer

    def tell() -> None:
        if not come.done():
            come.set_result(None)

    add(copy, tell)
    try:
        await come
    finally:
        remove(copy)
        os.close(copy)
