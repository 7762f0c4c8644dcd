"""Where a pool gets compiled modules from: the cache, or a compiler process."""

from __future__ import annotations

import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from suanli.engine import wire
from suanli.engine.errors import CompileFailed, TaskTimeout, WorkerDied
from suanli.engine.executor import Compilations, program_id
from suanli.engine.host.cache import LibraryEntry, ModuleCache
from suanli.engine.host.installed import InstalledRuntime
from suanli.engine.host.process import WorkerProcess
from suanli.engine.host.sandbox import Isolation
from suanli.engine.task import Module

_Key = tuple[InstalledRuntime, bytes]
"""Runtime and digest of a module."""
_KEPT = 64
_KEPT_BYTES = 256 << 20
_LARGEST_ARTEFACT = 2 << 30
_MOST_TOLD = 32
_MEASURED = 1 << 20
"""Bytes of a module that tell how fast this machine compiles."""
_SECONDS, _SECONDS_A_MEGABYTE = 10, 3
"""Processor time for any module, and for each 10^6 bytes of it. Programs as compilers make them
take about one second a megabyte, so a slow machine has time, and a small bomb costs little."""


def compile_seconds(size: int, most: int) -> int:
    """Seconds of processor time that compiling a module of `size` bytes may take."""
    return min(most, _SECONDS + size * _SECONDS_A_MEGABYTE // 10**6)


class Library:
    """Compiles each module once for each runtime, however many ask for it at the same time."""

    def __init__(self, folder: Path, isolation: Isolation, compile_seconds: int) -> None:
        self._folder, self._isolation, self._seconds = folder, isolation, compile_seconds
        self._caches: dict[InstalledRuntime, ModuleCache] = {}
        self._kept: OrderedDict[_Key, LibraryEntry] = OrderedDict()
        self._overran: OrderedDict[_Key, str] = OrderedDict()
        self._lock = threading.Lock()
        self._compiling: dict[_Key, threading.Lock] = {}
        self._compilers: set[WorkerProcess] = set()

    def get(self, module: Module, runtime: InstalledRuntime) -> LibraryEntry:
        """Raises `CompileFailed`, at once for a module that passed this pool's limits before."""
        key = runtime, module.digest
        with self._lock:
            if key in self._overran:
                raise CompileFailed(self._overran[key])
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            turn = self._compiling.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                entry = self._find(module, runtime)
                with self._lock:
                    self._keep(key, entry)
                return entry
            finally:
                with self._lock:
                    self._compiling.pop(key, None)

    def compiled(self, runtimes: Iterable[InstalledRuntime]) -> Compilations:
        """What the cache has, for these runtimes."""
        found, rate = [], 0
        for runtime in runtimes:
            cache = self._cache(runtime)
            found += [(used, program_id(runtime.id, module)) for used, module in cache.latest()]
            rate = cache.rate
        latest = sorted(found, reverse=True)[:_MOST_TOLD]
        return Compilations(tuple(program for _, program in latest), rate)

    def has(self, digest: bytes, runtime: InstalledRuntime) -> bool:
        """Whether `get` would compile nothing for the module with this digest."""
        key = runtime, digest
        with self._lock:
            if key in self._kept:
                return True
        entry = self._cache(runtime).get(digest)
        if entry is not None:
            with self._lock:
                self._keep(key, entry)
        return entry is not None

    def interrupt(self) -> None:
        """End compilations that other threads wait for; they get `CompileFailed`."""
        for process in self._compilers.copy():
            process.interrupt()

    def _keep(self, key: _Key, entry: LibraryEntry) -> None:
        self._kept[key] = entry
        size = sum(len(kept.artefact) for kept in self._kept.values())
        while len(self._kept) > 1 and (len(self._kept) > _KEPT or size > _KEPT_BYTES):
            size -= len(self._kept.popitem(last=False)[1].artefact)

    def _overrun(self, key: _Key, why: str) -> None:
        with self._lock:
            self._overran[key] = why
            if len(self._overran) > _KEPT:
                self._overran.popitem(last=False)

    def _cache(self, runtime: InstalledRuntime) -> ModuleCache:
        with self._lock:
            if runtime not in self._caches:
                self._caches[runtime] = ModuleCache(self._folder, runtime.id)
            return self._caches[runtime]

    def _find(self, module: Module, runtime: InstalledRuntime) -> LibraryEntry:
        cache = self._cache(runtime)
        found = cache.get(module.digest)
        if found is not None:
            return found
        begun = time.monotonic()
        entry = self._compile(module, runtime)
        took, size = time.monotonic() - begun, len(module.code)
        cache.put(module.digest, entry)
        if size >= _MEASURED and not entry.rejected and took > 0:
            cache.note_rate(int(size / took))
        return entry

    def _compile(self, module: Module, runtime: InstalledRuntime) -> LibraryEntry:
        key, seconds = (runtime, module.digest), compile_seconds(len(module.code), self._seconds)
        process = WorkerProcess(self._isolation, seconds, runtime)
        self._compilers.add(process)
        try:
            # Twice the processor time: other processes want the processor too.
            question = {"op": "compile"}, [module.code]
            header, blobs = process.ask(*question, 2.0 * seconds + 10, _LARGEST_ARTEFACT)
        except (WorkerDied, TaskTimeout) as error:
            why = _why(process.signal, seconds, len(module.code), error)
            if process.signal != signal.SIGKILL:
                self._overrun(key, why)
            raise CompileFailed(why) from error
        finally:
            self._compilers.discard(process)
            process.kill()
        if "error" in header:
            self._overrun(key, str(header["error"]))
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
