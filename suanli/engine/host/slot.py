"""A place where one task runs at a time: a thread, and a worker process for each runtime."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from typing import NamedTuple

from suanli.engine import wire
from suanli.engine.errors import BeyondEnd, EngineError, HostError, WorkerDied
from suanli.engine.host.cache import LibraryEntry
from suanli.engine.host.installed import InstalledRuntime
from suanli.engine.host.library import Library
from suanli.engine.host.process import WorkerProcess
from suanli.engine.host.sandbox import Isolation
from suanli.engine.task import Outcome, Result, Task

_ATTEMPTS = 3
"""How many workers may die over one task before the task is given up."""
_LOADED = 8
"""Modules that a worker keeps ready."""
_RECYCLE = 10_000
"""Tasks after which a worker is replaced, should anything in it ever grow."""
_IDLE = 600.0
"""Seconds without a task after which a worker ends if tasks of another runtime come."""


class Item(NamedTuple):
    """A task that waits. `seconds`: see `Executor.submit`; `traced`: see `Tracer.trace`."""

    runtime: InstalledRuntime
    task: Task
    seconds: float
    future: Future[Result]
    traced: bool = False


class Slot:
    """Serves items until it is stopped, or None comes.

    The thread lives as long as the pool because the kernel ends a worker with the thread that
    started it. Workers begin with the first task of their runtime.
    """

    def __init__(
        self, library: Library, isolation: Isolation, items: queue.SimpleQueue[Item | None]
    ) -> None:
        self._library, self._isolation, self._queue = library, isolation, items
        self._workers: dict[InstalledRuntime, _Worker] = {}
        self._stopped = False
        self._item: Item | None = None
        self._dropped: Future[Result] | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True, name="suanli-engine")
        self._thread.start()

    @property
    def pids(self) -> list[int]:
        return [worker.process.pid for worker in self._workers.copy().values()]

    def stop(self) -> None:
        self._stopped = True
        for worker in self._workers.copy().values():
            worker.process.interrupt()

    def drop(self, future: Future[Result]) -> None:
        """End the task that this is the future of, if it is run here; it fails with HostError."""
        item = self._item
        if item is not None and item.future is future:
            self._dropped = future
            if (worker := self._workers.get(item.runtime)) is not None:
                worker.process.interrupt()

    def join(self) -> None:
        self._thread.join()

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            self._item = item
            if not item.future.set_running_or_notify_cancel():
                continue
            try:
                item.future.set_result(_reached(item, self._run(item)))
            except EngineError as error:
                item.future.set_exception(error)
            except Exception as error:
                # Neither a task nor a bug may leave a caller waiting for ever.
                item.future.set_exception(HostError(f"unexpected: {error!r}"))
        for runtime in list(self._workers):
            self._drop(runtime)

    def _run(self, item: Item) -> Result:
        entry = self._library.get(item.task.module, item.runtime)
        if entry.rejected:
            return Result(Outcome.INVALID, None, detail=entry.rejected)
        self._drop_idle(item.runtime)
        for attempt in range(1, _ATTEMPTS + 1):
            self._require_wanted(item)
            try:
                return self._ready(item).run(item, entry)
            except WorkerDied as error:
                self._drop(item.runtime)
                self._require_wanted(item)
                if attempt == _ATTEMPTS:
                    raise WorkerDied(f"{_ATTEMPTS} workers died over a task: {error}") from error
            except EngineError:
                # A worker that is late, or failed once, is not trusted with another task.
                self._drop(item.runtime)
                raise
        raise AssertionError("unreachable")

    def _require_wanted(self, item: Item) -> None:
        if self._stopped:
            raise HostError("the pool was closed before the task ended")
        if self._dropped is item.future:
            raise HostError("the task was dropped before it ended")

    def _ready(self, item: Item) -> _Worker:
        runtime = item.runtime
        if runtime in self._workers and self._workers[runtime].done >= _RECYCLE:
            self._drop(runtime)
        if runtime not in self._workers:
            self._workers[runtime] = _Worker(WorkerProcess(self._isolation, runtime=runtime))
            self._require_wanted(item)  # it may have begun too late for `stop` and `drop` to see it
        return self._workers[runtime]

    def _drop_idle(self, wanted: InstalledRuntime) -> None:
        since = time.monotonic() - _IDLE
        for runtime in [one for one, worker in self._workers.items() if worker.used <= since]:
            if runtime != wanted:
                self._drop(runtime)

    def _drop(self, runtime: InstalledRuntime) -> None:
        worker = self._workers.pop(runtime, None)
        if worker is not None:
            worker.process.kill()


def _reached(item: Item, result: Result) -> Result:
    """Raises `BeyondEnd` for a trace where the program was not any more."""
    ended = result.outcome is Outcome.INVALID or result.outcome is Outcome.EXITED
    if item.traced and ended and result.fuel < item.task.limits.fuel:
        raise BeyondEnd(f"it ended after {result.fuel} fuel, before {item.task.limits.fuel}")
    return result


class _Worker:
    """A worker process, and the modules that it has loaded."""

    def __init__(self, process: WorkerProcess) -> None:
        self.process, self.done, self.used = process, 0, time.monotonic()
        self._loaded: dict[bytes, None] = {}

    def run(self, item: Item, entry: LibraryEntry) -> Result:
        digest, limits = item.task.module.digest, item.task.limits
        if digest not in self._loaded:
            self._load(digest, entry, item.seconds)
        self._loaded[digest] = self._loaded.pop(digest)
        question = wire.task_message(item.task, item.traced)
        header, blobs = self.process.ask(*question, item.seconds, wire.largest_reply(limits))
        self.done, self.used = self.done + 1, time.monotonic()
        if "error" in header:
            raise HostError(str(header["error"]))
        try:
            return wire.read_result(header, blobs)
        except wire.BadFrame as error:
            raise WorkerDied(f"a worker answers nonsense: {error}") from error

    def _load(self, digest: bytes, entry: LibraryEntry, seconds: float) -> None:
        drop = list(self._loaded)[: max(0, len(self._loaded) + 1 - _LOADED)]
        header = {
            "op": "load",
            "module": digest.hex(),
            "memory": entry.memory,
            "drop": [old.hex() for old in drop],
        }
        answer, _ = self.process.ask(header, [entry.artefact], seconds, 0)
        if "error" in answer:
            raise HostError(str(answer["error"]))
        for old in drop:
            del self._loaded[old]
        self._loaded[digest] = None
