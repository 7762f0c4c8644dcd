"""One task for another version of this program: a question on standard input, an answer on standard
output. Whoever keeps an old installation beside a new one asks it so; so this form must not change.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from suanli.engine import wire
from suanli.engine.errors import BeyondEnd, EngineError, InvalidTask
from suanli.engine.host.pool import Pool, served, usable
from suanli.engine.runtime import runtime_id
from suanli.engine.task import Module, Task

FORM = 1
"""A question is a frame (`suanli.engine.wire`): its header that of a task, and `form`, `runtime`
and `at` (null, or where to trace it), its byte strings the module's code and those of the task.
With `runtime` empty nothing is run. The answer's header has `form` and `runtimes`, or is that of a
result, or says `error` and its `kind`."""
KINDS: dict[str, type[EngineError]] = {"beyond": BeyondEnd, "task": InvalidTask}
"""Errors that are the asker's; all others are this machine's."""


def serve(source: BinaryIO, target: BinaryIO, cache: Path | None = None) -> None:
    """Answer one question."""
    header, blobs = _read(source)
    try:
        answer = _answer(header, blobs, cache)
    except EngineError as error:
        kind = next((name for name, of in KINDS.items() if isinstance(error, of)), "host")
        answer = {"form": FORM, "error": str(error), "kind": kind}, []
    for piece in wire.pack(*answer):
        target.write(piece)
    target.flush()


def _read(source: BinaryIO) -> wire.Message:
    """Raises InvalidTask for what is no question."""
    head = source.read(wire.HEAD.size)
    if len(head) < wire.HEAD.size:
        raise InvalidTask("a question is a frame of suanli's: this command is for other versions")
    header_size, blobs_size = wire.HEAD.unpack(head)
    try:
        return wire.unpack(source.read(header_size), memoryview(source.read(blobs_size)))
    except wire.BadFrame as error:
        raise InvalidTask(f"no question: {error}") from error


def _answer(header: wire.Header, blobs: list[bytes], cache: Path | None) -> wire.Message:
    if header.get("form") != FORM:
        raise InvalidTask(f"questions have the form {FORM}, not {header.get('form')}")
    if not header["runtime"]:
        runs = served(usable())
        return {"form": FORM, "runtimes": [runtime_id(one).hex() for one in runs]}, []
    code, *rest = blobs
    asked = wire.read_task(header, rest)
    task = _with_module(asked, Module(code))
    with Pool(1, cache=cache) as pool:
        engine, at = pool.of(bytes.fromhex(header["runtime"])), header["at"]
        future = engine.submit(task) if at is None else engine.trace(task, at)
        return wire.result_message(future.result())


def _with_module(task: Task, module: Module) -> Task:
    values = {name: getattr(task, name) for name in ("args", "env", "stdin", "inputs")}
    return Task(module, limits=task.limits, seed=task.seed, dirs=task.dirs, **values)
