"""What guest code costs: the one list of fuel prices for instructions.

Most instructions cost 1, and what does nothing at run time is free. What takes longer costs more,
so that for the same time none costs less than a tenth of what the plainest loop does (`python -m
benchmarks.instructions`). Any change makes a new runtime id.
"""

from __future__ import annotations

from enum import IntEnum

FREE = (0x00, 0x01, 0x02, 0x03, 0x05, 0x0B, 0x0F, 0x1A, 0x1F)
"""unreachable, nop, block, loop, else, end, return, drop, try_table."""


class Price(IntEnum):
    """Fuel for what costs something other than 1 each time it is executed."""

    ENTRY = 2
    """Each entry of a function, besides the call."""
    LOCALS = 4
    """So many locals that a function declares cost 1 at each entry: they are set to zero."""
    CALL = 4
    CALL_INDIRECT = 8
    TABLE_GET = 3
    TABLE_SET = 10
    REF_FUNC = 100
    DIVISION = 5
    """Integer division and remainder."""
    FLOAT_DIVISION = 10
    """Division and square root, of all lanes together."""
    TRUNCATION = 3
    """From floating point to integers, and whatever takes a few machine instructions."""
    THROW = 1_000
    """throw and throw_ref. Now and then all of the stack is gone through for what is still held."""
    THROWN = 250
    """Each value that comes with an exception."""
    LEFT = 60
    """Each function with calls that an exception leaves, but for the one that catches it."""
    GROW = 300
    """memory.grow and table.grow, whether or not they can."""
    PAGE = 64_000
    """Each page of 64 KiB that a memory gets: its 16 first touches take this long."""
    BULK = 400
    """Each bulk instruction, even of no bytes."""
    BYTE = 1
    """Each byte a bulk instruction writes, or that data at the start has."""
    ELEMENT = 5
    """Each element of a table that a bulk instruction writes."""
    ELEMENT_INIT = 50
    """Each element that table.init writes; each byte of the module's element segments."""


SPECIAL = -1
"""In `PLAIN`: not a plain instruction, see `metering`."""


def _plain() -> list[int]:
    prices = [1] * 256
    for opcode in FREE:
        prices[opcode] = 0
    for opcode in (*range(0x6D, 0x71), *range(0x7F, 0x83)):
        prices[opcode] = Price.DIVISION
    for opcode in (0x91, 0x95, 0x9F, 0xA3):
        prices[opcode] = Price.FLOAT_DIVISION
    for opcode in (*range(0x96, 0x98), *range(0xA4, 0xA6), *range(0xA8, 0xAC), *range(0xAE, 0xB7)):
        prices[opcode] = Price.TRUNCATION
    prices[0x25], prices[0x26], prices[0xD2] = Price.TABLE_GET, Price.TABLE_SET, Price.REF_FUNC
    return prices


def _simd() -> list[int]:
    prices = [1] * 256
    for opcode in (0xE3, 0xE7, 0xEF, 0xF3):
        prices[opcode] = Price.FLOAT_DIVISION
    slow = (0x62, *range(0x6B, 0x6E), 0x8C, 0xAC, 0xCB, 0xCC, 0xCD, 0xD5)
    slow += (*range(0xE8, 0xEA), *range(0xF4, 0xF6), *range(0xF8, 0x100))
    for opcode in slow:
        prices[opcode] = Price.TRUNCATION
    return prices


PLAIN = _plain()
"""By opcode: the price of each execution."""
SIMD = _simd()
"""By the opcode after 0xFD."""
BULK: dict[int, tuple[int, int]] = {
    8: (Price.BULK, Price.BYTE),  # memory.init
    9: (Price.BULK, 0),  # data.drop
    10: (Price.BULK, Price.BYTE),  # memory.copy
    11: (Price.BULK, Price.BYTE),  # memory.fill
    12: (Price.BULK, Price.ELEMENT_INIT),  # table.init
    13: (Price.BULK, 0),  # elem.drop
    14: (Price.BULK, Price.ELEMENT),  # table.copy
    15: (Price.GROW, Price.ELEMENT),  # table.grow
    16: (1, 0),  # table.size
    17: (Price.BULK, Price.ELEMENT),  # table.fill
} | dict.fromkeys(range(8), (int(Price.TRUNCATION), 0))  # conversions that saturate
"""By the opcode after 0xFC: price of each execution, and of each byte or element."""


def listing() -> object:
    """All of it as JSON takes it, for the runtime id."""
    return [PLAIN, SIMD, sorted(BULK.items()), {price.name: price.value for price in Price}]


def at_start(memory: int, data: int, elements: int) -> int:
    """Fuel for a start with `memory` bytes of memory and tables, and sections of so many bytes."""
    return -(-memory >> 16) * Price.PAGE + data * Price.BYTE + elements * Price.ELEMENT_INIT
