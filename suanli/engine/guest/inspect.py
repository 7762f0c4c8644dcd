"""The few facts of a module that decide, before it runs, whether it can: read from its bytes."""

from __future__ import annotations

from dataclasses import dataclass

from suanli.engine.runtime import ELEMENT_BYTES
from suanli.engine.task import PAGE

CORE_MODULE = b"\0asm\x01\0\0\0"
"""Components and text start otherwise; wasmtime must not see them (it aborts on some)."""

_TABLE_SECTION, _MEMORY_SECTION = 4, 5


@dataclass(frozen=True)
class Needs:
    """What a module asks for when it starts."""

    memory: int
    """Bytes of linear memory, and of the host's for the elements of tables."""
    tables: int
    table_elements: int
    """In the largest table."""


def needs_of(code: bytes) -> Needs:
    """Read the sizes of memory and tables from a core module that has passed validation."""
    memory = tables = elements = largest = 0
    reader = _Reader(code, len(CORE_MODULE))
    while reader.position < len(code):
        section = reader.byte()
        size = reader.number()
        end = reader.position + size
        if section == _TABLE_SECTION:
            tables = reader.number()
            for _ in range(tables):
                reader.byte()  # element type
                least = reader.minimum()
                elements, largest = elements + least, max(largest, least)
        elif section == _MEMORY_SECTION:
            memory = sum(reader.minimum() for _ in range(reader.number())) * PAGE
        reader.position = end
    return Needs(memory + elements * ELEMENT_BYTES, tables, largest)


class _Reader:
    def __init__(self, code: bytes, position: int) -> None:
        self._code, self.position = code, position

    def byte(self) -> int:
        self.position += 1
        return self._code[self.position - 1]

    def number(self) -> int:
        """An unsigned LEB128 number."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def minimum(self) -> int:
        """The lower of a pair of limits, of which the upper one may be missing."""
        bounded = self.byte() & 1
        low = self.number()
        if bounded:
            self.number()
        return low
