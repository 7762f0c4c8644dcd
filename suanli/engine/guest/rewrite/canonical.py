"""Canonical NaNs: how to make a value canonical, and which constants need not be."""

from __future__ import annotations

import struct

from suanli.engine.guest.rewrite import encode

KEPT, S32, S64, V32, V64 = 1, 2, 4, 8, 16
"""S: a scalar, V: a vector with lanes of so many bits."""


def canonical(shape: int, local: int) -> bytes:
    """Make the value on top canonical, with a local of type `LOCALS[shape]` to spare."""
    put, get = b"\x22" + encode.unsigned(local), b"\x20" + encode.unsigned(local)
    kind, greater, unequal, nan = SHAPES[shape]
    if shape in (S32, S64):
        # x >= x is one comparison of processors, x == x two.
        test, otherwise = put + get + greater, nan
        return test + b"\x04" + kind + get + b"\x05" + otherwise + encode.END
    chosen = nan + get + get + get + unequal + b"\xfd\x52"
    test = put + get + unequal + b"\xfd\x53"
    return test + b"\x04" + kind + chosen + b"\x05" + get + encode.END


_NAN32, _NAN64 = struct.pack("<I", 0x7FC00000), struct.pack("<Q", 0x7FF8 << 48)
SHAPES = {
    S32: (b"\x7d", b"\x60", b"", b"\x43" + _NAN32),
    S64: (b"\x7c", b"\x66", b"", b"\x44" + _NAN64),
    V32: (b"\x7b", b"", b"\xfd\x42", b"\xfd\x0c" + _NAN32 * 4),
    V64: (b"\x7b", b"", b"\xfd\x48", b"\xfd\x0c" + _NAN64 * 2),
}
LOCALS = {shape: kind[0] for shape, (kind, *_) in SHAPES.items()}


def harmless(bits: bytes) -> bool:
    """Whether a number, little-endian, is no NaN but the canonical one."""
    if bits in (_NAN32, _NAN64):
        return True
    magnitude = int.from_bytes(bits, "little") & ((1 << 8 * len(bits) - 1) - 1)
    return magnitude <= (0x7F800000 if len(bits) == 4 else 0x7FF << 52)
