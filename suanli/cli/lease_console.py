"""This terminal, as the one of a program that runs elsewhere."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from suanli.lease.user.run import LeaseRun
from suanli.lease.wire import PIECE

INTERRUPTS = 3
"""So many Ctrl-C end the lease, whatever the program makes of them."""


class Console:
    """`raw`: each key goes to the program as it is, so long as this is a terminal."""

    def __init__(self, raw: bool) -> None:
        self.raw = raw and os.isatty(0)
        self.size = self._size() if raw else None
        self.kind = os.environ.get("TERM", "")

    def write(self, data: bytes, *, error: bool = False) -> None:
        stream = sys.stderr if error else sys.stdout
        stream.buffer.write(data)
        stream.buffer.flush()

    def _size(self) -> tuple[int, int]:
        with suppress(OSError, termios.error):
            rows, columns = termios.tcgetwinsize(0)
            return rows, columns
        return 24, 80


@asynccontextmanager
async def attended(run: LeaseRun, console: Console) -> AsyncIterator[None]:
    """Keys, signals and the terminal's size go to the program meanwhile."""
    loop, pressed, before = asyncio.get_running_loop(), 0, None
    tasks: set[asyncio.Task[None]] = set()

    def spawn(work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def interrupt() -> None:
        nonlocal pressed
        pressed += 1
        if run.use is None or not run.use.running() or pressed >= INTERRUPTS:
            run.interrupt()
        else:
            spawn(run.use.signal(signal.SIGINT))

    def resized() -> None:
        if run.use is not None and run.use.running():
            spawn(run.use.resize(*console._size()))

    loop.add_signal_handler(signal.SIGINT, interrupt)
    loop.add_signal_handler(signal.SIGTERM, run.interrupt)
    if console.raw:
        before = termios.tcgetattr(0)
        tty.setraw(0)
        loop.add_signal_handler(signal.SIGWINCH, resized)
    spawn(_keys(run))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        if before is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, before)


async def _keys(run: LeaseRun) -> None:
    """Input, once the program takes some."""
    while True:
        while run.use is None or not run.use.running():
            await asyncio.sleep(0.05)
        data = await _read()
        if run.use is not None:
            await run.use.input(data)
        if not data:
            return


async def _read() -> bytes:
    """What can be read of standard input; empty: its end."""
    loop = asyncio.get_running_loop()
    come: asyncio.Future[None] = loop.create_future()

    def ready() -> None:
        if not come.done():
            come.set_result(None)

    try:
        loop.add_reader(0, ready)
    except OSError:  # a file, which can always be read
        return os.read(0, PIECE)
    try:
        await come
    finally:
        loop.remove_reader(0)
    with suppress(OSError):
        return os.read(0, PIECE)
    return b""
