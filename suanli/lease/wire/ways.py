"""Several ways to a miner: one after another, and not waiting for any that lets wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from suanli.lease.errors import LinkLost, LinkRefused
from suanli.lease.wire.carrier import Carrier

Way = Callable[[], Awaitable[Carrier]]
TO_WAIT = 2.0
"""Seconds for one way, before the next is tried as well."""
_closings: set[asyncio.Future[None]] = set()
"""Kept, or they would be forgotten in the middle."""


async def quickest(ways: Sequence[Way]) -> tuple[int, Carrier]:
    """The first that is there, and its place. Raises LinkLost, LinkRefused: what the first said
    that failed, once all have."""
    why: LinkLost | LinkRefused | None = None
    tasks: dict[asyncio.Task[Carrier], int] = {}
    try:
        for place, way in enumerate(ways):
            tasks[asyncio.create_task(_go(way))] = place
            while tasks:
                last = place == len(ways) - 1
                done, _ = await asyncio.wait(
                    tasks, timeout=None if last else TO_WAIT, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    found = tasks.pop(task)
                    try:
                        return found, task.result()
                    except (LinkLost, LinkRefused) as error:
                        why = why or error
                if not last:
                    break
        raise why or LinkLost("there is no way")
    finally:
        for task in tasks:
            task.cancel()
            task.add_done_callback(_close)


async def _go(way: Way) -> Carrier:
    return await way()


def _close(late: asyncio.Task[Carrier]) -> None:
    """One that was there too late."""
    if not late.cancelled() and late.exception() is None:
        _closings.add(closing := asyncio.ensure_future(late.result().close()))
        closing.add_done_callback(_closings.discard)
