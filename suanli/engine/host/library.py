"""Where a pool gets compiled modules from: the cache, or a compiler process."""

from __future__ import annotations

import signal
import threading
from collections import OrderedDict

from suanli.engine import wire
from suanli.engine.errors import CompileFailed, TaskTimeout, WorkerDied
from suanli.engine.host.cache import LibraryEntry, ModuleCache
from suanli.engine.host.process import WorkerProcess
from suanli.engine.host.sandbox import Isolation
from suanli.engine.runtime import Runtime
from suanli.engine.task import Module

_KEPT = 64
_KEPT_BYTES = 256 << 20
_LARGEST_ARTEFACT = 2 << 30
_SECONDS, _SECONDS_A_MEGABYTE = 10, 3
"""Processor time for any module, and for each 10^6 bytes of it. Programs as compilers make them
take about one second a megabyte, so a slow machine has time, and a small bomb costs little."""


def compile_seconds(size: int, most: int) -> int:
    """Seconds of processor time that compiling a module of `size` bytes may take."""
    return min(most, _SECONDS + size * _SECONDS_A_MEGABYTE // 10**6)


class Library:
    """Compiles each module once, however many ask for it at the same time."""

    def __init__(
        self, cache: ModuleCache, isolation: Isolation, compile_seconds: int, runtime: Runtime
    ) -> None:
        self._cache, self._isolation, self._seconds = cache, isolation, compile_seconds
        self._runtime = runtime
        self._kept: OrderedDict[bytes, LibraryEntry] = OrderedDict()
        self._overran: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()
        self._compiling: dict[bytes, threading.Lock] = {}
        self._compilers: set[WorkerProcess] = set()

    def get(self, module: Module) -> LibraryEntry:
        """Raises `CompileFailed`, at once for a module that passed this pool's limits before."""
        with self._lock:
            if module.digest in self._overran:
                raise CompileFailed(self._overran[module.digest])
            if module.digest in self._kept:
                self._kept.move_to_end(module.digest)
                return self._kept[module.digest]
            turn = self._compiling.setdefault(module.digest, threading.Lock())
        with turn:
            with self._lock:
                if module.digest in self._kept:
                    return self._kept[module.digest]
            try:
                entry = self._find(module)
                with self._lock:
                    self._keep(module.digest, entry)
                return entry
            finally:
                with self._lock:
                    self._compiling.pop(module.digest, None)

    def interrupt(self) -> None:
        """End compilations that other threads wait for; they get `CompileFailed`."""
        for process in self._compilers.copy():
            process.interrupt()

    def _keep(self, digest: bytes, entry: LibraryEntry) -> None:
        self._kept[digest] = entry
        size = sum(len(kept.artefact) for kept in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > _KEPT or size > _KEPT_BYTES):
            size -= len(self._kept.popitem(last=False)[1].artefact)

    def _overrun(self, digest: bytes, why: str) -> None:
        with self._lock:
            self._overran[digest] = why
            if len(self._overran) > _KEPT:
                self._overran.popitem(last=False)

    def _find(self, module: Module) -> LibraryEntry:
        found = self._cache.get(module.digest)
        if found is not None:
            return found
        entry = self._compile(module)
        self._cache.put(module.digest, entry)
        return entry

    def _compile(self, module: Module) -> LibraryEntry:
        seconds = compile_seconds(len(module.code), self._seconds)
        process = WorkerProcess(self._isolation, seconds, self._runtime)
        self._compilers.add(process)
        try:
            # Twice the processor time: other processes want the processor too.
            question = {"op": "compile"}, [module.code]
            header, blobs = process.ask(*question, 2.0 * seconds + 10, _LARGEST_ARTEFACT)
        except (WorkerDied, TaskTimeout) as error:
            why = _why(process.signal, seconds, len(module.code), error)
            if process.signal != signal.SIGKILL:
                self._overrun(module.digest, why)
            raise CompileFailed(why) from error
        finally:
            self._compilers.discard(process)
            process.kill()
        if "error" in header:
            self._overrun(module.digest, str(header["error"]))
            raise CompileFailed(header["error"])
        if "rejected" in header:
            return LibraryEntry(rejected=str(header["rejected"]))
        return LibraryEntry(*_compiled(header, blobs))


def _why(ended_by: int, seconds: int, size: int, error: Exception) -> str:
    match ended_by:
        case signal.SIGXCPU:
            what = f"{seconds} s of processor time"
        case signal.SIGABRT:
            what = "the memory"
        case _:
            return f"the compiler ended: {error}"
    return (
        f"compiling took more than {what} that its {size} bytes allow; split large functions or "
        f"build with less inlining"
    )


def _compiled(header: wire.Header, blobs: list[bytes]) -> tuple[bytes, int]:
    try:
        (artefact,) = blobs
        return artefact, int(header["memory"])
    except (ValueError, KeyError, TypeError) as error:
        raise CompileFailed(f"the compiler answers nonsense: {error!r}") from error
