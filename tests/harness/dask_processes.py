"""A scheduler of dask.distributed and its workers as processes of their own, as their owner starts
them, to be killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

DASK = str(Path(sys.executable).parent / "dask")
PATIENCE = 60.0


class DaskProcesses:
    """`address` names the cluster; what runs is in `scheduler` and `workers`."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self._folder = folder
        self._environment = {**os.environ, **(environment or {})}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for worker in list(self.workers):
            self.kill(worker)
        if self.scheduler is not None:
            self.end()

    @property
    def address(self) -> str:
        return f"dask://127.0.0.1:{self._port}"

    def begin(self) -> None:
        """The scheduler, on the port that it always has."""
        place = ("--host", "127.0.0.1", "--port", str(self._port), "--no-dashboard")
        self.scheduler = self._start("scheduler", *place)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return
            except OSError:
                assert time.monotonic() < until
                assert self.scheduler.poll() is None
                time.sleep(0.05)

    def end(self) -> None:
        """The scheduler is killed; workers end by themselves."""
        assert self.scheduler is not None
        self.scheduler.kill()
        self.scheduler.wait()
        self.scheduler = None

    def add(self, places: int = 1) -> subprocess.Popen[bytes]:
        """A worker that will join."""
        worker = self._start(
            "worker",
            f"tcp://127.0.0.1:{self._port}",
            *("--host", "127.0.0.1", "--nthreads", str(places), "--no-nanny", "--no-dashboard"),
            *("--local-directory", str(self._folder), "--memory-limit", "0"),
        )
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        self.workers.remove(worker)
        worker.kill()
        worker.wait()

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self._folder / f"{arguments[0]}.log").open("ab")
        with log:
            return subprocess.Popen(
                [DASK, *arguments], stdout=log, stderr=log, env=self._environment
            )
