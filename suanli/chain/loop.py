"""An event loop in a thread of its own, for what is asynchronous below synchronous code."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import TimeoutError as NotDone
from typing import Any, TypeVar

T = TypeVar("T")


class Loop:
    """Started when it is first used, ended, after `last`, when nobody holds it any more."""

    def __init__(self, last: Callable[[], Awaitable[None]]) -> None:
        self._last = last
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()

    def run(self, work: Coroutine[Any, Any, T], timeout: float) -> T:
        """What it returns. TimeoutError after `timeout` seconds: it is cancelled then."""
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return future.result(timeout)
        except NotDone:
            future.cancel()
            raise

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = loop = asyncio.new_event_loop()
                threading.Thread(target=_run, args=(loop,), daemon=True).start()
                weakref.finalize(self, _end, loop, self._last)
            return self._loop


def _end(loop: asyncio.AbstractEventLoop, last: Callable[[], Awaitable[None]]) -> None:
    async def end() -> None:
        try:
            await last()
        finally:
            loop.stop()

    asyncio.run_coroutine_threadsafe(end(), loop)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.close()
