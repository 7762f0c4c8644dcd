"""Runtimes of other versions, run by installations that are kept beside this one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from suanli.engine import wire
from suanli.engine.errors import EngineUnavailable, HostError, TaskTimeout
from suanli.engine.executor import Compilations, Tracer, Tracers
from suanli.engine.host.serving import FORM, KINDS
from suanli.engine.task import Limits, Module, Result, Task

_PATIENCE = 60.0
"""Seconds to start, and to say what it runs."""
_SLOWEST = 10e6
"""Fuel a second, as the pool has it."""
_LAST_WORDS = 300


class Installation:
    """Another version's command, as `/opt/suanli-1.0/bin/suanli`, and the runtimes that it runs.

    Raises:
        EngineUnavailable: it can't be asked.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.command = tuple(command)
        header, _ = self._ask({"form": FORM, "runtime": ""}, [], _PATIENCE)
        try:
            self.runtimes = tuple(bytes.fromhex(text) for text in header["runtimes"])
        except (KeyError, TypeError, ValueError):
            raise EngineUnavailable(f"{self} gives no runtimes: {header}") from None

    def __str__(self) -> str:
        return " ".join(self.command)

    def run(self, runtime: bytes, task: Task, at: int | None, timeout: float | None) -> Result:
        """Raises HostError, and what the task's own errors are."""
        header, blobs = wire.task_message(task)
        header |= {"form": FORM, "runtime": runtime.hex(), "at": at}
        seconds = timeout or _PATIENCE + task.limits.fuel / _SLOWEST
        answer, found = self._ask(header, [task.module.code, *blobs], seconds)
        if "error" in answer:
            raise KINDS.get(str(answer.get("kind")), HostError)(str(answer["error"]))
        try:
            return wire.read_result(answer, found)
        except wire.BadFrame as error:
            raise HostError(f"{self} answers nonsense: {error}") from error

    def _ask(self, header: wire.Header, blobs: Sequence[bytes], seconds: float) -> wire.Message:
        question = b"".join(wire.pack(header, blobs))
        try:
            done = subprocess.run(
                [*self.command, "task", "serve"],
                input=question,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except OSError as error:
            raise EngineUnavailable(f"{self} can't be started: {error}") from error
        except subprocess.TimeoutExpired:
            raise TaskTimeout(f"{self} gave no answer in {seconds:.0f} s") from None
        head = done.stdout[: wire.HEAD.size]
        if len(head) < wire.HEAD.size:
            words = done.stderr[-_LAST_WORDS:].decode(errors="replace").strip()
            raise EngineUnavailable(f"{self} ended with {done.returncode}: {words}")
        size = wire.HEAD.unpack(head)[0] + len(head)
        try:
            return wire.unpack(done.stdout[len(head) : size], memoryview(done.stdout[size:]))
        except wire.BadFrame as error:
            raise HostError(f"{self} answers nonsense: {error}") from error


class SeveralVersions:
    """`Tracers` of this version, and of what is installed beside it. A context manager, which
    leaves `own` to its owner."""

    def __init__(self, own: Tracers, others: Sequence[Installation], workers: int = 1) -> None:
        self._own = own
        self._others = {runtime: other for other in others for runtime in other.runtimes}
        self._threads = ThreadPoolExecutor(workers, "other version")

    def of(self, runtime: bytes) -> Tracer:
        """Raises EngineUnavailable if no version here runs it."""
        try:
            return self._own.of(runtime)
        except EngineUnavailable:
            if runtime not in self._others:
                raise
        return _Elsewhere(self._others[runtime], runtime, self._threads.submit)

    def compiled(self) -> Compilations:
        """Of this version's own: the others compile for each task."""
        return self._own.compiled()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> SeveralVersions:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Elsewhere:
    """A `Tracer` of one runtime of an installation."""

    def __init__(
        self,
        installation: Installation,
        runtime: bytes,
        begin: Callable[..., Future[Any]],
    ) -> None:
        self._installation, self._runtime, self._begin = installation, runtime, begin

    def submit(self, task: Task, *, timeout: float | None = None) -> Future[Result]:
        return self._begin(self._installation.run, self._runtime, task, None, timeout)

    def trace(self, task: Task, at: int, *, timeout: float | None = None) -> Future[Result]:
        return self._begin(self._installation.run, self._runtime, task, at, timeout)

    def prepare(self, module: Module, limits: Limits | None = None) -> str | None:
        """Modules are compiled when they run."""
        return None

    def close(self) -> None:
        """The threads are closed by whoever made them."""
