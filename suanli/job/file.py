"""`job.toml`, what people write: read, checked and made a job. docs/jobs.md describes it."""

import glob
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from mmap import ACCESS_READ, mmap
from pathlib import Path

from suanli.engine import InvalidTask, Limits, Module, check_guest_path
from suanli.job.errors import ManifestError
from suanli.job.manifest import (
    GATHER_KINDS,
    MAX_BYTES,
    MAX_TASKS,
    STDOUT,
    Gather,
    Manifest,
    TaskSpec,
)
from suanli.job.toml_reader import Reader, Table
from suanli.protocol import DataError, FilePart, Ref, refer
from suanli.schedule import split_count, split_records

DEFAULT_AS = "inputs/{name}"

_COUNTS = {
    "fuel": "such as 5_000_000_000; 1,000,000 fuel are one unit",
    "files": "such as 100",
}
"""Limits that are no bytes."""
_SHAPES = {
    "count": (),
    "range": ("parts",),
    "glob": ("as",),
    "split": ("as", "parts", "bytes", "record-end", "record-start"),
}


@dataclass(frozen=True)
class Job:
    """A manifest with its salt, and where the plaintext of each digest lies. `names_fuel`: whether
    its file says how much a task may use; if not, that should be estimated."""

    name: str
    manifest: Manifest
    salt: bytes = field(repr=False)
    parts: Mapping[bytes, FilePart] = field(repr=False)
    names_fuel: bool = True

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


def load(path: str | Path, *, runtime: bytes, salt: bytes) -> Job:
    """Read a job file. Paths in it are relative to its folder.

    Raises:
        JobFileError: with line and reason of all that is wrong.
    """
    return _Loader(Path(path), salt).job(runtime)


@dataclass(frozen=True)
class _Shape:
    """What sets one task apart: values for placeholders, and its own piece of data."""

    values: dict[str, str]
    part: FilePart | None = None


class _Loader:
    def __init__(self, path: Path, salt: bytes) -> None:
        self.folder = path.parent
        self.reader = Reader(path)
        self.default_name = path.resolve().parent.name
        self.salt = salt
        self.refs: dict[tuple[FilePart, bytes], Ref] = {}

    def job(self, runtime: bytes) -> Job:
        top = self.reader.top
        top.only(("name", "module", "limits", "env", "inputs", "dirs", "tasks", "gather"))
        name = top.text("name", self.default_name)
        module = self.module(top)
        limits = self.limits(top.table("limits"))
        env = top.text_map("env")
        inputs = self.inputs(top)
        dirs = self.dirs(top)
        tasks = self.tasks(top)
        gather = self.gather(top.table("gather"))
        self.reader.finish()
        assert module  # without one there was a problem
        manifest = Manifest(runtime, module, tuple(tasks), limits, env, inputs, gather, dirs)
        try:
            manifest.check()
            if len(manifest.encode()) > MAX_BYTES:
                raise ManifestError(("tasks",), f"its manifest is above {MAX_BYTES} bytes")
        except ManifestError as error:
            self.reader.problem(error.where, error.reason)
        self.reader.finish()
        parts = {ref.digest: part for (part, _), ref in self.refs.items()}
        names_fuel = "fuel" in top.table("limits").data
        return Job(name, manifest, self.salt, parts, names_fuel)

    def module(self, table: Table) -> Ref | None:
        if "module" not in table.data:
            table.problem("module", 'is missing: name a WebAssembly file, module = "program.wasm"')
            return None
        part = self.file(table, "module", table.text("module"))
        return self.refer(part, b"") if part else None

    def limits(self, table: Table) -> Limits:
        names = tuple(item.name for item in fields(Limits))
        table.only(names)
        values = {}
        for name in names:
            if name in table.data:
                default = getattr(Limits(), name)
                if name in _COUNTS:
                    value = table.number(name, default, _COUNTS[name])
                else:
                    value = table.size(name, default)
                try:
                    Limits(**{name: value})
                    values[name] = value
                except InvalidTask as error:
                    table.problem(name, str(error))
        return Limits(**values)

    def inputs(self, table: Table) -> dict[str, Ref]:
        named = table.text_map("inputs")
        inner = table.table("inputs")
        parts = {guest: self.file(inner, guest, name) for guest, name in named.items()}
        return {guest: self.refer(part, self.salt) for guest, part in parts.items() if part}

    def dirs(self, top: Table) -> tuple[str, ...]:
        found = top.texts("dirs")
        for path in found:
            try:
                check_guest_path(path, "folder")
            except InvalidTask as error:
                top.problem("dirs", str(error))
        return tuple(sorted(set(found)))

    def tasks(self, top: Table) -> list[TaskSpec]:
        if isinstance(top.data.get("tasks"), list):
            return [self.listed(table) for table in top.tables("tasks")]
        if "tasks" not in top.data:
            top.problem("tasks", "is missing: add a table [tasks] with count, range, glob or split")
            return []
        table = top.table("tasks")
        kinds = [kind for kind in _SHAPES if kind in table.data]
        if len(kinds) != 1:
            table.reader.problem(table.path, f"needs one of {', '.join(_SHAPES)}")
            return []
        table.only((kinds[0], *_SHAPES[kinds[0]], "args", "env"))
        shapes: list[_Shape] = getattr(self, kinds[0])(table)
        args, env, guest = table.texts("args"), table.text_map("env"), table.text("as", DEFAULT_AS)
        specs = []
        for index, shape in enumerate(shapes):
            values = {"index": str(index), "count": str(len(shapes)), **shape.values}
            specs.append(self.shaped(table, args, env, guest, values, shape.part))
        return specs

    def listed(self, table: Table) -> TaskSpec:
        table.only(("args", "env", "stdin", "inputs"))
        part = self.file(table, "stdin", table.text("stdin")) if "stdin" in table.data else None
        return TaskSpec(
            args=tuple(table.texts("args")),
            env=table.text_map("env"),
            inputs=self.inputs(table),
            stdin=self.refer(part, self.salt) if part else None,
        )

    def shaped(
        self,
        table: Table,
        args: list[str],
        env: dict[str, str],
        guest: str,
        values: dict[str, str],
        part: FilePart | None,
    ) -> TaskSpec:
        """One task of a table: the templates filled with its values."""
        ref = self.refer(part, self.salt) if part else None
        if ref:
            guest = values["path"] = table.fill("as", guest, values)
        return TaskSpec(
            args=tuple(table.fill("args", arg, values) for arg in args),
            env={name: table.fill("env", value, values) for name, value in env.items()},
            inputs={guest: ref} if ref and guest != "stdin" else {},
            stdin=ref if guest == "stdin" else None,
        )

    def count(self, table: Table) -> list[_Shape]:
        return [_Shape({}) for _ in range(table.integer("count", 0, 1, MAX_TASKS))]

    def range(self, table: Table) -> list[_Shape]:
        bounds = table.data["range"]
        good = isinstance(bounds, list) and all(type(value) is int for value in bounds)
        if not good or len(bounds) not in (2, 3) or bounds[2:] == [0]:
            table.problem("range", "must be [from, up to] or [from, up to, step]")
            return []
        values = range(*bounds)
        if "parts" in table.data:
            if len(bounds) == 3:
                table.problem("range", "takes no step together with parts")
            spans = split_count(len(values), table.integer("parts", 1, 1, MAX_TASKS))
            first = bounds[0]
            return [_Shape({"start": str(first + a), "stop": str(first + b)}) for a, b in spans]
        if not 0 < len(values) <= MAX_TASKS:
            table.problem("range", f"must hold from 1 to {MAX_TASKS} values")
            return []
        return [_Shape({"value": str(value)}) for value in values]

    def glob(self, table: Table) -> list[_Shape]:
        pattern = table.text("glob")
        names = sorted(glob.glob(pattern, root_dir=self.folder, recursive=True))
        paths = [path for path in (self.folder / name for name in names) if path.is_file()]
        if not paths:
            table.problem("glob", f"no file matches {pattern!r} in {self.folder}")
        return [_Shape(_names_of(path), FilePart.whole(path)) for path in paths]

    def split(self, table: Table) -> list[_Shape]:
        whole = self.file(table, "split", table.text("split"))
        if whole is None:
            return []
        if ("parts" in table.data) == ("bytes" in table.data):
            table.problem("split", "needs either parts, a number, or bytes, the size of a part")
            return []
        parts = table.integer("parts", 1, 1, MAX_TASKS)
        if "bytes" in table.data:
            parts = min(-(-whole.stop // max(1, table.size("bytes", 1))), MAX_TASKS)
        end = table.text("record-end", "\n").encode()
        if not whole.stop or not end:
            table.problem("split", "the file is empty" if end else "record-end must not be empty")
            return []
        start = table.text("record-start").encode()
        with whole.path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            spans = split_records(data, parts, end=end, start=start)
        return [_Shape(_names_of(whole.path), FilePart(whole.path, a, b)) for a, b in spans]

    def gather(self, table: Table) -> Gather:
        kind = table.text("kind", "files")
        if kind not in GATHER_KINDS:
            table.problem("kind", f"must be one of {', '.join(GATHER_KINDS)}")
            return Gather()
        if kind == "files":
            table.only(("kind",))
            return Gather()
        if kind == "program":
            table.only(("kind", "module", "args", "to"))
            module, args = self.module(table), tuple(table.texts("args"))
            return Gather(kind, target=table.text("to"), module=module, args=args)
        table.only(("kind", "from", "to"))
        if "to" not in table.data:
            table.problem("to", 'is missing: name the file of the result, such as to = "all.txt"')
        return Gather(kind, source=table.text("from", STDOUT), target=table.text("to", "result"))

    def file(self, table: Table, key: str, name: str) -> FilePart | None:
        path = self.folder / name
        if path.is_file():
            try:
                path.open("rb").close()
                return FilePart.whole(path)
            except OSError as error:
                table.problem(key, f"{path}: {error.strerror}")
        else:
            reason = "is a folder; name its files" if path.is_dir() else "there is no such file"
            table.problem(key, f"{path}: {reason}")
        return None

    def refer(self, part: FilePart, salt: bytes) -> Ref:
        if (part, salt) not in self.refs:
            self.refs[part, salt] = refer(salt, part.chunks())
        return self.refs[part, salt]


def _names_of(path: Path) -> dict[str, str]:
    return {"name": path.name, "stem": path.stem}


def _pieces(salt: bytes, part: FilePart) -> Iterator[bytes]:
    yield salt
    yield from part.chunks()
