"""WebAssembly modules taken apart and put together again, as far as snapshots need it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

HEAD = b"\0asm\1\0\0\0"
TYPES, IMPORTS, FUNCTIONS, MEMORY, EXPORTS, CODE, DATA = 1, 2, 3, 5, 7, 10, 11
_BLOCK = 1 << 10
"""Bytes of memory that are looked at together for whether they are zero."""


def sections(code: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content, without what only debuggers read. Raises ValueError if it is no module."""
    if code[: len(HEAD)] != HEAD:
        raise ValueError("it is no WebAssembly module")
    at = len(HEAD)
    while at < len(code):
        size, start = number(code, at + 1)
        end = start + size
        if end > len(code):
            raise ValueError("the module ends within a section")
        if code[at]:
            yield code[at], code[start:end]
        at = end


def joined(parts: Iterable[tuple[int, bytes]]) -> bytes:
    """A module of these sections."""
    whole = [HEAD]
    for kind, body in parts:
        whole += [bytes([kind]), unsigned(len(body)), body]
    return b"".join(whole)


def stripped(code: bytes) -> bytes:
    """The module without what only debuggers read. Raises ValueError if it is none."""
    return joined(sections(code))


def number(code: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128, and where it ends."""
    value = shift = 0
    while True:
        byte = code[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def unsigned(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def signed(value: int) -> bytes:
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value & 0x7F])


def name(text: str) -> bytes:
    return unsigned(len(text)) + text.encode()


def added(body: bytes, item: bytes) -> tuple[bytes, int]:
    """A section with one more item at its end, and how many it had."""
    count, at = number(body, 0)
    return unsigned(count + 1) + body[at:] + item, count


def imports(body: bytes) -> list[tuple[str, str, bytes]]:
    """Module, name and what it is, of each import; functions only."""
    count, at = number(body, 0)
    found = []
    for _ in range(count):
        module, at = _text(body, at)
        named, at = _text(body, at)
        start = at
        if body[at] != 0:
            raise ValueError("it imports more than functions")
        _, at = number(body, at + 1)
        found.append((module, named, body[start:at]))
    return found


def exports(body: bytes) -> dict[str, int]:
    """Numbers of the functions that are exported."""
    count, at = number(body, 0)
    found = {}
    for _ in range(count):
        named, at = _text(body, at)
        kind = body[at]
        which, at = number(body, at + 1)
        if kind == 0:
            found[named] = which
    return found


def segments(memory: bytes) -> bytes:
    """A data section from which a memory is made that holds this, beside zeros."""
    found: list[bytes] = []
    start = None
    for at in range(0, len(memory) + _BLOCK, _BLOCK):
        empty = not memory[at : at + _BLOCK].strip(b"\0")
        if start is None and not empty:
            start = at
        elif start is not None and empty:
            data = memory[start:at].rstrip(b"\0")
            skip = len(data) - len(data.lstrip(b"\0"))
            data, place = data[skip:], start + skip
            # The offset is a signed constant.
            offset = signed(place - (1 << 32) if place >> 31 else place)
            found.append(b"\0\x41" + offset + b"\x0b" + unsigned(len(data)) + data)
            start = None
    return unsigned(len(found)) + b"".join(found)


def _text(body: bytes, at: int) -> tuple[str, int]:
    size, at = number(body, at)
    return body[at : at + size].decode(), at + size
