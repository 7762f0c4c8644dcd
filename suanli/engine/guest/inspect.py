"""What decides, before a module is compiled, whether it can run: read from its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from suanli.engine.runtime import (
    ELEMENT_BYTES,
    EXCEPTION_BYTES,
    MAX_GLOBALS,
    MAX_TABLES,
    TABLE_ELEMENTS,
)
from suanli.engine.task import PAGE

CORE_MODULE = b"\0asm\x01\0\0\0"
"""Components and text start otherwise; wasmtime must not see them (it aborts on some)."""

_FUNCTION = 0
_KINDS = ("function", "table", "memory", "global", "tag")
_VALUES = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128"}
_VALUES |= {0x70: "funcref", 0x6F: "externref", 0x69: "exnref"}
REFERENCES = (0x63, 0x64)
_CONFINED = ("exnref", "externref")

Signature = tuple[tuple[str, ...], tuple[str, ...]]
"""Types of parameters and of results, as WebAssembly's text names them."""


@dataclass
class Needs:
    """What a module asks for."""

    memory: int = 0
    """Bytes when it starts: of linear memory, and of the host's for the elements of tables."""
    tables: int = 0
    table_elements: int = 0
    """In the largest table."""
    imports: list[tuple[str, str, str, Signature | None]] = field(default_factory=list)
    """Module, name, kind, and the signature of a function."""
    start: Signature | None = None
    """Of the function that it exports as `_start`."""
    exceptions: bool = False
    """Whether it has tags."""
    globals: int = 0
    escaping: str = ""
    """A place in which references would outlive functions, if there is one."""

    def at_start(self) -> int:
        """Bytes of the host's that it has, or can come to have beside its own, when it starts."""
        return self.memory + (EXCEPTION_BYTES if self.exceptions else 0)

    def objection(self, known: Mapping[tuple[str, str], Signature]) -> str:
        """Why it can't run where only the functions `known` can be imported, or ""."""
        if self.tables > MAX_TABLES or self.table_elements > TABLE_ELEMENTS:
            return f"more than {MAX_TABLES} tables or {TABLE_ELEMENTS} elements in one"
        if self.exceptions and self.globals > MAX_GLOBALS:
            return f"more than {MAX_GLOBALS} globals beside exceptions"
        if self.escaping:
            return f"{self.escaping}: only locals and blocks can hold exceptions and externref"
        if self.start is None:
            return "exports no function _start: build it as a command, not as a library"
        if self.start != ((), ()):
            return "_start must have neither parameters nor results"
        for module, name, kind, signature in self.imports:
            found = known.get((module, name))
            if found is None or signature is None:
                named = f"{kind} {module}::{name}"
                return f"imports the {named}, which is not there: only WASI preview 1 is"
            if found != signature:
                return f"imports {module}::{name} as {_text(signature)}; it is {_text(found)}"
        return ""


def needs_of(code: bytes) -> Needs:
    """Read a core module that has passed validation."""
    return _Inspection(code).needs


class _Inspection:
    def __init__(self, code: bytes) -> None:
        self.needs = Needs()
        self._types: list[Signature] = []
        self._confined: list[tuple[str, ...]] = []
        """What of each type's parameters and results can't leave a function."""
        self._functions: list[int] = []
        items = {
            1: self._type,
            2: self._import,
            3: self._function,
            4: self._table,
            5: self._memory,
            6: self._global,
            7: self._export,
            13: self._tag,
        }
        reader = Reader(code, len(CORE_MODULE))
        while reader.position < len(code):
            section, size = reader.byte(), reader.number()
            end = reader.position + size
            if section in items:
                for _ in range(reader.number()):
                    items[section](reader)
            reader.position = end

    def _type(self, reader: Reader) -> None:
        reader.byte()  # that it is a function's, the only kind that validation lets through
        self._types.append((reader.values(), reader.values()))
        self._confined.append(tuple(map(_confined, self._types[-1])))

    def _import(self, reader: Reader) -> None:
        module, name, kind = reader.name(), reader.name(), reader.byte()
        signature = None
        if kind == _FUNCTION:
            self._function(reader)
            signature = self._types[self._functions[-1]]
        else:
            reader.described(kind)
        self.needs.imports.append((module, name, _KINDS[kind], signature))

    def _function(self, reader: Reader) -> None:
        kind = reader.number()
        self._functions.append(kind)
        parameter, result = self._confined[kind]
        self._confine("a parameter of a function", parameter)
        self._confine("a result of a function", result)

    def _tag(self, reader: Reader) -> None:
        reader.byte()
        self.needs.exceptions = True
        self._confine("a parameter of a tag", self._confined[reader.number()][0])

    def _global(self, reader: Reader) -> None:
        kind = reader.value()
        reader.byte()  # whether it changes
        reader.expression()
        self.needs.globals += 1
        self._confine("a global", _confined((kind,)))

    def _confine(self, place: str, found: str) -> None:
        if found:
            self.needs.escaping = f"{place} is an {found}"

    def _table(self, reader: Reader) -> None:
        self._confine("a table's element", _confined((reader.value(),)))
        size = reader.minimum()
        self.needs.tables += 1
        self.needs.table_elements = max(self.needs.table_elements, size)
        self.needs.memory += size * ELEMENT_BYTES

    def _memory(self, reader: Reader) -> None:
        self.needs.memory += reader.minimum() * PAGE

    def _export(self, reader: Reader) -> None:
        name, kind, index = reader.name(), reader.byte(), reader.number()
        if name == "_start" and kind == _FUNCTION:
            self.needs.start = self._types[self._functions[index]]


class Reader:
    """Reads what validation has found to be well-formed."""

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

    def name(self) -> str:
        size = self.number()
        self.position += size
        return self._code[self.position - size : self.position].decode()

    def value(self) -> str:
        """A type of value."""
        code = self.byte()
        if code in REFERENCES:
            code = self.byte()  # to what
        return _VALUES.get(code, "ref")

    def values(self) -> tuple[str, ...]:
        return tuple([self.value() for _ in range(self.number())])

    def described(self, kind: int) -> None:
        """Pass over what an import that is no function says of itself."""
        if _KINDS[kind] == "table":
            self.value()
        if _KINDS[kind] in ("table", "memory"):
            self.minimum()
        elif _KINDS[kind] == "global":
            self.value()
            self.byte()  # whether it changes
        else:
            self.byte()
            self.number()  # a tag's type

    def expression(self) -> None:
        """Pass over a constant expression."""
        while (opcode := self.byte()) != 0x0B:
            if opcode in (0x41, 0x42, 0x23, 0xD0, 0xD2):
                self.number()
            else:
                self.position += {0x43: 4, 0x44: 8, 0xFD: 17}.get(opcode, 0)

    def minimum(self) -> int:
        """The lower of a pair of limits, of which the upper one may be missing."""
        bounded = self.byte() & 1
        low = self.number()
        if bounded:
            self.number()
        return low


def _confined(types: tuple[str, ...]) -> str:
    """A type among these whose values can't leave a function, or "".

    A collector would go through all places that outlive one."""
    return next((kind for kind in _CONFINED if kind in types), "")


def _text(signature: Signature) -> str:
    parameters, results = (" ".join(types) or "nothing" for types in signature)
    return f"{parameters} -> {results}"
