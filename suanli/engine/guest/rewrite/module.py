"""Go through the sections of a module that passed validation, and write those that change."""

from __future__ import annotations

from suanli.engine.guest.inspect import CORE_MODULE, Reader
from suanli.engine.guest.rewrite import encode
from suanli.engine.guest.rewrite.decode import Unreadable, instructions
from suanli.engine.guest.rewrite.exceptions import Holding, bytes_of, concerns, with_held
from suanli.engine.guest.rewrite.metering import Function
from suanli.engine.guest.rewrite.nans import Arity, with_canonical
from suanli.engine.prices import at_start

FUEL, START, MEMORY, GLOBAL = "fuel", "start", "m", "g"
"""Exports of what comes out: the global with the fuel left, the start function, and for traces the
memory, by whatever name the program exports it, and `GLOBAL` with 0, 1, … its mutable globals."""
MAX_SEEN = 1_000
"""Of a program's globals: a module can have a million, and not many more exports."""

MAX_FUNCTION_BYTES, MAX_LOCALS = 7_654_321, 50_000
"""What wasmtime takes; metering adds to both."""

_CUSTOM, _TYPES, _IMPORTS, _FUNCTIONS, _MEMORIES, _GLOBALS, _EXPORTS = 0, 1, 2, 3, 5, 6, 7
_START, _ELEMENTS, _CODE, _DATA, _TAGS = 8, 9, 10, 11, 13
_ORDER = (1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11)
_FUNCTION, _MEMORY, _GLOBAL = 0, 2, 3
_NUMBERS = ("i32", "i64", "f32", "f64", "v128")


def rewrite(code: bytes, memory: int, portable: bool = False) -> bytes:
    """`code` so that it counts its fuel, which starts at minus what the start costs.

    `memory` is what it starts with, in bytes. Of its exports only `_start` and `memory` keep their
    names, the others are numbered, so that none can be taken for ours. The start function does not
    start by itself: the host has to set the fuel first. If `portable`, its NaNs are canonical where
    it sees them. Raises `Unreadable`."""
    return _Rewriting(code, memory, portable).result


class _Rewriting:
    def __init__(self, code: bytes, memory: int, portable: bool) -> None:
        self._code, self._portable = code, portable
        self._sections = _sections(code)
        self._results: list[bytes] = []
        """Of each type, as the module has them."""
        self._blocks: dict[int, bytes] = {}
        """Blocks around all of a function, by its type, whose own types are added."""
        self._types = self._read_types()
        self._imported, self._own = self._read_imports(), self._read_functions()
        self._tags = self._read_tags()
        start, end = self._sections.get(_GLOBALS, (0, 0))
        self._globals = Reader(code, start).number() if end else 0
        self._thrown = [self._types[tag][0] for tag in self._tags]
        self._holding = self._what_is_held()
        price = at_start(memory, self._size(_DATA), self._size(_ELEMENTS))
        changed = {
            _GLOBALS: self._with_global(-price),
            _EXPORTS: self._exports(),
            _CODE: self._bodies(),
            _START: b"",
        }
        if self._blocks:
            changed[_TYPES] = self._more_types()
        out = [CORE_MODULE]
        for kind in _ORDER:
            if kind in changed:
                body = changed[kind]
            else:
                start, end = self._sections.get(kind, (0, 0))
                body = code[start:end]
            if body:
                out.append(encode.section(kind, body))
        self.result = b"".join(out)

    def _size(self, kind: int) -> int:
        start, end = self._sections.get(kind, (0, 0))
        return end - start

    def _reader(self, kind: int) -> tuple[Reader, int]:
        """At the items of a section, and how many there are."""
        if kind not in self._sections:
            return Reader(b"", 0), 0
        reader = Reader(self._code, self._sections[kind][0])
        return reader, reader.number()

    def _read_types(self) -> list[Arity]:
        reader, count = self._reader(_TYPES)
        found = []
        for _ in range(count):
            reader.byte()
            parameters, start = len(reader.values()), reader.position
            found.append((parameters, len(reader.values())))
            self._results.append(self._code[start : reader.position])
        return found

    def _read_imports(self) -> list[int]:
        """Type of each function that it imports: it imports nothing else."""
        reader, count = self._reader(_IMPORTS)
        found = []
        for _ in range(count):
            reader.name()
            reader.name()
            reader.byte()
            found.append(reader.number())
        return found

    def _read_functions(self) -> list[int]:
        """Type of each function of its own."""
        reader, count = self._reader(_FUNCTIONS)
        return [reader.number() for _ in range(count)]

    def _read_tags(self) -> list[int]:
        """Type of each."""
        reader, count = self._reader(_TAGS)
        found = []
        for _ in range(count):
            reader.byte()
            found.append(reader.number())
        return found

    def _what_is_held(self) -> Holding | None:
        """None if nothing can be thrown."""
        if not self._thrown:
            return None
        return Holding(self._globals + 1, self._globals, bytes_of(max(self._thrown)), self._types)

    def _with_global(self, value: int) -> bytes:
        """Ours comes last, so that the program's, of which none is imported, keep their places."""
        reader, count = self._reader(_GLOBALS)
        rest = b""
        if count:
            rest = self._code[reader.position : self._sections[_GLOBALS][1]]
        ours = bytes([encode.I64, 1]) + encode.constant(value) + encode.END
        if self._holding:
            ours += bytes([encode.I64, 1]) + encode.constant(0) + encode.END
        return encode.unsigned(count + (2 if self._holding else 1)) + rest + ours

    def _exports(self) -> bytes:
        items = [_export(FUEL, _GLOBAL, self._globals)]
        if _START in self._sections:
            start = Reader(self._code, self._sections[_START][0]).number()
            items.append(_export(START, _FUNCTION, start))
        if self._reader(_MEMORIES)[1]:
            items.append(_export(MEMORY, _MEMORY, 0))
        for number, index in enumerate(self._seen_globals()):
            items.append(_export(f"{GLOBAL}{number}", _GLOBAL, index))
        reader, count = self._reader(_EXPORTS)
        for position in range(count):
            name, kind, index = reader.name(), reader.byte(), reader.number()
            if (name, kind) not in (("_start", _FUNCTION), ("memory", _MEMORY)):
                # Only functions need to stay: what is exported may be referred to.
                name = str(position)
                if kind != _FUNCTION:
                    continue
            items.append(_export(name, kind, index))
        return encode.vector(items)

    def _seen_globals(self) -> list[int]:
        """The first of those that change and are numbers."""
        reader, count = self._reader(_GLOBALS)
        found: list[int] = []
        for index in range(count):
            kind, mutable = reader.value(), reader.byte()
            reader.expression()
            if mutable and kind in _NUMBERS:
                found.append(index)
        return found[:MAX_SEEN]

    def _block(self, kind: int) -> bytes:
        """The type of a block that takes nothing and gives what functions of type `kind` do."""
        results = self._types[kind][1]
        if not results:
            return b"\x40"
        if results == 1:
            return self._results[kind][1:]
        if kind not in self._blocks:
            self._blocks[kind] = encode.signed(len(self._types) + len(self._blocks))
        return self._blocks[kind]

    def _more_types(self) -> bytes:
        reader, count = self._reader(_TYPES)
        own = self._code[reader.position : self._sections[_TYPES][1]]
        more = b"".join(b"\x60\0" + self._results[kind] for kind in self._blocks)
        return encode.unsigned(count + len(self._blocks)) + own + more

    def _bodies(self) -> bytes:
        reader, _ = self._reader(_CODE)
        bodies = []
        functions = self._imported + self._own
        for kind in self._own:
            size = reader.number()
            end = reader.position + size
            bodies.append(self._body(reader, end, kind, functions))
            reader.position = end
        return encode.vector(bodies) if bodies else b""

    def _body(self, reader: Reader, end: int, kind: int, functions: list[int]) -> bytes:
        own = self._types[kind]
        groups, declared, references = [], 0, []
        for _ in range(reader.number()):
            start, first = reader.position, own[0] + declared
            declared += reader.number()
            if reader.value() == "exnref":
                references.append(range(first, own[0] + declared))
            groups.append(self._code[start : reader.position])
        found = instructions(self._code, reader.position, end)
        free = own[0] + declared
        added: list[int] = []
        if self._portable:
            tags = self._tags
            found, added = with_canonical(found, own, free, self._types, functions, tags)
        heads = bytes([instruction[0] for instruction in found]) if self._holding else b""
        if self._holding and concerns(heads):
            block = self._block(kind)
            first = free + len(added)
            kept = {local for group in references for local in group}
            found, more = with_held(found, block, first, kept, self._holding)
            added += more
        function = Function(self._globals, free, declared, found, added, self._thrown)
        rewritten = b"".join(function.rewritten())
        groups += [bytes([1, kind]) for kind in function.added]
        body = encode.vector(groups) + rewritten
        if len(body) > MAX_FUNCTION_BYTES or function.scratch + len(function.added) > MAX_LOCALS:
            raise Unreadable("a function is too large to be metered")
        return encode.unsigned(len(body)) + body


def _sections(code: bytes) -> dict[int, tuple[int, int]]:
    """From where to where the content of each goes. What custom ones say means nothing here."""
    found = {}
    reader = Reader(code, len(CORE_MODULE))
    while reader.position < len(code):
        kind, size = reader.byte(), reader.number()
        if kind != _CUSTOM:
            found[kind] = (reader.position, reader.position + size)
        reader.position += size
    return found


def _export(name: str, kind: int, index: int) -> bytes:
    text = name.encode()
    return encode.unsigned(len(text)) + text + bytes([kind]) + encode.unsigned(index)
