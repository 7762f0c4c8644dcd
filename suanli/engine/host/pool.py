"""Run tasks on this machine's cores, each in a worker process that may die at any moment."""

from __future__ import annotations

import os
import queue
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Self

from suanli.engine.errors import BeyondEnd, EngineUnavailable, HostError, WorkerDied
from suanli.engine.executor import Compilations, Tracer
from suanli.engine.host.cache import default_folder
from suanli.engine.host.installed import InstalledRuntime, all_own, own
from suanli.engine.host.library import Library
from suanli.engine.host.packages import RuntimePackage, found_in, packages
from suanli.engine.host.process import WorkerProcess
from suanli.engine.host.sandbox import Isolation, choose
from suanli.engine.host.slot import Item, Slot
from suanli.engine.runtime import (
    CHOOSE_PORTABLE,
    Runtime,
    check_version,
    default_runtime,
    named_by,
    runtime_id,
    runtimes_here,
)
from suanli.engine.task import Limits, Module, Result, Task, memory_objection

_SLOWEST = 10e6
"""Fuel a second of the slowest machine worth waiting for, for the wall-clock backstop."""
_LONGEST = 1e6
"""Seconds, eleven days; also what the operating system's timers can hold."""


class Pool:
    """`Tracer` with worker processes on this machine; also a context manager.

    `workers` tasks run at a time, by default as many as this process may use cores; `cache`
    defaults to a folder in the user's cache directory. `compile_seconds` bounds the processor time
    of one compilation, of which small modules are given less. `runtime`, or its id, is by default
    the platform's `default_runtime()`; `of` runs tasks by another one, in the same places, this
    version's or that of a package (`packages`). Raises `EngineUnavailable`.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        cache: Path | None = None,
        isolation: Isolation = Isolation.AUTO,
        compile_seconds: int = 300,
        runtime: Runtime | bytes | None = None,
    ) -> None:
        check_version()
        self._known: dict[bytes, InstalledRuntime] = {}
        self.runtime = self._installed(
            runtime if isinstance(runtime, bytes) else runtime_id(runtime or default_runtime())
        )
        self.isolation = choose(isolation)
        self._library = Library(cache or default_folder(), self.isolation, compile_seconds)
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._closed = False
        count = workers or len(os.sched_getaffinity(0))
        self._slots = [Slot(self._library, self.isolation, self._queue) for _ in range(count)]

    def of(self, runtime: bytes) -> Tracer:
        """What runs tasks by the runtime with this id. Closing it does nothing.

        Raises:
            EngineUnavailable: neither this version nor a package here has it, or the processor
                can't run it.
        """
        found = self._installed(runtime)
        return self if found == self.runtime else _Other(self, found)

    def compiled(self) -> Compilations:
        """For this version's runtimes, and for those of packages that were asked for."""
        runtimes = {one.id: one for one in all_own()} | self._known
        return self._library.compiled(runtimes.values())

    def submit(self, task: Task, *, timeout: float | None = None) -> Future[Result]:
        return self.submit_by(self.runtime, task, timeout)

    def submit_by(
        self, runtime: InstalledRuntime, task: Task, timeout: float | None, traced: bool = False
    ) -> Future[Result]:
        """As `submit`, by another runtime than the pool's own, and `traced` up to its limit."""
        if self._closed:
            raise HostError("the pool is closed")
        future: Future[Result] = Future()
        seconds = timeout or 60 + task.limits.fuel / _SLOWEST
        self._queue.put(Item(runtime, task, min(seconds, _LONGEST), future, traced))
        return future

    def trace(self, task: Task, at: int, *, timeout: float | None = None) -> Future[Result]:
        return self.trace_by(self.runtime, task, at, timeout)

    def trace_by(
        self, runtime: InstalledRuntime, task: Task, at: int, timeout: float | None
    ) -> Future[Result]:
        """As `trace`, by another runtime than the pool's own."""
        if not 1 <= at <= task.limits.fuel:
            raise BeyondEnd(f"a task is traced after 1 to {task.limits.fuel} fuel, its limit: {at}")
        stopped = replace(task, limits=replace(task.limits, fuel=at))
        return self.submit_by(runtime, stopped, timeout, traced=True)

    def drop(self, future: Future[Result]) -> None:
        """End a task that nobody waits for any more, whether it has begun or not: its future, which
        `submit` gave, is cancelled or fails with HostError."""
        if not future.cancel():
            for slot in self._slots:
                slot.drop(future)

    def has(self, runtime: bytes, module: bytes) -> bool:
        """Whether the module with this digest is compiled here for the runtime with this id, so
        that its code is not needed."""
        return self._library.has(module, self._installed(runtime))

    def map(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """Results in the order of `tasks`, which are drawn only a little ahead."""
        waiting: deque[Future[Result]] = deque()
        for task in tasks:
            waiting.append(self.submit(task))
            if len(waiting) > 4 * len(self._slots):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def prepare(self, module: Module, limits: Limits | None = None) -> str | None:
        return self.prepare_by(self.runtime, module, limits)

    def prepare_by(
        self, runtime: InstalledRuntime, module: Module, limits: Limits | None
    ) -> str | None:
        """As `prepare`, for another runtime than the pool's own."""
        entry = self._library.get(module, runtime)
        objection = memory_objection(entry.memory, limits) if limits else ""
        return entry.rejected or objection or None

    def _installed(self, runtime: bytes) -> InstalledRuntime:
        if runtime not in self._known:
            self._known[runtime] = installed(runtime)
        return self._known[runtime]

    def pids(self) -> list[int]:
        """Process ids of the workers that are up."""
        return [pid for slot in self._slots for pid in slot.pids]

    def close(self) -> None:
        self._closed = True
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is not None:
                item.future.cancel()
        for slot in self._slots:
            self._queue.put(None)
            slot.stop()
        self._library.interrupt()
        for slot in self._slots:
            slot.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Other:
    """A pool's `Tracer` of another runtime than its own."""

    def __init__(self, pool: Pool, runtime: InstalledRuntime) -> None:
        self._pool, self._runtime = pool, runtime

    def submit(self, task: Task, *, timeout: float | None = None) -> Future[Result]:
        return self._pool.submit_by(self._runtime, task, timeout)

    def trace(self, task: Task, at: int, *, timeout: float | None = None) -> Future[Result]:
        return self._pool.trace_by(self._runtime, task, at, timeout)

    def prepare(self, module: Module, limits: Limits | None = None) -> str | None:
        return self._pool.prepare_by(self._runtime, module, limits)

    def close(self) -> None:
        """The pool is closed by whoever made it."""


def installed(runtime: bytes) -> InstalledRuntime:
    """What is run by this version or a package here, by its id.

    Raises:
        EngineUnavailable: nothing here has it, or the processor can't run it.
    """
    try:
        named = own(named_by(runtime))
    except EngineUnavailable:
        if (found := found_in(runtime)) is None:
            raise
        return found
    named.check_host()
    return named


def pool_by(runtime: bytes, workers: int | None = None) -> Pool:
    """A pool for the runtime with this id. Raises `EngineUnavailable`."""
    return Pool(workers, runtime=runtime)


def usable(isolation: Isolation = Isolation.AUTO) -> dict[Runtime, str]:
    """Of each runtime on this platform, why this machine can't run it; empty: it can.

    Starts a worker, which looks at the processor.

    Raises:
        EngineUnavailable: there is no engine here at all.
    """
    check_version()
    chosen, found = choose(isolation), dict[Runtime, str]()
    for runtime in runtimes_here() or (default_runtime(),):
        # The fast one's worker looks for more than others', so theirs start as well.
        proven = found.get(Runtime.FAST) == ""
        found[runtime] = _why_not(own(runtime), chosen, started=not proven)
    return found


def served(found: Mapping[Runtime, str]) -> tuple[Runtime, ...]:
    """Of `usable`, those that this machine can run. Raises `EngineUnavailable` if it can't any."""
    if chosen := tuple(runtime for runtime, why in found.items() if not why):
        return chosen
    raise EngineUnavailable("; ".join(dict.fromkeys(found.values())))


def usable_packages(
    isolation: Isolation = Isolation.AUTO,
) -> dict[RuntimePackage, dict[InstalledRuntime, str]]:
    """The same of each runtime of packages that this version does not have itself. Starts a worker
    of each."""
    chosen, mine = choose(isolation), {one.id for one in all_own()}
    found: dict[RuntimePackage, dict[InstalledRuntime, str]] = {}
    for package in packages():
        others = [one for one in package.runtimes if one.id not in mine]
        try:
            if others:
                package.require_usable()
                package.verify()
        except EngineUnavailable as error:
            found[package] = dict.fromkeys(others, str(error))
        else:
            found[package] = {one: _why_not(one, chosen) for one in others}
    return {package: runtimes for package, runtimes in found.items() if runtimes}


def _why_not(runtime: InstalledRuntime, isolation: Isolation, started: bool = True) -> str:
    """Why this machine can't run it; empty: it can."""
    try:
        runtime.check_host()
        if started:
            WorkerProcess(isolation, runtime=runtime).kill()
    except (EngineUnavailable, WorkerDied) as error:
        return str(error).removesuffix(CHOOSE_PORTABLE)
    return ""
