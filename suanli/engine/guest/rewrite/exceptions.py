"""Bound what exceptions take on the host, and charge for the functions that they leave.

An exception that is caught with a reference stays on a heap of the host's for as long as the
function that caught it may look at it: references can't leave a function (`inspect`). So each
function that catches so counts how many it may hold.

A global of the module has in its upper half how many functions are being executed that call
others, in its lower half the bytes of exceptions that they hold together. Who ends sets it back to
what it found. Who catches an exception charges for the functions that have been left, and sets it
back to what it is without them.

All this is done to a list of instructions before these are metered: what is put after an
instruction belongs to it and is not looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from suanli.engine.guest.inspect import Reader
from suanli.engine.guest.rewrite import decode, encode
from suanli.engine.prices import Price
from suanli.engine.runtime import HELD_BYTES

Arity = tuple[int, int]

_OBJECT_BYTES, _VALUE_BYTES = 32, 16
"""What an exception takes on the heap: itself, and each value that comes with it, at most."""
TRY_TABLE = 0x1F
_BLOCK, _LOOP, _IF, _END = 0x02, 0x03, 0x04, 0x0B
_CALLS, _RETURNS = (0x10, 0x11), (0x0F, 0x12, 0x13)
_LOCAL_GET = 0x20
_ADD = b"\x7c"


@dataclass(frozen=True)
class Holding:
    """What is the same for all functions of a module."""

    counter: int
    """Index of the global."""
    fuel: int
    """Index of the global with the fuel."""
    bytes_each: int
    """Of its largest exception."""
    types: Sequence[Arity]


def bytes_of(values: int) -> int:
    """Most bytes of an exception with so many values."""
    return _OBJECT_BYTES + _VALUE_BYTES * values


def concerns(heads: bytes) -> bool:
    """Whether a function of instructions that begin so calls others or catches."""
    return TRY_TABLE in heads or any(opcode in heads for opcode in _CALLS)


def with_held(
    instructions: Sequence[bytes],
    result: bytes,
    free: int,
    exception_locals: Set[int],
    holding: Holding,
) -> tuple[list[bytes], list[int]]:
    """The instructions, some with more after them, and the types of the locals that this adds.

    `result` is the type of a block that gives what the function does, `free` the first local that
    is not taken, `exception_locals` are those that hold references to exceptions.
    """
    # Whatever leads to the end of the function leads to the end of a block around all of it.
    found = [bytes([_BLOCK]) + result, *instructions[:-1], bytes([_END]), instructions[-1]]
    targets = _targets(found)
    get, put = (opcode + encode.unsigned(holding.counter) for opcode in (b"\x23", b"\x24"))
    before = b"\x20" + encode.unsigned(free)
    inside = before + encode.constant(1 << 32) + _ADD
    added = [encode.I64]
    caught = inside + put
    one_more = b""
    if any(targets.values()):
        added.append(encode.I32)
        count = encode.unsigned(free + 1)
        most = encode.constant32(_most(found, exception_locals, holding.types))
        one_more = b"\x20" + count + b"\x20" + count + most + b"\x49\x6a\x21" + count
        held = b"\x20" + count + encode.constant32(holding.bytes_each) + b"\x6c" + encode.EXTEND
        caught = (
            inside + held + _ADD + put + get + b"\xa7" + encode.constant32(HELD_BYTES) + b"\x4b"
        )
        caught += encode.IF + encode.UNREACHABLE + encode.END
    charge = _charge_left(get + before, encode.unsigned(holding.fuel))
    for at, reference in targets.items():
        found[at] += charge + (one_more if reference else b"") + caught
    found[0] += get + b"\x22" + encode.unsigned(free) + encode.constant(1 << 32) + _ADD + put
    found[-2] += before + put
    for at, instruction in enumerate(found):
        if instruction[0] in _RETURNS:
            found[at - 1] += before + put
    return found, added


def _charge_left(now_and_before: bytes, fuel: bytes) -> bytes:
    """For each function that was left, if any, not counting the one that catches."""
    left = now_and_before + encode.SUBTRACT + encode.constant(32) + b"\x88"
    left += encode.constant(1) + encode.SUBTRACT + encode.constant(Price.LEFT) + encode.MULTIPLY
    return b"\x23" + fuel + left + encode.SUBTRACT + b"\x24" + fuel


def _targets(instructions: Sequence[bytes]) -> dict[int, bool]:
    """After which instructions one is that caught something, and whether maybe with a reference."""
    found: dict[int, bool] = {}
    open_: list[tuple[int, list[bool]]] = []
    for at, instruction in enumerate(instructions):
        opcode = instruction[0]
        if opcode == TRY_TABLE:
            for catch in decode.catches(instruction):
                open_[-1 - catch.depth][1].append(catch.reference)
        if opcode in (_BLOCK, _LOOP, _IF, TRY_TABLE):
            open_.append((at, []))
        elif opcode == _END and open_:
            start, caught = open_.pop()
            if caught:
                found[start if instructions[start][0] == _LOOP else at] = any(caught)
    return found


def _most(instructions: Sequence[bytes], exception_locals: Set[int], types: Sequence[Arity]) -> int:
    """How many exceptions a function can refer to at once, at most.

    By its locals, and from its stack: all that is there was caught or read from a local, or is
    what a loop was entered with."""
    most = len(exception_locals)
    for instruction in instructions:
        opcode = instruction[0]
        if opcode == TRY_TABLE:
            most += sum(catch.reference for catch in decode.catches(instruction))
        elif opcode == _LOCAL_GET:
            most += Reader(instruction, 1).number() in exception_locals
        elif opcode == _LOOP and (instruction[1] < 0x40 or instruction[1] >= 0x80):
            most += types[Reader(instruction, 1).number()][0]
    return most
