"""The program of a task in the sandbox: runs calls of one function, tells of each as it ends.

Every call gets the function anew, with its constants as they came, and a random module seeded by
the call: what it gives does not depend on the calls that share its task. Results go to standard
output one by one, so that those before a call that never ends are not lost.
"""

from __future__ import annotations

import builtins
import sys
import time

from suanli.python.guest.frames import ANSWER, CALL, MARK, RAISED, RETURNED
from suanli.python.guest.others import NotPlain
from suanli.python.guest.values import decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MOST_PRINTED = 1 << 16
"""Characters a call."""


class Printed:
    """Standard output and error of a call."""

    encoding, errors = "utf-8", "surrogatepass"

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.left = MOST_PRINTED

    def write(self, text: str) -> int:
        self.parts.append(text[: self.left])
        self.left -= len(self.parts[-1])
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def take(self) -> bytes:
        text = "".join(self.parts)
        self.parts.clear()
        self.left = MOST_PRINTED
        return text.encode(self.encoding, self.errors)


def maker(steps: list[tuple[Any, ...]], entry: tuple[int, str]) -> Callable[[], Any]:
    """What makes the function anew, by the steps that `suanli.python.source` found."""
    ready = [prepared(step) for step in steps]

    def make() -> Any:
        spaces: dict[int, dict[str, Any]] = {}
        for step in ready:
            step(spaces)
        space, name = entry
        return spaces[space][name]

    return make


def prepared(step: tuple[Any, ...]) -> Callable[[dict[int, dict[str, Any]]], None]:
    kind, space, *rest = step
    if kind == "space":
        (module,) = rest
        return lambda spaces: spaces.update({space: namespace(module)})
    if kind == "import":
        name, module, path = rest
        found = imported(module, path)
        return lambda spaces: spaces[space].update({name: found})
    if kind == "constant":
        name, data = rest
        return lambda spaces: spaces[space].update({name: decode(data)})
    if kind == "link":
        name, other, there = rest
        return lambda spaces: spaces[space].update({name: spaces[other][there]})
    file, source = rest
    remember(file, source)
    # Annotations stay text: what they name need not be here.
    code = compile(source, file, "exec", 0x1000000, dont_inherit=True)
    return lambda spaces: exec(code, spaces[space])


def namespace(name: str) -> dict[str, Any]:
    module = type(sys)(name)
    vars(module)["__builtins__"] = builtins
    if name:
        # Dataclasses, and what else asks a class where it is from, look there.
        sys.modules[name] = module
    return vars(module)


def imported(module: str, path: str) -> Any:
    __import__(module)
    found: Any = sys.modules[module]
    for name in filter(None, path.split(".")):
        found = getattr(found, name)
    return found


sources: dict[str, list[str]] = {}


def remember(file: str, source: str) -> None:
    """For tracebacks: a file's pieces lie in its lines."""
    lines = sources.setdefault(file, [])
    for number, line in enumerate(source.split("\n")):
        if number == len(lines):
            lines.append(line)
        elif line:
            lines[number] = line


def traceback_of(error: BaseException) -> str:
    import linecache
    import traceback

    for file, lines in sources.items():
        text = [f"{line}\n" for line in lines]
        linecache.cache[file] = (sum(map(len, text)), None, text, file)
    first = error.__traceback__
    ours = traceback_of.__code__.co_filename
    while first and first.tb_frame.f_code.co_filename == ours:
        first = first.tb_next  # our own lines tell nobody anything
    error.__traceback__ = first
    return "".join(traceback.format_exception(error))


def told(error: BaseException) -> bytes:
    kind = type(error)
    try:
        arguments = encode(error.args)
    except NotPlain:
        arguments = b""
    try:
        text = str(error)
    except Exception:
        text = ""
    try:
        trace = traceback_of(error)
    except Exception:
        trace = f"{kind.__qualname__}: {text}\n"
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    return encode((name, arguments, text, trace))


def answered(make: Callable[[], Any], data: bytes) -> tuple[int, bytes]:
    try:
        args, named = decode(data)
        value = make()(*args, **named)
        try:
            return RETURNED, encode(value)
        except NotPlain as error:
            raise TypeError(f"what it returns can't travel: {error}") from None
    except BaseException as error:
        return RAISED, told(error)


def preloaded(names: list[str]) -> None:
    """Load what calls import, which takes a task's time, and no call's."""
    for name in names:
        try:
            __import__(name)
        except Exception:
            continue  # the function may do without, or say so itself


def reseed(seed: int) -> None:
    if "random" in sys.modules:
        sys.modules["random"].seed(seed)
    if "numpy.random" in sys.modules:
        # One number more than the other's seed has, which would give the same numbers.
        sys.modules["numpy.random"].seed([seed & 0xFFFFFFFF, seed >> 32, 1])


def main() -> None:
    with open("/function", "rb") as file:
        steps, entry, preload = decode(file.read())
    out, printed = sys.stdout.buffer, Printed()
    sys.stdout = sys.stderr = printed
    make = failing = None
    try:
        preloaded(preload)
        make = maker(steps, entry)
    except BaseException as error:
        failing = told(error)
    source = sys.stdin.buffer
    sys.stdin = None  # whoever asks for a line would take the next call
    while head := source.read(CALL.size):
        number, seed, size = CALL.unpack(head)
        data = source.read(size)
        reseed(seed)
        begun = time.perf_counter_ns()
        code, value = answered(make, data) if make else (RAISED, failing or b"")
        took = time.perf_counter_ns() - begun
        said = printed.take()
        out.write(ANSWER.pack(MARK, number, took, code, len(value), len(said)) + value + said)
        out.flush()


if __name__ == "__main__":
    sys.path.pop(0)  # this program's folder, in which no function looks for its modules
    main()
