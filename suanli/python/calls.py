"""Calls of a function as a task of the engine, and what became of each."""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from suanli.engine import Limits, Outcome, Result, Task
from suanli.python.errors import CannotTravel, GuestError, GuestStopped, GuestTraceback
from suanli.python.guest.frames import ANSWER, CALL, MARK, RETURNED
from suanli.python.guest.others import BadBytes, NotPlain
from suanli.python.guest.values import decode, encode
from suanli.python.interpreter import interpreter_for
from suanli.python.source import Travelling

FUNCTION = "function"
LIMITS = Limits(file_bytes=64 << 20, stdout_bytes=64 << 20)
"""Of a task. Results come by standard output; files are lost, a snapshot's library among them."""


@dataclass(frozen=True)
class Answer:
    """Of one call. `took`: fuel, but for the start of the interpreter; `printed`: what it wrote."""

    number: int
    took: int
    returned: bool
    value: bytes = field(repr=False)
    printed: str

    def says(self, other: Answer) -> bool:
        """Whether it is the same value or error, whatever it took."""
        return (self.returned, self.value) == (other.returned, other.value)

    def settle(self, future: Future[Any]) -> None:
        """Give a future what the call returned or raised, with the guest's traceback as its cause;
        GuestStopped if it left the interpreter, or its answer is no value."""
        try:
            value = decode(self.value)
            if not self.returned:
                name, arguments, text, trace = value
                error = _raised(name, decode(arguments) if arguments else None, text)
                error.__cause__ = GuestTraceback(str(trace))
        except (BadBytes, ImportError, ValueError, TypeError) as wrong:
            future.set_exception(GuestStopped(f"its answer can't be read: {wrong}"))
            return
        if self.returned:
            future.set_result(value)
        else:
            future.set_exception(error)


def encoded(function: Travelling, args: Sequence[Any], named: Mapping[str, Any]) -> bytes:
    """A call's arguments. Raises CannotTravel."""
    try:
        return encode((tuple(args), dict(named)))
    except NotPlain:
        for where, value in (*enumerate(args, 1), *named.items()):
            try:
                encode(value)
            except NotPlain as error:
                what = f"argument {where}{error.path} of {function.name} can't travel"
                raise CannotTravel(f"{what}: {error.what}") from None
        raise


def task_of(function: Travelling, calls: Mapping[int, bytes], limits: Limits) -> Task:
    """A task for calls, by number. Raises NoInterpreter."""
    interpreter = interpreter_for(function.packages)
    return Task(
        interpreter.module(),
        interpreter.args,
        env=interpreter.env,
        stdin=b"".join(_call(function, number, data) for number, data in calls.items()),
        inputs={**interpreter.inputs, FUNCTION: function.data},
        limits=limits,
    )


def answers(stdout: bytes) -> Iterator[Answer]:
    """What a task told before it ended. What the function itself wrote there is passed over."""
    at = -1
    while (at := stdout.find(MARK, at + 1)) >= 0:
        start = at + ANSWER.size
        if start > len(stdout):
            return
        _, number, took, code, value, printed = ANSWER.unpack_from(stdout, at)
        end = start + value + printed
        if end <= len(stdout):
            text = stdout[start + value : end].decode("utf-8", "replace")
            yield Answer(number, took, code == RETURNED, stdout[start : start + value], text)
            at = end - 1


def stopped(result: Result) -> GuestStopped:
    """Why a task ended before its call returned."""
    match result.outcome:
        case Outcome.OUT_OF_FUEL:
            why = f"it used up its {result.units:,} units: allow more (units=…), or mend its loop"
        case Outcome.TRAPPED:
            why = f"the interpreter broke: {result.detail}"
        case Outcome.EXITED:
            why = f"it ended the interpreter with code {result.exit_code}"
        case _:
            why = f"{result.outcome}: {result.detail}"
    last = result.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return GuestStopped("; ".join(filter(None, (why, last[:200]))))


def _call(function: Travelling, number: int, data: bytes) -> bytes:
    digest = hashlib.sha256(function.name.encode() + b"\0" + data).digest()
    return CALL.pack(number, int.from_bytes(digest[:8], "little"), len(data)) + data


def _raised(name: str, arguments: Any, text: str) -> Exception:
    kind = getattr(builtins, name, None) if name.isidentifier() else None
    if name in ("SystemExit", "KeyboardInterrupt", "GeneratorExit"):
        return GuestStopped(f"it left the interpreter: {name}({text})")
    if isinstance(kind, type) and issubclass(kind, Exception) and isinstance(arguments, tuple):
        try:
            error = kind(*arguments)
        except Exception:
            return GuestError(name, text, arguments)
        # A constructor may make another kind: OSError does.
        if isinstance(error, Exception):
            return error
    return GuestError(name, text, arguments if isinstance(arguments, tuple) else None)
