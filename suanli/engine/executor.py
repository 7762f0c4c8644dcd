"""What runs tasks, wherever that is."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from suanli.engine.task import Limits, Module, Result, Task


@dataclass(frozen=True)
class Compilations:
    """What need not be compiled any more: `programs` by id, the one used last first, of those that
    take long. `rate`: bytes of a module that were compiled a second, 0 if none was measured."""

    programs: tuple[bytes, ...] = ()
    rate: int = 0


def program_id(runtime: bytes, module: bytes) -> bytes:
    """Of the module with this digest as the runtime with this id has it: sha2-256 of both."""
    return hashlib.sha256(runtime + module).digest()


class Executor(Protocol):
    """What runs tasks by one runtime: this machine's `Pool`, or a cluster in its place."""

    def submit(self, task: Task, *, timeout: float | None = None) -> Future[Result]:
        """The future result. `timeout`: wall-clock seconds until the host gives up with
        `TaskTimeout`; by default long enough for a slow machine to use up the task's fuel.

        A future's exception is always a `HostError`.
        """
        ...

    def prepare(self, module: Module, limits: Limits | None = None) -> str | None:
        """Compile ahead of the first task. None, or why tasks with it, and with these limits if
        they are given, will be INVALID.

        Raises `CompileFailed` where this host can't compile it within its limits.
        """
        ...

    def close(self) -> None:
        """Cancel what has not begun, kill what has, free everything."""
        ...


class Tracer(Executor, Protocol):
    """An executor that can also say what a task was in the middle; a `Pool` can."""

    def trace(self, task: Task, at: int, *, timeout: float | None = None) -> Future[Result]:
        """Run the task and stop it once it has used more than `at` fuel: what its result is with
        that as its limit, and `Result.trace`. `at` is 1 up to the fuel of the task's own result.

        A future's exception is a `HostError`, or `BeyondEnd`.
        """
        ...


class Executors(Protocol):
    """What runs tasks by several runtimes; a `Pool` does."""

    def of(self, runtime: bytes) -> Executor:
        """That for the runtime with this id. Raises `EngineUnavailable` if there is none here."""
        ...

    def compiled(self) -> Compilations:
        """What of programs is here already, whatever runtime they are for."""
        ...


class Tracers(Protocol):
    """What runs and traces tasks by several runtimes; a `Pool` does."""

    def of(self, runtime: bytes) -> Tracer:
        """As `Executors.of`."""
        ...

    def compiled(self) -> Compilations:
        """As `Executors.compiled`."""
        ...
