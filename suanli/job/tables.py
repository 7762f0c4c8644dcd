"""The tables of `job.toml`, as pydantic reads them: what may stand where, and of what kind."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from suanli.base.tables import Table
from suanli.engine import InvalidTask, Limits, Runtime
from suanli.job.manifest import GATHER_KINDS, STDOUT
from suanli.job.manifest_json import MAX_TASKS

DEFAULT_AS = "inputs/{name}"
_SIZE = re.compile(r"(\d{1,18})\s*(|B|KiB|MiB|GiB|KB|MB|GB)")
_FACTORS = {"": 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_FACTORS |= {"KB": 10**3, "MB": 10**6, "GB": 10**9}
_COUNTS = {
    "fuel": "such as 5_000_000_000; 1,000,000 fuel are one unit",
    "files": "such as 100",
}
"""Limits that are no bytes."""


def _text(value: Any) -> str:
    if type(value) not in (str, int):
        raise ValueError("must be text; a name with dots or slashes stands in quotes")
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:
    """A list of text; integers are taken as their digits."""
    if not isinstance(value, list):
        raise ValueError("must be a list")
    if any(type(item) not in (str, int) for item in value):
        raise ValueError("must hold text and integers only")
    return tuple(map(str, value))


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError("must be an integer")
    if not 1 <= value <= MAX_TASKS:
        raise ValueError(f"must be from 1 to {MAX_TASKS}")
    return value


def _size(value: Any) -> int:
    """Bytes: an integer, or text such as "256 MiB"."""
    if isinstance(value, str) and (match := _SIZE.fullmatch(value)):
        return int(match[1]) * _FACTORS[match[2]]
    if type(value) is int and value >= 0:
        return value
    raise ValueError('must be bytes, such as 65536, or text such as "256 MiB"')


def _range(value: Any) -> range:
    good = isinstance(value, list) and all(type(item) is int for item in value)
    if not good or len(value) not in (2, 3) or value[2:] == [0]:
        raise ValueError("must be [from, up to] or [from, up to, step]")
    return range(*value)


def _kind(value: Any) -> str:
    if value not in GATHER_KINDS:
        raise ValueError(f"must be one of {', '.join(GATHER_KINDS)}")
    return str(value)


Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
TextMap = dict[str, Annotated[str, BeforeValidator(_text)]]
Number = Annotated[int, BeforeValidator(_whole)]
Size = Annotated[int, BeforeValidator(_size)]


def _runtime(value: Any) -> Runtime:
    try:
        return Runtime(value)
    except ValueError:
        names = " or ".join(f'"{runtime}"' for runtime in Runtime)
        raise ValueError(f"must be {names}; leave it out to have what this machine has") from None


def _limit(name: str) -> BeforeValidator:
    def checked(value: Any) -> int:
        if name not in _COUNTS:
            value = _size(value)
        elif type(value) is not int:
            raise ValueError(f"must be a whole number, {_COUNTS[name]}")
        try:
            Limits(**{name: value})
        except InvalidTask as error:
            raise ValueError(str(error)) from None
        return int(value)

    return BeforeValidator(checked)


_USUAL = Limits()


class LimitsTable(Table):
    fuel: Annotated[int, _limit("fuel")] = _USUAL.fuel
    memory: Annotated[int, _limit("memory")] = _USUAL.memory
    files: Annotated[int, _limit("files")] = _USUAL.files
    file_bytes: Annotated[int, _limit("file_bytes")] = _USUAL.file_bytes
    stdout_bytes: Annotated[int, _limit("stdout_bytes")] = _USUAL.stdout_bytes
    stderr_bytes: Annotated[int, _limit("stderr_bytes")] = _USUAL.stderr_bytes


class PythonTable(Table):
    function: str = Field(description='name a file and a function, function = "work.py:main"')
    packages: Texts = ()


class JobTable(Table):
    """The whole file; `tasks` and `gather` have more than one form each."""

    name: str = ""
    runtime: Annotated[Runtime | None, BeforeValidator(_runtime)] = None
    seal: bool = False
    module: str | None = None
    python: PythonTable | None = None
    limits: LimitsTable = LimitsTable()
    env: TextMap = Field(default_factory=dict)
    inputs: TextMap = Field(default_factory=dict)
    dirs: Texts = ()
    tasks: Any = Field(description="add a table [tasks] with count, range, glob or split")
    gather: dict[str, Any] = Field(default_factory=dict)


class ListedTask(Table):
    args: Texts = ()
    env: TextMap = Field(default_factory=dict)
    stdin: str | None = None
    inputs: TextMap = Field(default_factory=dict)


class CountTasks(Table):
    count: Number
    args: Texts = ()
    env: TextMap = Field(default_factory=dict)


class RangeTasks(Table):
    range: Annotated[Any, BeforeValidator(_range)]
    parts: Number | None = None
    args: Texts = ()
    env: TextMap = Field(default_factory=dict)


class GlobTasks(Table):
    glob: str
    guest: str = Field(DEFAULT_AS, alias="as")
    args: Texts = ()
    env: TextMap = Field(default_factory=dict)


class SplitTasks(Table):
    split: str
    guest: str = Field(DEFAULT_AS, alias="as")
    parts: Number | None = None
    bytes: Size | None = None
    record_end: str = Field("\n", alias="record-end")
    record_start: str = Field("", alias="record-start")
    args: Texts = ()
    env: TextMap = Field(default_factory=dict)


TasksTable = CountTasks | RangeTasks | GlobTasks | SplitTasks
SHAPES: dict[str, type[TasksTable]] = {
    "count": CountTasks,
    "range": RangeTasks,
    "glob": GlobTasks,
    "split": SplitTasks,
}


class GatherKind(BaseModel):
    """What every table [gather] has, whatever else it has."""

    kind: Annotated[str, BeforeValidator(_kind)] = "files"


class GatherFiles(Table):
    kind: Literal["files"] = "files"


class GatherOne(Table):
    kind: Literal["concat", "sum"]
    source: str = Field(STDOUT, alias="from")
    target: str = Field(
        alias="to", description='name the file of the result, such as to = "all.txt"'
    )


class GatherProgram(Table):
    kind: Literal["program"]
    module: str = Field(description='name a WebAssembly file, module = "program.wasm"')
    args: Texts = ()
    target: str = Field("", alias="to")


GATHERS: dict[str, type[GatherFiles | GatherOne | GatherProgram]] = {
    "files": GatherFiles,
    "concat": GatherOne,
    "sum": GatherOne,
    "program": GatherProgram,
}
