"""What workers can be started for here: this version's runtimes, and those of packages."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from suanli.engine.errors import EngineUnavailable
from suanli.engine.runtime import (
    Runtime,
    check_features,
    runtime_id,
    runtimes_here,
    show_runtime,
    target,
)

IMPORTED = ("suanli", "wasmtime")
"""Packages that a worker imports."""


@dataclass(frozen=True)
class InstalledRuntime:
    """`id`: its runtime id. `features`: what the processor must have. `folders`: the packages that
    its worker imports, `suanli` and `wasmtime`. `version`: of the program that has it."""

    id: bytes
    runtime: Runtime
    features: tuple[str, ...]
    folders: tuple[Path, ...]
    version: str = ""

    @property
    def name(self) -> str:
        return str(self.runtime)

    def __str__(self) -> str:
        """For people: of another version, its id and what it is of."""
        return f"{show_runtime(self.id)} ({self.version})" if self.version else self.name

    def check_host(self) -> None:
        """Raises EngineUnavailable where the processor lacks what it may use."""
        check_features(self.runtime, self.features)


def own(runtime: Runtime) -> InstalledRuntime:
    """That of this version. Raises EngineUnavailable if there is none on this platform."""
    return InstalledRuntime(runtime_id(runtime), runtime, target(runtime)[1], own_folders())


def all_own() -> Sequence[InstalledRuntime]:
    """Of this version, those that this platform has, whatever its processor; the fast one first."""
    return tuple(map(own, runtimes_here()))


def own_folders() -> tuple[Path, ...]:
    """Found, not imported: the daemon must not load wasmtime. Raises EngineUnavailable."""
    folders = []
    for name in IMPORTED:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise EngineUnavailable(f"the package {name} is not installed")
        folders.append(Path(spec.origin).resolve().parent)
    return tuple(folders)
