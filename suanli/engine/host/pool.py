"""Run tasks on this machine's cores, each in a worker process that may die at any moment."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Self

from suanli.engine import wire
from suanli.engine.errors import EngineError, HostError, WorkerDied
from suanli.engine.host.cache import LibraryEntry, ModuleCache, default_folder
from suanli.engine.host.library import Library
from suanli.engine.host.process import WorkerProcess
from suanli.engine.host.sandbox import Isolation, choose
from suanli.engine.runtime import (
    Runtime,
    check_host,
    check_version,
    default_runtime,
    runtime_id,
)
from suanli.engine.task import Limits, Module, Outcome, Result, Task, memory_objection

_ATTEMPTS = 3
"""How many workers may die over one task before the task is given up."""
_LOADED = 8
"""Modules that a worker keeps ready."""
_RECYCLE = 10_000
"""Tasks after which a worker is replaced, should anything in it ever grow."""
_SLOWEST = 10e6
"""Fuel a second of the slowest machine worth waiting for, for the wall-clock backstop."""
_LONGEST = 1e6
"""Seconds, eleven days; also what the operating system's timers can hold."""


class Pool:
    """`Executor` with worker processes on this machine; also a context manager.

    `workers` defaults to the number of cores this process may use, `cache` to a folder in the
    user's cache directory. `compile_seconds` bounds the processor time of one compilation, of
    which small modules are given less. `runtime` is by default the platform's `default_runtime()`.
    Raises `EngineUnavailable`.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        cache: Path | None = None,
        isolation: Isolation = Isolation.AUTO,
        compile_seconds: int = 300,
        runtime: Runtime | None = None,
    ) -> None:
        check_version()
        self.runtime = runtime or default_runtime()
        check_host(self.runtime)
        self.isolation = choose(isolation)
        store = ModuleCache(cache or default_folder(), runtime_id(self.runtime))
        self._library = Library(store, self.isolation, compile_seconds, self.runtime)
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._closed = False
        count = workers or len(os.sched_getaffinity(0))
        self._slots = [
            _Slot(self._library, self.isolation, self.runtime, self._queue) for _ in range(count)
        ]

    def submit(self, task: Task, *, timeout: float | None = None) -> Future[Result]:
        if self._closed:
            raise HostError("the pool is closed")
        future: Future[Result] = Future()
        seconds = timeout or 60 + task.limits.fuel / _SLOWEST
        self._queue.put((task, min(seconds, _LONGEST), future))
        return future

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
        entry = self._library.get(module)
        objection = memory_objection(entry.memory, limits) if limits else ""
        return entry.rejected or objection or None

    def pids(self) -> list[int]:
        """Process ids of the workers that are up."""
        return [pid for slot in self._slots if (pid := slot.pid) is not None]

    def close(self) -> None:
        self._closed = True
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is not None:
                item[2].cancel()
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


_Item = tuple[Task, float, Future[Result]]


class _Slot:
    """A thread with one worker process at a time.

    The thread lives as long as the pool because the kernel ends a worker with the thread that
    started it.
    """

    def __init__(
        self,
        library: Library,
        isolation: Isolation,
        runtime: Runtime,
        items: queue.SimpleQueue[_Item | None],
    ) -> None:
        self._library, self._isolation, self._queue = library, isolation, items
        self._runtime = runtime
        self._worker: WorkerProcess | None = None
        self._loaded: dict[bytes, None] = {}
        self._done = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._serve, daemon=True, name="suanli-engine")
        self._thread.start()

    @property
    def pid(self) -> int | None:
        worker = self._worker
        return worker.pid if worker else None

    def stop(self) -> None:
        self._stopped = True
        if (worker := self._worker) is not None:
            worker.interrupt()

    def join(self) -> None:
        self._thread.join()

    def _serve(self) -> None:
        while (item := self._queue.get()) is not None:
            task, seconds, future = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._run(task, seconds))
            except EngineError as error:
                future.set_exception(error)
            except Exception as error:
                # Neither a task nor a bug may leave a caller waiting for ever.
                future.set_exception(HostError(f"unexpected: {error!r}"))
        self._drop_worker()

    def _run(self, task: Task, seconds: float) -> Result:
        entry = self._library.get(task.module)
        if entry.rejected:
            return Result(Outcome.INVALID, None, detail=entry.rejected)
        for attempt in range(1, _ATTEMPTS + 1):
            if self._stopped:
                raise HostError("the pool was closed before the task ended")
            try:
                return self._try(task, entry, seconds)
            except WorkerDied as error:
                self._drop_worker()
                if attempt == _ATTEMPTS:
                    raise WorkerDied(f"{_ATTEMPTS} workers died over a task: {error}") from error
            except EngineError:
                # A worker that is late, or failed once, is not trusted with another task.
                self._drop_worker()
                raise
        raise AssertionError("unreachable")

    def _try(self, task: Task, entry: LibraryEntry, seconds: float) -> Result:
        worker = self._ready_worker()
        digest = task.module.digest
        if digest not in self._loaded:
            self._load(worker, digest, entry, seconds)
        self._loaded[digest] = self._loaded.pop(digest)
        largest = wire.largest_reply(task.limits)
        header, blobs = worker.ask(*wire.task_message(task), seconds, largest)
        self._done += 1
        if "error" in header:
            raise HostError(str(header["error"]))
        try:
            return wire.read_result(header, blobs)
        except wire.BadFrame as error:
            raise WorkerDied(f"a worker answers nonsense: {error}") from error

    def _load(
        self, worker: WorkerProcess, digest: bytes, entry: LibraryEntry, seconds: float
    ) -> None:
        drop = list(self._loaded)[: max(0, len(self._loaded) + 1 - _LOADED)]
        header = {
            "op": "load",
            "module": digest.hex(),
            "memory": entry.memory,
            "drop": [old.hex() for old in drop],
        }
        answer, _ = worker.ask(header, [entry.artefact], seconds, 0)
        if "error" in answer:
            raise HostError(str(answer["error"]))
        for old in drop:
            del self._loaded[old]
        self._loaded[digest] = None

    def _ready_worker(self) -> WorkerProcess:
        if self._done >= _RECYCLE:
            self._drop_worker()
        if self._worker is None:
            self._worker = WorkerProcess(self._isolation, runtime=self._runtime)
            if self._stopped:
                # It began too late for `stop` to see it.
                raise HostError("the pool was closed before the task ended")
        return self._worker

    def _drop_worker(self) -> None:
        if self._worker is not None:
            self._worker.kill()
        self._worker = None
        self._loaded = {}
        self._done = 0
