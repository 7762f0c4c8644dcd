"""A WebAssembly module without what only debuggers read."""

from __future__ import annotations

HEAD = 8


def stripped(code: bytes) -> bytes:
    """The module without its custom sections. Raises ValueError if it is none."""
    parts, at = [code[:HEAD]], HEAD
    while at < len(code):
        size, start = _number(code, at + 1)
        end = start + size
        if end > len(code):
            raise ValueError("the module ends within a section")
        if code[at]:
            parts.append(code[at:end])
        at = end
    return b"".join(parts)


def _number(code: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128, and where it ends."""
    value = shift = 0
    while True:
        byte = code[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
