"""Where a pool gets compiled modules from: the cache, or a compiler process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from suanli.engine import wire
from suanli.engine.errors import CompileFailed, TaskTimeout, WorkerDied
from suanli.engine.host.cache import ModuleCache
from suanli.engine.host.process import WorkerProcess
from suanli.engine.host.sandbox import Isolation
from suanli.engine.task import Module

_KEPT = 64
_KEPT_BYTES = 256 << 20
_LARGEST_ARTEFACT = 2 << 30


@dataclass(frozen=True)
class LibraryEntry:
    """A compiled module, or if `rejected` is not empty, why it can't run anywhere."""

    artefact: bytes = b""
    memory: int = 0
    rejected: str = ""


class Library:
    """Compiles each module once, however many ask for it at the same time."""

    def __init__(self, cache: ModuleCache, isolation: Isolation, compile_seconds: int) -> None:
        self._cache, self._isolation, self._seconds = cache, isolation, compile_seconds
        self._kept: OrderedDict[bytes, LibraryEntry] = OrderedDict()
        self._lock = threading.Lock()
        self._compiling: dict[bytes, threading.Lock] = {}
        self._compilers: set[WorkerProcess] = set()

    def get(self, module: Module) -> LibraryEntry:
        """Raises `CompileFailed`; a module that failed is tried again when asked for again."""
        with self._lock:
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

    def _find(self, module: Module) -> LibraryEntry:
        found = self._cache.get(module.digest)
        if found is not None:
            return LibraryEntry(*found)
        entry = self._compile(module)
        if not entry.rejected:
            self._cache.put(module.digest, entry.artefact, entry.memory)
        return entry

    def _compile(self, module: Module) -> LibraryEntry:
        process = WorkerProcess(self._isolation, self._seconds)
        self._compilers.add(process)
        try:
            # Twice the processor time: other processes want the processor too.
            question = {"op": "compile"}, [module.code]
            header, blobs = process.ask(*question, 2.0 * self._seconds + 10, _LARGEST_ARTEFACT)
        except (WorkerDied, TaskTimeout) as error:
            raise CompileFailed(
                f"compiling took more than {self._seconds} s of processor time or too much "
                f"memory; split large functions or build with less inlining ({error})"
            ) from error
        finally:
            self._compilers.discard(process)
            process.kill()
        if "error" in header:
            raise CompileFailed(header["error"])
        if "rejected" in header:
            return LibraryEntry(rejected=str(header["rejected"]))
        return LibraryEntry(*_compiled(header, blobs))


def _compiled(header: wire.Header, blobs: list[bytes]) -> tuple[bytes, int]:
    try:
        (artefact,) = blobs
        return artefact, int(header["memory"])
    except (ValueError, KeyError, TypeError) as error:
        raise CompileFailed(f"the compiler answers nonsense: {error!r}") from error
