"""Make a command of a program that was built for a platform with more than WASI."""

from suanli.engine.guest.inspect import CORE_MODULE, Reader
from suanli.engine.guest.rewrite.encode import section, unsigned, vector

WASI = "wasi_snapshot_preview1"
TYPES, IMPORTS, FUNCTIONS, EXPORTS, CODE = 1, 2, 3, 7, 10


def adapted(code: bytes, instead: dict[str, str], run: str = "") -> bytes:
    """`code` that imports WASI's functions `instead` of those that its own platform has. If `run`
    is given, it gets a `_start` that calls this export and exits with what it gives."""
    reader, out = Reader(code, len(CORE_MODULE)), [CORE_MODULE]
    calls: dict[str, int] = {}
    while reader.position < len(code):
        kind, size = reader.byte(), reader.number()
        body = code[reader.position : reader.position + size]
        reader.position += size
        if kind == IMPORTS:
            body, calls = _imports(body, instead)
        elif run and kind == TYPES:
            count, rest = _items(body)
            body, started = unsigned(count + 1) + rest + b"\x60\0\0", count
        elif run and kind == FUNCTIONS:
            count, rest = _items(body)
            body, last = unsigned(count + 1) + rest + unsigned(started), count
        elif run and kind == EXPORTS:
            count, rest = _items(body)
            calls |= _exported(body)
            body = unsigned(count + 1) + rest + _name("_start") + b"\0" + unsigned(calls[""] + last)
        elif run and kind == CODE:
            count, rest = _items(body)
            main = (
                b"\0\x10" + unsigned(calls[run]) + b"\x10" + unsigned(calls["proc_exit"]) + b"\x0b"
            )
            body = unsigned(count + 1) + rest + unsigned(len(main)) + main
        out.append(section(kind, body))
    return b"".join(out)


def _items(body: bytes) -> tuple[int, bytes]:
    reader = Reader(body, 0)
    return reader.number(), body[reader.position :]


def _imports(body: bytes, instead: dict[str, str]) -> tuple[bytes, dict[str, int]]:
    """The section, and the number of each function, of all under ""."""
    reader, items, numbers = Reader(body, 0), [], {}
    for number in range(reader.number()):
        module, name = reader.name(), reader.name()
        start = reader.position
        reader.byte()
        reader.number()
        name = name if module == WASI else instead[name]
        numbers[name] = number
        items.append(_name(WASI) + _name(name) + body[start : reader.position])
    return vector(items), numbers | {"": len(items)}


def _exported(body: bytes) -> dict[str, int]:
    reader, found = Reader(body, 0), {}
    for _ in range(reader.number()):
        name, kind, number = reader.name(), reader.byte(), reader.number()
        if kind == 0:
            found[name] = number
    return found


def _name(text: str) -> bytes:
    return unsigned(len(text)) + text.encode()
