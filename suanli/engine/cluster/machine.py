"""What runs in a worker of dask: a pool, asked by the functions here. No guest is loaded there.

dask sends the functions by name and what they take and give by pickle, so both sides have this
module, and what is passed is plain data.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from suanli.engine import wire
from suanli.engine.errors import EngineUnavailable, HostError
from suanli.engine.executor import program_id
from suanli.engine.host import Pool, usable, usable_packages
from suanli.engine.measure import units_per_second
from suanli.engine.runtime import runtime_id
from suanli.engine.task import Limits, Module, Result, Task

FORM = 1
"""Of questions and answers; with another one a machine is not used."""
_NAME = "suanli"
_PLENTY = 1e9
"""More than a machine has places: a task needs 1 of the resource, to be begun only where it is."""


def resource_of(runtime: bytes, digest: bytes) -> str:
    """What dask's scheduler knows a machine by that has compiled a module: it gives tasks to
    these alone, and moves those that wait to others as these get it."""
    return f"suanli-{program_id(runtime, digest).hex()}"


class NotHere(HostError):
    """A machine is asked for what it lost, or was told to drop; it can be asked again."""


class NotOpen(NotHere):
    """It was begun anew: it must be asked what it is."""


class MachinePool(WorkerPlugin):  # type: ignore[misc]  # what dask declares is not looked at
    """The pool of one machine. It is there from the first question until the worker ends."""

    def __init__(self) -> None:
        self._pool: Pool | None = None
        self._found: dict[str, str] = {}
        self._speed = 0.0
        self._lock = threading.Lock()
        self._running: dict[str, Future[Result]] = {}

    def open(self, places: int, measured: bool) -> dict[str, Any]:
        """What this machine is. Takes seconds, once."""
        with self._lock:
            if self._pool is None:
                found = usable()
                self._found = {runtime_id(one).hex(): why for one, why in found.items()}
                for kept in usable_packages().values():
                    self._found |= {one.id.hex(): why for one, why in kept.items()}
                run = [one for one, why in found.items() if not why]
                if not run:
                    raise EngineUnavailable("; ".join(dict.fromkeys(found.values())))
                self._pool = Pool(places, runtime=run[0])
            if measured and not self._speed:
                self._speed = units_per_second(self._pool, places)
            about = {"runtimes": self._found, "places": places, "speed": self._speed}
            return {"form": FORM, **about, **self._compiled(self._pool)}

    def prepare(
        self, runtime: bytes, digest: bytes, code: bytes | None, limits: Mapping[str, int] | None
    ) -> dict[str, Any]:
        """`objection`: as `Executor.prepare`; and what is compiled then. Raises `NotHere` if it
        takes the code."""
        pool = self._opened()
        if code is None and not pool.has(runtime, digest):
            raise NotHere("the module's code is not here")
        module = Module.known(digest) if code is None else Module(code)
        bounds = Limits(**limits) if limits is not None else None
        return {"objection": pool.of(runtime).prepare(module, bounds), **self._compiled(pool)}

    def run(self, key: str, runtime: bytes, task: Task, seconds: float) -> Result:
        pool = self._opened()
        executor = pool.of(runtime)
        if not pool.has(runtime, task.module.digest):
            raise NotHere("the module is not here any more")
        future = self._running[key] = executor.submit(task, timeout=seconds)
        try:
            return future.result()
        finally:
            self._running.pop(key, None)

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """dask's word that a task it runs is of no use any more: nobody waits for the answer."""
        if start in ("executing", "long-running") and finish == "released":
            future, pool = self._running.get(str(key)), self._pool
            if future is not None and pool is not None:
                pool.drop(future)

    async def teardown(self, worker: Worker) -> None:
        if self._pool is not None:
            await asyncio.to_thread(self._pool.close)

    def _compiled(self, pool: Pool) -> dict[str, Any]:
        found = pool.compiled()
        return {"programs": list(found.programs), "rate": found.rate}

    def _opened(self) -> Pool:
        if self._pool is None:
            raise NotOpen("the machine was begun anew")
        return self._pool


async def open_machine(form: int, measured: bool, dask_worker: Worker) -> dict[str, Any]:
    """What the machine is: its form, by runtime id why it can't run it or "", its places (the
    threads of dask's worker), the `programs` that it has compiled and at what `rate`, and, if it is
    to be `measured`, the `speed` of each place in units per second."""
    if form != FORM:
        return {"form": FORM}
    host = dask_worker.plugins.get(_NAME)
    if host is None:
        host = MachinePool()
        await dask_worker.plugin_add(host, name=_NAME)
    return await asyncio.to_thread(host.open, dask_worker.state.nthreads, measured)


async def prepare(
    runtime: bytes,
    digest: bytes,
    code: bytes | None,
    limits: Mapping[str, int] | None,
    dask_worker: Worker,
) -> dict[str, Any]:
    """Compile a module, beside what the machine is at. Without code: if it is compiled already."""
    host = _host(dask_worker)
    answer = await asyncio.to_thread(host.prepare, runtime, digest, code, limits)
    await dask_worker.set_resources(**{resource_of(runtime, digest): _PLENTY})
    return answer


def run(
    runtime: bytes, header: wire.Header, blobs: Sequence[bytes], seconds: float
) -> wire.Message:
    """A task of dask's: one of ours, as `wire.task_message` has it."""
    worker = get_worker()
    task = wire.read_task(header, list(blobs))
    try:
        result = _host(worker).run(str(worker.get_current_task()), runtime, task, seconds)
    except HostError as error:
        error.machine = worker.address  # type: ignore[attr-defined]  # who asked wants to know whose
        raise
    return wire.result_message(result)


def limits_message(limits: Limits | None) -> dict[str, int] | None:
    return None if limits is None else asdict(limits)


def _host(worker: Worker) -> MachinePool:
    host = worker.plugins.get(_NAME)
    if not isinstance(host, MachinePool):
        raise NotOpen("the machine was begun anew")
    return host
