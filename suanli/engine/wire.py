"""Frames between the pool and its workers: a JSON header and byte strings, with bounds.

Not pickle: a worker runs strangers' code, and must be able to send its host nothing but data.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from typing import Any

from suanli.engine.task import Limits, Module, Outcome, Result, Task

HEAD = struct.Struct("<IQ")
"""Sizes of a frame's header and of all its byte strings together."""

MAX_HEADER = 1 << 30

FORM = 1
"""Of all that is said here and by workers. A worker says it when it starts: it may be of another
version than its host (`suanli.engine.host.packages`). Change it with any field of a message."""

Header = dict[str, Any]
Message = tuple[Header, list[bytes]]


class BadFrame(Exception):
    """The other side does not keep to the format."""


def pack(header: Header, blobs: Sequence[bytes] = ()) -> list[bytes]:
    """The pieces of a frame, in order."""
    raw = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    return [HEAD.pack(len(raw), sum(map(len, blobs))) + raw, *blobs]


def unpack(raw_header: bytes, raw_blobs: memoryview) -> Message:
    """Raises `BadFrame`."""
    try:
        header = json.loads(raw_header)
        sizes = header.pop("blobs")
        if not all(type(size) is int and size >= 0 for size in sizes):
            raise BadFrame("sizes must be numbers")
        if sum(sizes) != len(raw_blobs):
            raise BadFrame("sizes do not add up")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadFrame(str(error)) from error
    blobs, start = [], 0
    for size in sizes:
        blobs.append(bytes(raw_blobs[start : start + size]))
        start += size
    return header, blobs


def task_message(task: Task, traced: bool = False) -> Message:
    header = {
        "op": "run",
        "module": task.module.digest.hex(),
        "args": task.args,
        "env": dict(task.env),
        "inputs": list(task.inputs),
        "limits": vars(task.limits),
        "dirs": task.dirs,
        "traced": traced,
    }
    return header, [task.stdin, task.seed, *task.inputs.values()]


def read_task(header: Header, blobs: list[bytes]) -> Task:
    stdin, seed, *contents = blobs
    return Task(
        Module.known(bytes.fromhex(header["module"])),
        tuple(header["args"]),
        header["env"],
        stdin,
        dict(zip(header["inputs"], contents, strict=True)),
        Limits(**header["limits"]),
        seed,
        tuple(header["dirs"]),
    )


def result_message(result: Result) -> Message:
    header = {
        "outcome": result.outcome.value,
        "exit_code": result.exit_code,
        "fuel": result.fuel,
        "detail": result.detail,
        "seconds": result.seconds,
        "files": list(result.files),
        "trace": result.trace.hex(),
    }
    return header, [result.stdout, result.stderr, *result.files.values()]


def read_result(header: Header, blobs: list[bytes]) -> Result:
    """Raises `BadFrame`."""
    try:
        stdout, stderr, *contents = blobs
        code = header["exit_code"]
        return Result(
            Outcome(header["outcome"]),
            None if code is None else int(code),
            stdout,
            stderr,
            dict(zip(header["files"], contents, strict=True)),
            int(header["fuel"]),
            str(header["detail"]),
            float(header["seconds"]),
            bytes.fromhex(header["trace"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadFrame(repr(error)) from error


def largest_reply(limits: Limits) -> int:
    """Bytes that an honest answer to a task may have in its byte strings."""
    return limits.file_bytes + limits.stdout_bytes + limits.stderr_bytes
