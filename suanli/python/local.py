"""An executor on this machine, in the sandbox in which strangers would run the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from suanli.base.errors import SuanliError
from suanli.engine import UNIT, Limits, Module, Result, program_id
from suanli.engine.host import Pool
from suanli.python.batching import Backlog, Batch
from suanli.python.calls import LIMITS, task_of
from suanli.python.executor import Done, FunctionExecutor

TARGET = 0.5
"""Seconds: the interpreter's start, 0.04, is little beside it."""


class LocalRunner:
    """A pool of worker processes. Closes the pool if it made it."""

    linger = 0.0
    target = TARGET
    full = True
    looked: Callable[[], None]

    def __init__(self, limits: Limits, workers: int | None, pool: Pool | None) -> None:
        self.places = workers or len(os.sched_getaffinity(0))
        self._limits, self._mine = limits, pool is None
        self._pool = pool or Pool(self.places)
        self._begun: set[bytes] = set()
        self._stage = ""

    def room(self, running: int) -> int:
        return self.places - running

    def learn(self, waiting: Backlog) -> None:
        """A task costs nothing here: those that run tell."""

    def start(self, batches: list[tuple[Batch, Done]]) -> None:
        for batch, done in batches:
            try:
                task = task_of(batch.function, batch.data, self._limits)
                self._tell_compiling(task.module)
                future = self._pool.submit(task)
            except SuanliError as error:
                done(error)
            else:
                future.add_done_callback(partial(self._tell, done))

    def _tell_compiling(self, module: Module) -> None:
        if module.digest in self._begun:
            return
        self._begun.add(module.digest)
        runtime = self._pool.runtime.id
        if program_id(runtime, module.digest) not in self._pool.compiled().programs:
            size = f"{len(module.code) / 1e6:.0f} MB"
            self._stage = f"the Python is compiled first, once: {size}"
            self.looked()

    def _tell(self, done: Done, future: Future[Result]) -> None:
        self._stage = ""
        error = future.exception()
        done(error if error is not None else future.result())

    def status(self) -> str:
        return self._stage

    def summary(self) -> str:
        return f"{self.places} at a time, on this machine"

    def close(self) -> None:
        if self._mine:
            self._pool.close()


def local_executor(
    workers: int | None = None,
    *,
    units: int | None = None,
    memory: int | None = None,
    printed: Callable[[str], None] | None = None,
    progress: bool | None = None,
    pool: Pool | None = None,
) -> FunctionExecutor:
    """A `concurrent.futures.Executor` whose calls run in the sandbox on this machine.

    `workers`: calls at a time, by default one for each core. A call may use so many `units` of
    fuel (a million each; by default 100,000) and bytes of `memory` (by default 1 GiB). `printed`
    gets what functions print, by default this process's output; `progress`: whether to show a line
    on stderr, by default on terminals and in notebooks. `pool`: worker processes to use.
    """
    return FunctionExecutor(LocalRunner(limits_of(units, memory), workers, pool), printed, progress)


def limits_of(units: int | None, memory: int | None) -> Limits:
    """Of a call: so many units of fuel and bytes of memory, or what is usual."""
    fuel = LIMITS.fuel if units is None else units * UNIT
    return replace(LIMITS, fuel=fuel, memory=LIMITS.memory if memory is None else memory)
