"""A requester's swarm: an executor whose tasks miners run for vouchers."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress

from suanli.engine import Executor, HostError, Limits, Module, Result, Task
from suanli.engine.wire import pack, task_message
from suanli.lease.swarm.link import MinerDropped, SwarmLink, SwarmPlace, SwarmTask
from suanli.lease.swarm.purses import Held, Purses
from suanli.protocol import Domain

log = logging.getLogger("suanli.lease")
TO_END = 30.0
"""Seconds in which a miner closes its channel."""


class Swarm:
    """`Executor`. `own` runs again what is looked at: the first result of each miner, programs that
    failed, what bills more than any that was looked at, and others with the chance `audit`.
    Results are kept in `purses`, so that a task is paid once, whenever the requester is killed.
    Also a context manager."""

    def __init__(
        self,
        miners: Sequence[tuple[SwarmPlace, Held]],
        runtime: bytes,
        domain: Domain,
        purses: Purses,
        own: Executor,
        audit: float,
        tell: Callable[[str], None],
    ) -> None:
        self._purses, self._own, self._audit, self._tell = purses, own, audit, tell
        self._waiting: deque[SwarmTask] = deque()
        self._futures: dict[str, list[Future[Result]]] = {}
        """By task: a job may have the same one twice."""
        self._loop = asyncio.new_event_loop()
        self._come = asyncio.Event()
        self._closed = False
        self._why = "there is no miner"
        self.links = [SwarmLink(*one, runtime, domain, purses, self) for one in miners]
        self._stopped = asyncio.Event()
        self._left = len(self.links)
        self._greatest = 0
        """Units of a task that was looked at: what bills more is looked at."""
        self.kept = 0
        """Results that were here before."""
        self._thread = threading.Thread(target=self._run, name="swarm")
        self._thread.start()

    def __enter__(self) -> Swarm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # As an executor

    def submit(self, task: Task, *, timeout: float | None = None) -> Future[Result]:
        future: Future[Result] = Future()
        digest = hashlib.sha256(b"".join(pack(*task_message(task)))).hexdigest()
        if (result := self._purses.result(bytes.fromhex(digest))) is not None:
            self.kept += 1
            future.set_result(result)
            return future
        self._loop.call_soon_threadsafe(self._add, SwarmTask(digest, task), future)
        return future

    def prepare(self, module: Module, limits: Limits | None = None) -> str | None:
        return self._own.prepare(module, limits)

    def close(self) -> None:
        """What has not come is cancelled; the channels stay open."""
        if not self._closed:
            self._closed = True
            self._loop.call_soon_threadsafe(self._stop)
            self._thread.join()

    def end(self) -> list[Held]:
        """Close, and let the miners close their channels; those that did not."""
        self.close()
        loop = asyncio.new_event_loop()
        try:
            done = loop.run_until_complete(_ended(self.links))
        finally:
            loop.close()
        return [link.held for link, ended in zip(self.links, done, strict=True) if not ended]

    # For its links

    async def next(self) -> SwarmTask:
        while not self._waiting:
            self._come.clear()
            await self._come.wait()
        return self._waiting.popleft()

    def back(self, job: SwarmTask) -> None:
        if job.key in self._futures:
            self._waiting.appendleft(job)
            self._come.set()

    async def came(self, link: SwarmLink, job: SwarmTask, result: Result, again: bool) -> bool:
        if self._looks_at(link, result):
            mine = await asyncio.wrap_future(self._own.submit(job.task))
            if _of(mine) != _of(result):
                link.held.over = True
                self._purses.save(link.held)
                dropped = self._purses.drop(link.held.miner)
                self._fail(
                    f"miner {link.held.miner} gave a wrong result, and is paid nothing more; the"
                    f" {dropped} that came from it before are thrown away: run the job again, what"
                    " others did is kept"
                )
                return False
            self._greatest = max(self._greatest, result.units)
        link.held.purse.got(result.units, again)
        self._purses.keep(link.held, bytes.fromhex(job.key), result)
        for future in self._futures.pop(job.key, ()):
            with suppress(InvalidStateError):
                future.set_result(result)
        return True

    def _looks_at(self, link: SwarmLink, result: Result) -> bool:
        """By chance, and where a lie would pay most, or could spoil the job for nothing."""
        odd = not result.ok or result.units > self._greatest
        return odd or link.tasks == 0 or random.random() < self._audit

    # Its thread

    def _run(self) -> None:
        self._loop.run_until_complete(self._all())
        self._loop.close()

    async def _all(self) -> None:
        runs = [asyncio.create_task(self._link(link)) for link in self.links]
        await self._stopped.wait()
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)

    async def _link(self, link: SwarmLink) -> None:
        try:
            await link.run()
        except MinerDropped as error:
            self._why = str(error)
            self._tell(str(error))
        finally:
            self._left -= 1
            if self._left == 0 and not self._closed:
                self._fail(f"no miner is left: {self._why}")

    def _add(self, job: SwarmTask, future: Future[Result]) -> None:
        if self._left == 0:
            future.set_exception(HostError(f"no miner is left: {self._why}"))
            return
        same = self._futures.setdefault(job.key, [])
        same.append(future)
        if len(same) == 1:
            self._waiting.append(job)
            self._come.set()

    def _fail(self, why: str) -> None:
        futures, self._futures = self._futures, {}
        self._waiting.clear()
        for future in (one for several in futures.values() for one in several):
            with suppress(InvalidStateError):
                future.set_exception(HostError(why))

    def _stop(self) -> None:
        self._fail("the swarm is closed")
        self._stopped.set()


def _of(result: Result) -> tuple[object, ...]:
    """What is the same wherever a task runs."""
    files = dict(result.files)
    code = result.exit_code
    return result.outcome, code, result.fuel, result.stdout, result.stderr, files


async def _ended(links: Sequence[SwarmLink]) -> list[bool]:
    return list(await asyncio.gather(*(link.end(TO_END) for link in links)))
