"""Make NaNs canonical where a program can see their bits, and nowhere else.

Which bits an arithmetic instruction gives a NaN depends on the processor. They matter only where
something looks at them: a store, a reinterpretation, a call, a global, a block's result, the sign
that copysign takes, integer SIMD. A walk over a function follows values from arithmetic to there,
through locals and instructions that pass them on, and finds after which instructions a value has
to be made canonical. NaNs that were loaded or written down keep their bits, as they must.

A value has a set of flags. `KEPT`: it may be a NaN whose bits are the program's own. The others:
it may be a NaN from arithmetic, of the shape that they say. A local has the flags of all that is
ever put into it. Where one holds both kinds of NaN and is looked at, arithmetic results are made
canonical when they are put into it: later nobody could tell them from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from suanli.engine.guest.inspect import Reader
from suanli.engine.guest.rewrite import decode
from suanli.engine.guest.rewrite.canonical import (
    KEPT,
    LOCALS,
    S32,
    S64,
    SHAPES,
    V32,
    V64,
    canonical,
    harmless,
)
from suanli.engine.guest.rewrite.effects import BULK, PLAIN, SIMD

_UNSURE = S32 | S64 | V32 | V64
_WALKS = 8
"""After so many, no more is found out of a function: all its locals are kept canonical."""

Arity = tuple[int, int]
"""How many parameters and results."""
_Value = tuple[int, int, int]
"""Flags, the instruction after which it lies on top, and the local it was read from or -1."""
_PLAIN: _Value = (KEPT, -1, -1)


def with_canonical(
    instructions: Sequence[bytes],
    own: Arity,
    locals_: int,
    types: Sequence[Arity],
    functions: Sequence[int],
    tags: Sequence[int],
) -> tuple[list[bytes], list[int]]:
    """The instructions, some with more after them, and the types of the locals that this adds.

    Arguments as for `exposed`."""
    found = list(instructions)
    heads = bytes([instruction[0] for instruction in found])
    if 0xFD not in heads and not any(opcode in heads for opcode in _ARITHMETIC):
        return found, []
    marks = exposed(found, own, locals_, types, functions, tags)
    kinds = sorted({LOCALS[shape] for shape in marks.values()})
    for at, shape in marks.items():
        found[at] += canonical(shape, locals_ + kinds.index(LOCALS[shape]))
    return found, kinds


def exposed(
    instructions: Sequence[bytes],
    own: Arity,
    locals_: int,
    types: Sequence[Arity],
    functions: Sequence[int],
    tags: Sequence[int] = (),
) -> dict[int, int]:
    """After which instructions to make the value on top canonical, and its shape.

    `own`: of this function, which has `locals_` locals, parameters included. `functions` and `tags`
    say which of `types` each of the module's has.
    """
    forced: set[int] = set()
    flags = [KEPT] * own[0] + [0] * (locals_ - own[0])
    for _ in range(_WALKS):
        walk = _Walk(own, flags, forced, types, functions, tags)
        walk.through(instructions)
        if walk.mixed:
            forced |= walk.mixed
            flags = [KEPT] * own[0] + [0] * (locals_ - own[0])
        elif walk.found == flags:
            return walk.marks
        else:
            flags = walk.found
    walk = _Walk(own, [KEPT] * locals_, set(range(locals_)), types, functions, tags)
    walk.through(instructions)
    return walk.marks


class _Frame:
    def __init__(self, loop: bool, height: int, arity: Arity) -> None:
        self.height, self.parameters, self.results = height, arity[0], arity[1]
        self.carried = arity[0] if loop else arity[1]
        """Values that a branch to it brings."""


class _Walk:
    """Once over a function's instructions, with what is known of its locals."""

    def __init__(
        self,
        own: Arity,
        flags: Sequence[int],
        forced: set[int],
        types: Sequence[Arity],
        functions: Sequence[int],
        tags: Sequence[int],
    ) -> None:
        self._types, self._functions, self._tags = types, functions, tags
        self._flags, self._forced = flags, forced
        self.found = list(flags)
        """Flags of the locals, with what this walk put into them."""
        self.mixed: set[int] = set()
        """Locals that would have to be canonical before they are looked at."""
        self.marks: dict[int, int] = {}
        self._stack: list[_Value] = []
        self._frames = [_Frame(False, 0, (0, own[1]))]
        self._unreached = 0
        """Above 0 in code that is never reached: so many blocks deep."""
        self._at = 0

    def through(self, instructions: Sequence[bytes]) -> None:
        for self._at, instruction in enumerate(instructions):
            opcode = instruction[0]
            if self._unreached:
                self._skip(opcode)
            elif (does := _DOES.get(opcode)) is not None:
                does(self, instruction)
            else:
                takes, gives = PLAIN[opcode]
                self._effect(takes, gives)

    def _skip(self, opcode: int) -> None:
        if opcode in (0x02, 0x03, 0x04, 0x1F):
            self._unreached += 1
        elif opcode == 0x0B and self._unreached > 1:
            self._unreached -= 1
        elif opcode in (0x05, 0x0B) and self._unreached == 1:
            self._unreached = 0
            del self._stack[self._frames[-1].height :]
            if opcode == 0x05:
                self._give(self._frames[-1].parameters)
            else:
                self._give(self._frames.pop().results)

    # Values.

    def _effect(self, takes: str, gives: str) -> None:
        for kind in takes:
            value = self._stack.pop()
            if value[0] & _LOOKED_AT[kind]:
                self._observe(value)
        if gives:
            self._push(_GIVES[gives])

    def _push(self, flags: int, local: int = -1) -> None:
        self._stack.append((flags, self._at, local))

    def _give(self, count: int) -> None:
        self._stack += [_PLAIN] * count

    def _observe(self, value: _Value) -> int:
        """Have its bits be the same everywhere. Its flags then."""
        flags, at, local = value
        if not flags & _UNSURE:
            return flags
        if flags in SHAPES:
            self.marks[at] = flags
            return 0 if flags in (S32, S64) else KEPT
        self.mixed.add(local)
        return KEPT

    def _top(self, count: int) -> None:
        """Observe so many values, and leave them."""
        if count:
            for value in self._stack[-count:]:
                self._observe(value)

    def _pass(self, value: _Value) -> None:
        """Give what may be the same NaN, its sign changed or not."""
        if value[0] in _SIMPLE:
            self._push(value[0])
        else:
            self._push(self._observe(value))

    def _either(self, *values: _Value) -> None:
        """Give a value made of others, lane by lane at least."""
        flags = 0
        for value in values:
            flags |= value[0]
        if flags in _SIMPLE:
            self._push(flags)
        else:
            for value in values:
                self._observe(value)
            self._push(KEPT)

    # Control.

    def _arity(self, instruction: bytes) -> Arity:
        kind = instruction[1]
        if kind == 0x40:
            return 0, 0
        if 0x40 < kind < 0x80:
            return 0, 1
        return self._types[Reader(instruction, 1).number()]

    def _block(self, instruction: bytes) -> None:
        opcode = instruction[0]
        if opcode == 0x04:
            self._stack.pop()
        arity = self._arity(instruction)
        self._top(arity[0])
        height = len(self._stack) - arity[0]
        del self._stack[height:]
        self._give(arity[0])
        self._frames.append(_Frame(opcode == 0x03, height, arity))

    def _else(self, _: bytes) -> None:
        frame = self._frames[-1]
        self._top(frame.results)
        del self._stack[frame.height :]
        self._give(frame.parameters)

    def _end(self, _: bytes) -> None:
        frame = self._frames.pop()
        self._top(frame.results)
        del self._stack[frame.height :]
        self._give(frame.results)

    def _leave(self, depth: int) -> None:
        self._top(self._frames[-1 - depth].carried)

    def _branch(self, instruction: bytes) -> None:
        if instruction[0] == 0x0D:
            self._stack.pop()
        self._leave(Reader(instruction, 1).number())
        if instruction[0] == 0x0C:
            self._unreached = 1

    def _branch_table(self, instruction: bytes) -> None:
        self._stack.pop()
        self._leave(next(iter(decode.labels(instruction))))
        self._unreached = 1

    def _return(self, _: bytes) -> None:
        self._top(self._frames[0].results)
        self._unreached = 1

    def _unreachable(self, _: bytes) -> None:
        self._unreached = 1

    def _call(self, instruction: bytes) -> None:
        number = Reader(instruction, 1).number()
        if instruction[0] in (0x11, 0x13):
            self._stack.pop()
        else:
            number = self._functions[number]
        parameters, results = self._types[number]
        self._top(parameters)
        del self._stack[len(self._stack) - parameters :]
        self._give(results)
        if instruction[0] in (0x12, 0x13):
            self._unreached = 1

    def _throw(self, instruction: bytes) -> None:
        if instruction[0] == 0x08:
            self._top(self._types[self._tags[Reader(instruction, 1).number()]][0])
        self._unreached = 1

    # What passes values on.

    def _get(self, instruction: bytes) -> None:
        local = Reader(instruction, 1).number()
        self._push(self._flags[local], local)

    def _set(self, instruction: bytes) -> None:
        local = Reader(instruction, 1).number()
        value = self._stack.pop()
        flags = value[0]
        if local in self._forced:
            flags = self._observe(value)
        self.found[local] |= flags
        if instruction[0] == 0x22:
            self._push(flags, value[2])

    def _select(self, _: bytes) -> None:
        self._stack.pop()
        self._either(self._stack.pop(), self._stack.pop())

    def _negate(self, _: bytes) -> None:
        self._pass(self._stack.pop())

    def _lanes(self, instruction: bytes) -> None:
        """abs and neg of vectors, and pmin and pmax, which choose lanes."""
        other = V64 if instruction[1] < 0xEC else V32
        values = [self._stack.pop() for _ in range(2 if instruction[1] in _CHOOSE else 1)]
        for position, value in enumerate(values):
            if value[0] & other:
                self._observe(value)
                values[position] = _PLAIN
        self._either(*values)

    def _copysign(self, _: bytes) -> None:
        self._observe(self._stack.pop())
        self._pass(self._stack.pop())

    def _constant(self, instruction: bytes) -> None:
        self._push(0 if harmless(instruction[1:]) else KEPT)

    # With prefixes.

    def _more(self, instruction: bytes) -> None:
        self._effect(*BULK[instruction[1]])

    def _simd(self, instruction: bytes) -> None:
        opcode = instruction[1]
        if (does := _SIMD_DOES.get(opcode)) is not None:
            does(self, instruction)
        else:
            self._effect(*SIMD.get(opcode, ("bb", "k")))

    def _vector(self, instruction: bytes) -> None:
        lanes = [instruction[2:][i : i + 4] for i in range(0, 16, 4)]
        lanes += [instruction[2:][i : i + 8] for i in (0, 8)]
        self._push(0 if all(map(harmless, lanes)) else KEPT)

    def _shuffle(self, instruction: bytes) -> None:
        second, first = self._stack.pop(), self._stack.pop()
        flags = first[0] | second[0]
        size = {V32: 4, V64: 8}.get(flags, 16)
        lanes = [instruction[2:][i : i + size] for i in range(0, 16, size)]
        whole = all(
            lane[0] % size == 0 and lane == bytes(range(lane[0], lane[0] + size)) for lane in lanes
        )
        if flags in _SIMPLE and (whole or flags in (0, KEPT)):
            self._push(flags or KEPT)
        else:
            self._observe(first)
            self._observe(second)
            self._push(KEPT)

    def _splat(self, _: bytes) -> None:
        self._as_vector(self._stack.pop())

    def _as_vector(self, *values: _Value) -> None:
        """Give a vector of scalars and vectors that have the same lanes."""
        flags = 0
        for value in values:
            flags |= {S32: V32, S64: V64}.get(value[0], value[0])
        if flags in _SIMPLE:
            self._push(flags or KEPT)
        else:
            for value in values:
                self._observe(value)
            self._push(KEPT)

    def _replace(self, instruction: bytes) -> None:
        scalar, vector = self._stack.pop(), self._stack.pop()
        if vector[0] & (V64 if instruction[1] == 0x20 else V32):
            self._observe(vector)
            vector = _PLAIN
        self._as_vector(scalar, vector)

    def _extract(self, instruction: bytes) -> None:
        value = self._stack.pop()
        shape, scalar = (V32, S32) if instruction[1] == 0x1F else (V64, S64)
        if value[0] == shape:
            self._push(scalar)
        else:
            self._push(KEPT if self._observe(value) else 0)


_SIMPLE = {0, KEPT, *SHAPES}
"""Sets of flags with which a value can be left as it is until it is looked at."""
_GIVES = {"k": KEPT, "0": 0, "s": S32, "d": S64, "4": V32, "2": V64}


_ARITHMETIC = {opcode for opcode, (_, gives) in PLAIN.items() if gives in ("s", "d")}
_LOOKED_AT = {".": 0, "n": 0, "b": _UNSURE, "4": V64, "2": V32}
_CHOOSE = (0xEA, 0xEB, 0xF6, 0xF7)
_SIMD_DOES: dict[int, Callable[[_Walk, bytes], None]] = {
    0x0C: _Walk._vector,
    0x0D: _Walk._shuffle,
    0x13: _Walk._splat,
    0x14: _Walk._splat,
    0x1F: _Walk._extract,
    0x20: _Walk._replace,
    0x21: _Walk._extract,
    0x22: _Walk._replace,
    **dict.fromkeys((0xE0, 0xE1, 0xEC, 0xED, *_CHOOSE), _Walk._lanes),
}
_DOES: dict[int, Callable[[_Walk, bytes], None]] = {
    0x00: _Walk._unreachable,
    0x02: _Walk._block,
    0x03: _Walk._block,
    0x04: _Walk._block,
    0x1F: _Walk._block,
    0x05: _Walk._else,
    0x0B: _Walk._end,
    0x08: _Walk._throw,
    0x0A: _Walk._throw,
    0x0C: _Walk._branch,
    0x0D: _Walk._branch,
    0x0E: _Walk._branch_table,
    0x0F: _Walk._return,
    **dict.fromkeys((0x10, 0x11, 0x12, 0x13), _Walk._call),
    0x1B: _Walk._select,
    0x1C: _Walk._select,
    0x20: _Walk._get,
    0x21: _Walk._set,
    0x22: _Walk._set,
    **dict.fromkeys((0x43, 0x44), _Walk._constant),
    **dict.fromkeys((0x8B, 0x8C, 0x99, 0x9A), _Walk._negate),
    **dict.fromkeys((0x98, 0xA6), _Walk._copysign),
    0xFC: _Walk._more,
    0xFD: _Walk._simd,
}
