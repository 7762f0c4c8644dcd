"""What goes into the engine and what comes out: plain frozen records, no wasmtime."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from suanli.engine.errors import InvalidTask

UNIT = 1_000_000
"""Fuel in one billed unit of the resource class `cpu-wasm`."""

PAGE = 65536
MAX_MODULE_BYTES = 128 << 20
MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 4096
MAX_PATH_NAMES = 512
"""Room for what gathering puts before an output's path, and far from Python's own depth."""
MAX_ARGUMENT_BYTES = 4 << 20

# name -> (smallest, largest). Fuel is what a signed 64-bit counter in wasmtime can hold.
_RANGES = {
    "fuel": (1, 2**62),
    "memory": (0, 4 << 30),
    "files": (0, 1_000_000),
    "file_bytes": (0, 16 << 30),
    "stdout_bytes": (0, 4 << 30),
    "stderr_bytes": (0, 4 << 30),
}


def units_of(fuel: int) -> int:
    """Units billed for `fuel`: fuel / 1,000,000, rounded up."""
    return -(-fuel // UNIT)


@dataclass(frozen=True)
class Module:
    """A WebAssembly core module, a WASI preview 1 command. Nothing is checked until it runs."""

    code: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.code, bytes):
            raise InvalidTask("module code must be bytes")

    @cached_property
    def digest(self) -> bytes:
        """sha2-256 of the code, 32 bytes."""
        return hashlib.sha256(self.code).digest()

    @classmethod
    def known(cls, digest: bytes) -> Module:
        """Stands for a module whose code is elsewhere, as in a worker that has it compiled."""
        module = cls(b"")
        vars(module)["digest"] = digest
        return module

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Module:
        """The module in the file at `path`. Raises `OSError` if it can't be read."""
        return cls(Path(path).read_bytes())


@dataclass(frozen=True)
class Limits:
    """What a task may use. Bytes where nothing else is said.

    `memory` bounds linear memory: growing past it fails inside the guest, as `malloc` does.
    Passing any other limit ends the task. Raises `InvalidTask` when out of range.
    """

    fuel: int = 100_000_000_000
    memory: int = 1 << 30
    files: int = 4096
    """Files, directories and links that exist at once and that the task made."""
    file_bytes: int = 128 << 20
    """Bytes at once in files that the task made or changed."""
    stdout_bytes: int = 16 << 20
    stderr_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise InvalidTask(f"limit {name} must be an integer from {low} to {high}: {value}")

    @property
    def units(self) -> int:
        """Units billed when the whole limit is billed."""
        return units_of(self.fuel)


def memory_objection(start: int, limits: Limits) -> str:
    """Why a module that starts with `start` bytes of memory is INVALID within limits, or ""."""
    if start <= limits.memory:
        return ""
    return f"starts with {start} bytes of memory, above its limit"


LIMIT_NAMES = tuple(f.name for f in fields(Limits))


@dataclass(frozen=True)
class Task:
    """One run of a module. Raises `InvalidTask` for what no guest could be given.

    `args` leaves out the program's name, which is always "task". `env` reaches the guest sorted
    by name. `inputs` maps guest paths, relative to the root and normalized, to contents. `dirs`
    are folders that exist when it begins, empty but for what `inputs` has there. `seed` changes
    the random bytes, which derive from everything here but the limits and `dirs`.
    """

    module: Module
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = field(default=b"", repr=False)
    inputs: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    limits: Limits = Limits()
    seed: bytes = b""
    dirs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "args", tuple(self.args))
        object.__setattr__(self, "env", MappingProxyType(dict(sorted(self.env.items()))))
        object.__setattr__(self, "inputs", MappingProxyType(dict(sorted(self.inputs.items()))))
        for argument in self.args:
            _check_text("argument", argument)
        for name, value in self.env.items():
            _check_text("environment name", name)
            _check_text(f"environment value of {name}", value)
            if not name or "=" in name:
                raise InvalidTask(f"environment name must be non-empty and without '=': {name!r}")
        size = sum(len(argument) + 1 for argument in self.args)
        size += sum(len(name) + len(value) + 2 for name, value in self.env.items())
        if size > MAX_ARGUMENT_BYTES:
            raise InvalidTask(f"arguments and environment exceed {MAX_ARGUMENT_BYTES} bytes")
        _check_bytes("stdin", self.stdin)
        _check_bytes("seed", self.seed)
        for path, content in self.inputs.items():
            check_guest_path(path)
            _check_bytes(f"input {path}", content)
        object.__setattr__(self, "dirs", tuple(sorted(self.dirs)))
        for path in self.dirs:
            check_guest_path(path, "folder")
            if path in self.inputs:
                raise InvalidTask(f"{path!r} is an input and a folder")
        _check_no_file_is_a_directory(self.inputs, (*self.inputs, *self.dirs))

    def __reduce__(self) -> tuple[type[Task], tuple[object, ...]]:
        # Read-only views can't be pickled, and a cluster's executor may want to send tasks.
        values = (getattr(self, f.name) for f in fields(self))
        return Task, tuple(dict(v) if isinstance(v, Mapping) else v for v in values)

    def entropy(self) -> bytes:
        """32 bytes from which the guest's random bytes derive."""
        total = hashlib.sha256(b"suanli-task-entropy-1")
        parts = [self.module.digest, self.seed, self.stdin, len(self.args).to_bytes(8, "little")]
        parts += [argument.encode() for argument in self.args]
        parts += [f"{name}={value}".encode() for name, value in self.env.items()]
        parts += [b""]
        for path, content in self.inputs.items():
            parts += [path.encode(), content]
        for part in parts:
            total.update(len(part).to_bytes(8, "little"))
            total.update(part)
        return total.digest()


class Outcome(StrEnum):
    """How a task ended. Every outcome is the same on all machines of one runtime id."""

    EXITED = "exited"
    TRAPPED = "trapped"
    OUT_OF_FUEL = "out-of-fuel"
    LIMIT = "limit"
    INVALID = "invalid"

    @property
    def code(self) -> int:
        """The number that stands for the outcome in a leaf: 0 to 4, in the order above."""
        return list(Outcome).index(self)


@dataclass(frozen=True)
class Result:
    """What a task did.

    `fuel` is exact for EXITED, the whole limit for TRAPPED, OUT_OF_FUEL and LIMIT, and 0 for
    INVALID. `files` maps path to content, sorted, for every file the task made or changed; it is
    empty unless EXITED. `stdout` and `stderr` hold what was written up to the end.
    `detail` and `seconds` (wall time of the run) are for people and take no part in equality.
    `trace` is there where it was asked for, and the task was not INVALID: 32 bytes, the digest of
    all that the program was when it ended.
    """

    outcome: Outcome
    exit_code: int | None
    stdout: bytes = field(default=b"", repr=False)
    stderr: bytes = field(default=b"", repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    fuel: int = 0
    detail: str = field(default="", compare=False)
    seconds: float = field(default=0.0, compare=False)
    trace: bytes = b""

    @property
    def units(self) -> int:
        """Units billed."""
        return units_of(self.fuel)

    @property
    def ok(self) -> bool:
        """Whether the program ended by itself and said success."""
        return self.outcome is Outcome.EXITED and self.exit_code == 0


def check_guest_path(path: str, what: str = "input") -> None:
    """Raise `InvalidTask` unless `path` is relative, normalized and fit for a guest file."""
    _check_text(f"{what} path", path)
    raw = path.encode()
    names = path.split("/")
    if any(name in ("", ".", "..") for name in names):
        example = "inputs/data.csv" if what == "input" else "outputs"
        raise InvalidTask(
            f"{what} path must be relative and normalized, such as {example}: {path!r}"
        )
    if len(raw) > MAX_PATH_BYTES or any(len(name.encode()) > MAX_NAME_BYTES for name in names):
        raise InvalidTask(f"{what} path is too long: {path!r}")
    if len(names) > MAX_PATH_NAMES:
        raise InvalidTask(f"{what} path has more than {MAX_PATH_NAMES} names: {path!r}")


def _check_no_file_is_a_directory(inputs: Mapping[str, bytes], paths: Iterable[str]) -> None:
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in inputs:
                raise InvalidTask(f"input {parent!r} is a file and the folder of {path!r}")
            parent = parent.rpartition("/")[0]


def _check_text(what: str, value: str) -> None:
    if not isinstance(value, str):
        raise InvalidTask(f"{what} must be text: {value!r}")
    if "\0" in value:
        raise InvalidTask(f"{what} must not contain NUL: {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidTask(f"{what} is not valid Unicode: {value!r}") from error


def _check_bytes(what: str, value: bytes) -> None:
    if not isinstance(value, bytes):
        raise InvalidTask(f"{what} must be bytes")
