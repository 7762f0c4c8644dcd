"""A real scheduler of dask.distributed and real workers, in threads of this process: quick to begin
and to lose. Those in processes of their own: tests/suanli/engine/test_cluster_processes.py."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import dask
from distributed import Scheduler, Worker


class DaskCluster:
    """`address` is its scheduler's, as dask has it, the same after it was begun anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.scheduler: Any = None
        self.workers: list[Any] = []
        self._port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for worker in list(self.workers):
            self.lose(worker)
        self.end()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> str:
        return f"dask://127.0.0.1:{self._port}"

    def begin(self) -> None:
        self.scheduler = self._do(self._begin())
        self._port = self.scheduler.port

    def end(self) -> None:
        """The scheduler goes."""
        if self.scheduler is not None:
            self._do(self.scheduler.close())
        self.scheduler = None

    def add(self, places: int = 1, plugin: Any = None) -> Any:
        """A worker that joins; `plugin`: what stands there in place of Suanli's own."""
        return self._do(self._add(places, plugin))

    def lose(self, worker: Any) -> None:
        """Without a word to the scheduler."""
        self.workers.remove(worker)
        self._do(self._lose(worker))

    def data(self, worker: Any) -> set[str]:
        """Keys of what dask keeps there."""
        return {str(key) for key in worker.data}

    async def _begin(self) -> Any:
        with dask.config.set({"distributed.scheduler.allowed-failures": 3}):
            return await Scheduler(
                host="127.0.0.1", port=self._port, dashboard=False, dashboard_address=":0"
            )

    async def _add(self, places: int, plugin: Any) -> Any:
        worker = Worker(
            self.scheduler.address,
            nthreads=places,
            host="127.0.0.1",
            local_directory=str(self._folder),
            dashboard=False,
            memory_limit=0,
        )
        if plugin is not None:
            worker.plugins["suanli"] = plugin
        await worker
        self.workers.append(worker)
        return worker

    async def _lose(self, worker: Any) -> None:
        worker.batched_stream.abort() if worker.batched_stream else None
        await worker.close(timeout=1, executor_wait=False, nanny=False)

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)
