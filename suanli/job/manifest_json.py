"""The manifest's form in JSON, as docs/protocol.md has it, and how strangers' bytes are read."""

from __future__ import annotations

import re
from typing import Annotated, Any, Required

from pydantic import (
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    with_config,
)
from typing_extensions import TypedDict

from suanli.base.validation import FirstOnly, problems
from suanli.job.errors import ManifestError

VERSION = 1
MAX_TASKS = 100_000
"""Strangers' manifests are read before anything is paid: it bounds the memory that it takes."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_BYTES = 2**63 - 1


def _digest(value: Any) -> bytes:
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise ValueError("must be 32 bytes in lowercase hexadecimal")
    return bytes.fromhex(value)


def _size(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_BYTES:
        raise ValueError("must be bytes from 0 to 2^63 - 1")
    return value


def _version(value: Any) -> int:
    if type(value) is not int or value != VERSION:
        raise ValueError(f"only version {VERSION} is known")
    return value


def _few(value: Any) -> Any:
    if isinstance(value, list) and not 0 < len(value) <= MAX_TASKS:
        raise ValueError(f"must be from 1 to {MAX_TASKS}")
    return value


Digest = Annotated[
    Any, PlainValidator(_digest), WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})
]
Size = Annotated[
    Any,
    PlainValidator(_size),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": _MOST_BYTES}),
]
Version = Annotated[Any, PlainValidator(_version), WithJsonSchema({"const": VERSION})]
# The first mistake is told: strangers' data may have millions.
Texts = Annotated[list[str], FirstOnly()]
Variables = Annotated[dict[str, str], FirstOnly()]
_strict = with_config(ConfigDict(strict=True, extra="forbid"))


@_strict
class Reference(TypedDict):
    """Data by its digest, and bytes of its plaintext."""

    digest: Digest
    size: Size


References = Annotated[dict[str, Reference], FirstOnly()]


@_strict
class TaskForm(TypedDict, total=False):
    """What a task has of its own; what is empty is left out."""

    args: Texts
    env: Variables
    inputs: References
    stdin: Reference


@_strict
class LimitsForm(TypedDict):
    """Of each task; in bytes where nothing else is said. The engine knows their bounds."""

    file_bytes: Any
    files: Any
    fuel: Any
    memory: Any
    stderr_bytes: Any
    stdout_bytes: Any


@_strict
class GatherForm(TypedDict, total=False):
    """How the tasks' outputs become the job's result."""

    kind: Required[str]
    source: str
    target: str
    module: Reference
    args: Texts


@_strict
class Form(TypedDict, total=False):
    """A manifest; what is empty is left out."""

    version: Required[Version]
    runtime: Required[Digest]
    module: Required[Reference]
    limits: Required[LimitsForm]
    tasks: Required[Annotated[list[TaskForm], FirstOnly(), BeforeValidator(_few)]]
    gather: Required[GatherForm]
    dirs: Texts
    env: Variables
    inputs: References


FORM: TypeAdapter[Form] = TypeAdapter(Form)


def form_of(raw: Any) -> Form:
    """Raises ManifestError, for the first mistake."""
    try:
        return FORM.validate_python(raw)
    except ValidationError as error:
        path, why = problems(error)[0]
        raise ManifestError(path, why) from None
