"""`job.toml`, what people write: read, checked and made a job. docs/jobs.md describes it."""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from suanli.base.toml_file import NOWHERE, TomlFile, TomlMistakes
from suanli.engine import (
    EngineUnavailable,
    InvalidTask,
    Limits,
    Module,
    Runtime,
    check_guest_path,
    runtime_id,
)
from suanli.job.errors import JobFileError, ManifestError
from suanli.job.manifest import MAX_BYTES, Gather, Manifest, TaskSpec
from suanli.job.manifest_json import MAX_TASKS
from suanli.job.tables import (
    GATHERS,
    SHAPES,
    CountTasks,
    GatherKind,
    GatherOne,
    GatherProgram,
    GlobTasks,
    JobTable,
    ListedTask,
    PythonTable,
    RangeTasks,
    SplitTasks,
    TasksTable,
)
from suanli.protocol import DataError, DataPart, FilePart, Ref, refer
from suanli.python import PythonError, named_function
from suanli.schedule import split_count, split_records

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
WHICH = 'name a WebAssembly file, module = "program.wasm", or a function in a table [python]'
Keys = tuple[str | int, ...]
"""Of the file, from the top; a table in an array of tables is a number."""


@dataclass(frozen=True)
class Job:
    """A manifest with its salt, and where the plaintext of each digest lies. `names_fuel`: whether
    its file says how much a task may use; if not, that should be estimated. `seal`: whether
    its data is to be sealed to the miners."""

    name: str
    manifest: Manifest
    salt: bytes = field(repr=False)
    parts: Mapping[bytes, FilePart | DataPart] = field(repr=False)
    names_fuel: bool = True
    seal: bool = False

    @property
    def digest(self) -> bytes:
        return self.manifest.digest(self.salt)

    def read(self, ref: Ref) -> bytes:
        """Plaintext of an input. Raises DataError if its file changed since the job was read."""
        return self._read(ref, self.salt)

    def module(self, ref: Ref) -> Module:
        """A module of the job. Raises as `read`."""
        return Module(self._read(ref, b""))

    def blobs(self) -> Iterator[tuple[bytes, Iterable[bytes]]]:
        """Digest and content, in pieces, of each blob that others need: modules, inputs, manifest.

        The last is the manifest; whoever has it has been given all the others.
        """
        salted = self.manifest.references()
        for digest, part in self.parts.items():
            yield digest, _pieces(self.salt if digest in salted else b"", part)
        yield self.digest, [self.salt, self.manifest.encode()]

    def _read(self, ref: Ref, salt: bytes) -> bytes:
        part = self.parts[ref.digest]
        data = b"".join(part.chunks())
        if refer(salt, [data]) != ref:
            raise DataError(f"{part.path} changed while the job was under way; start it again")
        return data


def load(
    path: str | Path,
    *,
    salt: bytes,
    runtime: bytes | None = None,
    named: Callable[[Runtime], bytes] | None = None,
) -> Job:
    """Read a job file. Paths in it are relative to its folder. `runtime`: the id of that which it
    is for if it names none, by default this machine's `default_runtime()`. `named`: the id of one
    that it names, by default this version's.

    Raises:
        JobFileError: with line, column and reason of all that is wrong.
    """
    try:
        return _Loader(Path(path), salt, named or runtime_id).job(runtime or runtime_id())
    except TomlMistakes as error:
        raise JobFileError(str(error), error.mistakes) from None


@dataclass(frozen=True)
class _Shape:
    """What sets one task apart: values for placeholders, and its own piece of data."""

    values: dict[str, str]
    part: FilePart | None = None


class _Loader:
    def __init__(self, path: Path, salt: bytes, named: Callable[[Runtime], bytes]) -> None:
        self.folder, self.named = path.parent, named
        self.default_name = path.resolve().parent.name
        self.salt = salt
        self.before: tuple[str, ...] = ()
        self.refs: dict[tuple[FilePart | DataPart, bytes], Ref] = {}
        try:
            self.toml = TomlFile(path)
        except FileNotFoundError as error:
            raise TomlMistakes(str(path), [(NOWHERE, str(error.strerror))]) from None

    def job(self, usual: bytes) -> Job:
        top = self.toml.read(JobTable, self.toml.data)
        if top is None:
            self.others_wrong()
            self.toml.finish()
        assert top
        limits = Limits(**dict(top.limits))
        inputs = self.inputs(("inputs",), top.inputs)
        self.one_program()
        module = self.module(("module",), top.module) if top.module else None
        env: Mapping[str, str] = top.env
        if top.python:
            module, env = self.python(top.python, inputs, top.env)
        dirs = self.dirs(top.dirs)
        tasks = self.tasks(top.tasks)
        gather = self.gather(top.gather)
        runtime = self.runtime(top.runtime) if top.runtime else usual
        self.toml.finish()
        assert module  # or there was a problem
        assert gather
        manifest = Manifest(runtime, module, tuple(tasks), limits, env, inputs, gather, dirs)
        try:
            manifest.check()
            if len(manifest.encode()) > MAX_BYTES:
                raise ManifestError(("tasks",), f"its manifest is above {MAX_BYTES} bytes")
        except ManifestError as error:
            self.toml.problem(error.where, error.reason)
        self.toml.finish()
        parts = {ref.digest: part for (part, _), ref in self.refs.items()}
        names_fuel = "fuel" in top.limits.model_fields_set
        return Job(top.name or self.default_name, manifest, self.salt, parts, names_fuel, top.seal)

    def others_wrong(self) -> None:
        """What else is wrong that can be seen although the file has mistakes."""
        data = self.toml.data
        self.one_program()
        if isinstance(data.get("module"), str):
            self.module(("module",), data["module"])
        inputs = data.get("inputs")
        if isinstance(inputs, dict):
            texts = {guest: name for guest, name in inputs.items() if isinstance(name, str)}
            self.inputs(("inputs",), texts)
        if "tasks" in data:
            self.tasks(data["tasks"])
        if isinstance(data.get("gather", {}), dict):
            self.gather(data.get("gather", {}))

    def one_program(self) -> None:
        if ("module" in self.toml.data) == ("python" in self.toml.data):
            reason = "is missing" if "module" not in self.toml.data else "is one program too many"
            self.toml.problem(("module",), f"{reason}: {WHICH}")

    def python(
        self, table: PythonTable, inputs: dict[str, Ref], env: Mapping[str, str]
    ) -> tuple[Ref | None, Mapping[str, str]]:
        """Module and variables of a function; adds its inputs, and what goes before arguments."""
        try:
            found = named_function(table.function, table.packages, self.folder)
        except PythonError as error:
            self.toml.problem(("python", "function"), str(error))
            return None, env
        parts: dict[str, FilePart | DataPart] = {
            **{guest: DataPart(data) for guest, data in found.inputs.items()},
            **{guest: FilePart.whole(path) for guest, path in found.files.items()},
        }
        for guest, part in parts.items():
            if guest in inputs:
                self.toml.problem(("inputs", guest), "is there for the function already")
            inputs[guest] = self.refer(part, self.salt)
        self.before = found.args
        return self.refer(DataPart(found.module.code), b""), {**found.env, **env}

    def runtime(self, named: Runtime) -> bytes:
        try:
            return self.named(named)
        except EngineUnavailable as error:
            self.toml.problem(("runtime",), str(error))
            return b""

    def module(self, path: Keys, name: str) -> Ref | None:
        part = self.file(path, name)
        return self.refer(part, b"") if part else None

    def inputs(self, path: Keys, named: Mapping[str, str]) -> dict[str, Ref]:
        parts = {guest: self.file((*path, guest), name) for guest, name in named.items()}
        return {guest: self.refer(part, self.salt) for guest, part in parts.items() if part}

    def dirs(self, found: Iterable[str]) -> tuple[str, ...]:
        for path in found:
            try:
                check_guest_path(path, "folder")
            except InvalidTask as error:
                self.toml.problem(("dirs",), str(error))
        return tuple(sorted(set(found)))

    def tasks(self, given: Any) -> list[TaskSpec]:
        if isinstance(given, list):
            return [spec for number, one in enumerate(given) if (spec := self.listed(number, one))]
        if not isinstance(given, dict):
            self.toml.problem(("tasks",), "must be a table")
            return []
        kinds = [kind for kind in SHAPES if kind in given]
        if len(kinds) != 1:
            self.toml.problem(("tasks",), f"needs one of {', '.join(SHAPES)}")
            return []
        table = self.toml.read(SHAPES[kinds[0]], given, ("tasks",))
        if table is None:
            return []
        shapes: list[_Shape] = getattr(self, kinds[0])(table)
        specs = []
        for index, shape in enumerate(shapes):
            values = {"index": str(index), "count": str(len(shapes)), **shape.values}
            specs.append(self.shaped(table, values, shape.part))
        return specs

    def listed(self, number: int, given: Any) -> TaskSpec | None:
        if not isinstance(given, dict):
            self.toml.problem(("tasks",), "must hold tables: write [[tasks]] above each")
            return None
        path: Keys = ("tasks", number)
        table = self.toml.read(ListedTask, given, path)
        if table is None:
            return None
        part = self.file((*path, "stdin"), table.stdin) if table.stdin is not None else None
        return TaskSpec(
            args=self.before + table.args,
            env=table.env,
            inputs=self.inputs((*path, "inputs"), table.inputs),
            stdin=self.refer(part, self.salt) if part else None,
        )

    def shaped(self, table: TasksTable, values: dict[str, str], part: FilePart | None) -> TaskSpec:
        """One task of a table: the templates filled with its values."""
        ref = self.refer(part, self.salt) if part else None
        guest = ""
        if ref and isinstance(table, GlobTasks | SplitTasks):
            guest = values["path"] = self.fill("as", table.guest, values)
        return TaskSpec(
            args=self.before + tuple(self.fill("args", arg, values) for arg in table.args),
            env={name: self.fill("env", value, values) for name, value in table.env.items()},
            inputs={guest: ref} if ref and guest != "stdin" else {},
            stdin=ref if guest == "stdin" else None,
        )

    def count(self, table: CountTasks) -> list[_Shape]:
        return [_Shape({}) for _ in range(table.count)]

    def range(self, table: RangeTasks) -> list[_Shape]:
        values: Any = table.range
        if table.parts is not None:
            if len(self.toml.data["tasks"]["range"]) == 3:
                self.toml.problem(("tasks", "range"), "takes no step together with parts")
            first, spans = values.start, split_count(len(values), table.parts)
            return [_Shape({"start": str(first + a), "stop": str(first + b)}) for a, b in spans]
        if not 0 < len(values) <= MAX_TASKS:
            self.toml.problem(("tasks", "range"), f"must hold from 1 to {MAX_TASKS} values")
            return []
        return [_Shape({"value": str(value)}) for value in values]

    def glob(self, table: GlobTasks) -> list[_Shape]:
        names = sorted(glob.glob(table.glob, root_dir=self.folder, recursive=True))
        paths = [path for path in (self.folder / name for name in names) if path.is_file()]
        if not paths:
            reason = f"no file matches {table.glob!r} in {self.folder}"
            self.toml.problem(("tasks", "glob"), reason)
        return [_Shape(_names_of(path), FilePart.whole(path)) for path in paths]

    def split(self, table: SplitTasks) -> list[_Shape]:
        path: Keys = ("tasks", "split")
        whole = self.file(path, table.split)
        if whole is None:
            return []
        if (table.parts is None) == (table.bytes is None):
            reason = "needs either parts, a number, or bytes, the size of a part"
            self.toml.problem(path, reason)
            return []
        parts = table.parts or 1
        if table.bytes is not None:
            parts = min(-(-whole.stop // max(1, table.bytes)), MAX_TASKS)
        end = table.record_end.encode()
        if not whole.stop or not end:
            self.toml.problem(path, "the file is empty" if end else "record-end must not be empty")
            return []
        start = table.record_start.encode()
        with whole.path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            spans = split_records(data, parts, end=end, start=start)
        return [_Shape(_names_of(whole.path), FilePart(whole.path, a, b)) for a, b in spans]

    def gather(self, given: dict[str, Any]) -> Gather | None:
        kind = self.toml.read(GatherKind, given, ("gather",))
        table = self.toml.read(GATHERS[kind.kind], given, ("gather",)) if kind else None
        if isinstance(table, GatherProgram):
            module = self.module(("gather", "module"), table.module)
            return Gather(table.kind, target=table.target, module=module, args=table.args)
        if isinstance(table, GatherOne):
            return Gather(table.kind, source=table.source, target=table.target)
        return Gather() if table else None

    def fill(self, key: str, text: str, values: Mapping[str, str]) -> str:
        """Put values in the place of {name}; {{ and }} are braces."""

        def replace(match: re.Match[str]) -> str:
            if match[0] in ("{{", "}}"):
                return match[0][0]
            if match[1] not in values:
                known = ", ".join(f"{{{name}}}" for name in values)
                self.toml.problem(("tasks", key), f"{match[0]} is unknown here; there are {known}")
                return ""
            return values[match[1]]

        return _PLACEHOLDER.sub(replace, text)

    def file(self, key: Keys, name: str) -> FilePart | None:
        path = self.folder / name
        if path.is_file():
            try:
                path.open("rb").close()
                return FilePart.whole(path)
            except OSError as error:
                self.toml.problem(key, f"{path}: {error.strerror}")
        else:
            reason = "is a folder; name its files" if path.is_dir() else "there is no such file"
            self.toml.problem(key, f"{path}: {reason}")
        return None

    def refer(self, part: FilePart | DataPart, salt: bytes) -> Ref:
        if (part, salt) not in self.refs:
            self.refs[part, salt] = refer(salt, part.chunks())
        return self.refs[part, salt]


def _names_of(path: Path) -> dict[str, str]:
    return {"name": path.name, "stem": path.stem}


def _pieces(salt: bytes, part: FilePart | DataPart) -> Iterator[bytes]:
    yield salt
    yield from part.chunks()
