"""Let a function count what it executes.

Fuel left is a global of the module; it may fall below zero for a moment. A function keeps it in a
local, which becomes a register, and puts it back for what it calls and when it ends; one that
catches exceptions leaves it in the global, because what it called may have counted before it threw.
The prices of a straight run of instructions are summed up here and subtracted at its end. At
function entries and heads of loops, a count below zero traps. It is in the global then, and that is
how a host tells this trap from a program's own. Code that is never reached is counted where it is
never reached, so nobody has to find out which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from suanli.engine.guest.inspect import Reader
from suanli.engine.guest.rewrite import decode, encode
from suanli.engine.prices import BULK, PLAIN, SIMD, SPECIAL, Price

_LOOP, _IF, _THROW, _TRY_TABLE = 0x03, 0x04, 0x08, 0x1F
_CALLS = (0x10, 0x11, 0x12, 0x13)
_SMALL = 64
"""A function without loops and calls that costs no more is not checked at its entry."""


@dataclass
class _Label:
    loop: bool = False
    joined: bool = False
    """A branch leads to its end."""


@dataclass
class Function:
    """One function while it is rewritten."""

    counter: int
    """Index of the global."""
    scratch: int
    """Index of the first local that is free."""
    declared: int
    """Locals besides the parameters."""
    instructions: list[bytes]
    added: list[int] = field(default_factory=list)
    """Types of the locals that are added."""
    tags: Sequence[int] = ()
    """How many values come with an exception of each."""
    _labels: list[_Label] = field(default_factory=lambda: [_Label(joined=True)])
    _pending: int = 0

    def __post_init__(self) -> None:
        self._out: list[bytes] = []
        heads = bytes([instruction[0] for instruction in self.instructions])
        kept = encode.unsigned(self.counter)
        self._get, self._put = b"\x23" + kept, b"\x24" + kept
        self._spill = self._reload = b""
        if _TRY_TABLE not in heads:
            local = encode.unsigned(self._local(encode.I64))
            self._spill, self._reload = b"\x20" + local + self._put, self._get + b"\x21" + local
            self._get, self._put = b"\x20" + local, b"\x21" + local
        self._calls = any(opcode in heads for opcode in _CALLS)
        self._loops = _LOOP in heads
        self._check = self._get + encode.IF_NEGATIVE + self._spill
        self._check += encode.UNREACHABLE + encode.END
        self._scratch: tuple[bytes, bytes] | None = None

    def rewritten(self) -> list[bytes]:
        self._pending = Price.ENTRY + -(-self.declared // Price.LOCALS)
        out, plain = self._out, PLAIN_OR_SPECIAL
        out.append(self._reload)
        if self._loops or self._calls:
            out.append(self._check)
        else:
            out.append(b"")  # to be the check, if it turns out to be long
        total = 0
        for instruction in self.instructions:
            price = plain[instruction[0]]
            if price >= 0:
                self._pending += price
                out.append(instruction)
            else:
                total += self._pending
                _SPECIAL[instruction[0]](self, instruction)
        if total > _SMALL:
            out[1] = self._check
        return out

    def _local(self, kind: int) -> int:
        self.added.append(kind)
        return self.scratch + len(self.added) - 1

    def _flush(self, price: int = 0) -> None:
        """Charge what was executed since the last time, and `price`."""
        pending = self._pending + price
        if pending:
            self._out.append(self._get + encode.constant(pending) + encode.SUBTRACT + self._put)
            self._pending = 0

    def _block(self, instruction: bytes) -> None:
        self._labels.append(_Label())
        self._out.append(instruction)

    def _loop(self, instruction: bytes) -> None:
        self._flush()
        self._labels.append(_Label(loop=True))
        self._out += (instruction, self._check)

    def _if(self, instruction: bytes) -> None:
        self._flush(PLAIN[_IF])
        self._labels.append(_Label(joined=True))
        self._out.append(instruction)

    def _else(self, instruction: bytes) -> None:
        self._flush()
        self._out.append(instruction)

    def _end(self, instruction: bytes) -> None:
        label = self._labels.pop()
        if label.joined:
            self._flush()
        if not self._labels:
            self._out.append(self._spill)
        self._out.append(instruction)

    def _branch(self, instruction: bytes) -> None:
        self._branches(instruction, {Reader(instruction, 1).number()})

    def _branch_table(self, instruction: bytes) -> None:
        self._branches(instruction, decode.labels(instruction))

    def _branches(self, instruction: bytes, depths: set[int]) -> None:
        self._flush(PLAIN[instruction[0]])
        for depth in depths:
            if self._join(depth) is self._labels[0]:
                self._out.append(self._spill)
        self._out.append(instruction)

    def _join(self, depth: int) -> _Label:
        label = self._labels[-1 - depth]
        label.joined = not label.loop
        return label

    def _try(self, instruction: bytes) -> None:
        for catch in decode.catches(instruction):
            self._join(catch.depth)
        self._block(instruction)

    def _throw(self, instruction: bytes) -> None:
        """throw, throw_ref"""
        values = 0
        if instruction[0] == _THROW:
            values = self.tags[Reader(instruction, 1).number()]
        self._flush(Price.THROW + values * Price.THROWN)
        self._out += (self._spill, instruction)

    def _leave(self, instruction: bytes) -> None:
        """return, unreachable"""
        self._flush()
        self._out += (self._spill, instruction)

    def _call(self, instruction: bytes) -> None:
        indirect, tail = instruction[0] in (0x11, 0x13), instruction[0] in (0x12, 0x13)
        self._flush(Price.CALL_INDIRECT if indirect else Price.CALL)
        self._out += (self._spill, instruction)
        if not tail:
            self._out.append(self._reload)

    def _simd(self, instruction: bytes) -> None:
        self._pending += SIMD[instruction[1]]
        self._out.append(instruction)

    def _more(self, instruction: bytes) -> None:
        price, each = BULK[instruction[1]]
        self._pending += price
        if not each:
            self._out.append(instruction)
        elif instruction[1] == 15:
            self._grow(instruction, each)
        else:
            self._flush()
            size, _ = self._scratches()
            self._out += (b"\x22", size, self._charge(size, each), self._check, instruction)

    def _memory_grow(self, instruction: bytes) -> None:
        self._pending += Price.GROW
        self._grow(instruction, Price.PAGE)

    def _grow(self, instruction: bytes, each: int) -> None:
        self._flush()
        size, answer = self._scratches()
        charge = self._charge(size, each)
        self._out += (b"\x22", size, instruction, b"\x22", answer, encode.IF_NOT_MINUS_ONE)
        self._out += (charge, encode.END, b"\x20", answer)

    def _charge(self, size: bytes, each: int) -> bytes:
        """Charge `each` times the number in the local `size`."""
        many = b"\x20" + size + encode.EXTEND
        if each != 1:
            many += encode.constant(each) + encode.MULTIPLY
        return self._get + many + encode.SUBTRACT + self._put

    def _scratches(self) -> tuple[bytes, bytes]:
        if self._scratch is None:
            first, second = self._local(encode.I32), self._local(encode.I32)
            self._scratch = encode.unsigned(first), encode.unsigned(second)
        return self._scratch


_SPECIAL: dict[int, Callable[[Function, bytes], None]] = {
    0x00: Function._leave,
    0x02: Function._block,
    0x03: Function._loop,
    0x04: Function._if,
    0x05: Function._else,
    0x08: Function._throw,
    0x0A: Function._throw,
    0x0B: Function._end,
    0x0C: Function._branch,
    0x0D: Function._branch,
    0x0E: Function._branch_table,
    0x0F: Function._leave,
    0x10: Function._call,
    0x11: Function._call,
    0x12: Function._call,
    0x13: Function._call,
    0x1F: Function._try,
    0x40: Function._memory_grow,
    0xFC: Function._more,
    0xFD: Function._simd,
}
PLAIN_OR_SPECIAL = [SPECIAL if opcode in _SPECIAL else PLAIN[opcode] for opcode in range(256)]
