"""What a miner serves beside its deals, each in an event loop and thread of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Protocol, TypeVar

from suanli.base.errors import SuanliError
from suanli.daemon import NotReady

log = logging.getLogger("suanli.lease")
TO_END = 30.0
"""Seconds that it may take to end."""
AGAIN = 5.0
"""Seconds until what failed is tried again."""

Errand = tuple[float, Callable[[], None]]
"""What is done in a thread again and again, after so many seconds each."""


class Running(Protocol):
    ready: asyncio.Event
    """Set once it takes callers."""

    async def run(self, stop: asyncio.Event) -> None:
        """Raises what ends it."""


R = TypeVar("R", bound=Running)


@contextmanager
def in_thread(served: R, broken: Callable[[], None], name: str, unready: str = "") -> Iterator[R]:
    """Until it is gone on with; `broken` is called if it ends by an error.

    `unready`: it is waited for until it is ready, and this is said if it fails before.
    Raises NotReady.
    """
    runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
    loop, stop, begun = runner.get_loop(), asyncio.Event(), threading.Event()
    failed: list[BaseException] = []

    async def tell_ready() -> None:
        await served.ready.wait()
        begun.set()

    async def work() -> None:
        telling = asyncio.create_task(tell_ready())
        try:
            await served.run(stop)
        finally:
            telling.cancel()

    def serve() -> None:
        try:
            runner.run(work())
        except BaseException as error:
            failed.append(error)
            log.exception("%s: ended by an error", name)
            broken()
        finally:
            begun.set()
            runner.close()

    thread = threading.Thread(target=serve, name=name)
    thread.start()
    if unready:
        begun.wait()
        if failed:
            thread.join()
            raise NotReady(f"{unready}: {failed[0]}")
    try:
        yield served
    finally:
        if not failed:
            loop.call_soon_threadsafe(stop.set)
        thread.join(TO_END)


async def repeat(errand: Errand, threads: Executor, warn: Callable[[str], None]) -> None:
    """For ever; sooner where it fails, which is told."""
    seconds, work = errand
    loop = asyncio.get_running_loop()
    while True:
        wait = seconds
        try:
            await loop.run_in_executor(threads, work)
        except SuanliError as error:
            warn(str(error))
            wait = min(seconds, AGAIN)
        await asyncio.sleep(wait)
