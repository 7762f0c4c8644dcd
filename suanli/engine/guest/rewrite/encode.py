"""Numbers and the few instructions that metering adds, as bytes."""

from __future__ import annotations

I32, I64 = 0x7F, 0x7E

SUBTRACT, MULTIPLY, EXTEND = b"\x7d", b"\x7e", b"\xad"  # of i64; of an i32 without sign
IF, UNREACHABLE, END = b"\x04\x40", b"\x00", b"\x0b"
IF_NEGATIVE = b"\x42\x00\x53" + IF
IF_NOT_MINUS_ONE = b"\x41\x7f\x47" + IF


def unsigned(number: int) -> bytes:
    """LEB128."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def signed(number: int) -> bytes:
    """LEB128."""
    out = bytearray()
    while not -0x40 <= number < 0x40:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number & 0x7F)
    return bytes(out)


def constant(number: int) -> bytes:
    """An i64.const."""
    return b"\x42" + signed(number)


def constant32(number: int) -> bytes:
    """An i32.const."""
    return b"\x41" + signed(number)


def section(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + unsigned(len(body)) + body


def vector(items: list[bytes]) -> bytes:
    return unsigned(len(items)) + b"".join(items)
