"""One thing for many, some at a time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def side_by_side(
    act: Callable[[T], object], things: Iterable[T], at_once: int
) -> dict[T, Exception]:
    """Do it for each thing, `at_once` at a time; for which it failed, and how.

    Whoever is interrupted meanwhile waits for none: the threads end with the process.
    """
    waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
    failed: dict[T, Exception] = {}
    for thing in things:
        waiting.put(thing)

    def work() -> None:
        while True:
            try:
                thing = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                act(thing)
            except Exception as error:
                failed[thing] = error

    threads = [
        threading.Thread(target=work, daemon=True) for _ in range(min(at_once, waiting.qsize()))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed
