"""What instructions take from the stack and give to it, as far as the bits of NaNs matter.

Each has two texts. What it takes, from the top: `.` has no floats, of `b` the bits are looked at,
of `n` only whether it is a NaN (`4` and `2`: vectors of so many lanes, likewise). What it gives:
`k` bits that are the program's own, `0` never a NaN, `s`, `d`, `4` and `2` what arithmetic makes:
an f32, an f64, vectors of so many lanes. Instructions that pass values on are not here.
"""

from __future__ import annotations


def _effects() -> dict[int, tuple[str, str]]:
    """By opcode."""
    found: dict[int, tuple[str, str]] = {0x01: ("", ""), 0x1A: (".", "")}
    found |= {0x23: ("", "k"), 0x24: ("b", ""), 0x25: (".", "k"), 0x26: ("..", "")}
    found |= dict.fromkeys(range(0x28, 0x36), (".", "k"))  # loads
    found |= dict.fromkeys(range(0x36, 0x3F), ("b.", ""))  # stores
    found |= {0x3F: ("", "k"), 0x40: (".", "k"), 0x41: ("", "k"), 0x42: ("", "k")}
    found |= dict.fromkeys((0x45, 0x50), (".", "k"))
    found |= dict.fromkeys((*range(0x46, 0x50), *range(0x51, 0x5B)), ("..", "k"))
    found |= dict.fromkeys(range(0x5B, 0x67), ("nn", "k"))  # comparisons
    found |= dict.fromkeys((*range(0x67, 0x6A), *range(0x79, 0x7C)), (".", "k"))
    found |= dict.fromkeys((*range(0x6A, 0x79), *range(0x7C, 0x8B)), ("..", "k"))
    found |= dict.fromkeys(range(0x8D, 0x92), ("n", "s"))
    found |= dict.fromkeys(range(0x92, 0x98), ("nn", "s"))
    found |= dict.fromkeys(range(0x9B, 0xA0), ("n", "d"))
    found |= dict.fromkeys(range(0xA0, 0xA6), ("nn", "d"))
    found |= dict.fromkeys((0xA7, 0xAC, 0xAD, *range(0xC0, 0xC5), 0xD1), (".", "k"))
    found |= dict.fromkeys((*range(0xA8, 0xAC), *range(0xAE, 0xB2)), ("n", "k"))
    found |= dict.fromkeys((*range(0xB2, 0xB6), *range(0xB7, 0xBB)), (".", "0"))
    found |= {0xB6: ("n", "s"), 0xBB: ("n", "d")}
    found |= {0xBC: ("b", "k"), 0xBD: ("b", "k"), 0xBE: (".", "k"), 0xBF: (".", "k")}
    return found | {0xD0: ("", "k"), 0xD2: ("", "k")}


def _simd() -> dict[int, tuple[str, str]]:
    """By the opcode after 0xFD. Those that are missing take two for bits."""
    found: dict[int, tuple[str, str]] = {}
    found |= dict.fromkeys((*range(0x0B), 0x5C, 0x5D), (".", "k"))
    found |= dict.fromkeys(range(0x0F, 0x13), (".", "k"))  # splats of integers
    found |= dict.fromkeys((0x15, 0x16, 0x18, 0x19, 0x1B, 0x1D), ("b", "k"))
    found |= dict.fromkeys((0x17, 0x1A, 0x1C, 0x1E), (".b", "k"))
    found |= {0x0B: ("b.", ""), 0x4D: ("b", "k"), 0x52: ("bbb", "k"), 0x53: ("b", "k")}
    found |= dict.fromkeys(range(0x41, 0x47), ("44", "k"))  # comparisons
    found |= dict.fromkeys(range(0x47, 0x4D), ("22", "k"))
    found |= dict.fromkeys(range(0x54, 0x58), ("b.", "k"))
    found |= dict.fromkeys(range(0x58, 0x5C), ("b.", ""))
    found |= {0x5E: ("2", "4"), 0x5F: ("4", "2")}
    for block in (0x60, 0x80, 0xA0, 0xC0):
        found |= {block + offset: ("b", "k") for offset in (0, 1, 3, 4, 7, 8, 9, 10)}
        found |= {block + offset: (".b", "k") for offset in (11, 12, 13)}
    found |= dict.fromkeys((0x62, *range(0x7C, 0x80)), ("b", "k"))
    found |= dict.fromkeys((*range(0x67, 0x6B), 0xE3), ("4", "4"))
    found |= dict.fromkeys((0x74, 0x75, 0x7A, 0x94, 0xEF), ("2", "2"))
    found |= dict.fromkeys(range(0xE4, 0xEA), ("44", "4"))
    found |= dict.fromkeys(range(0xF0, 0xF6), ("22", "2"))
    found |= {0xF8: ("4", "k"), 0xF9: ("4", "k"), 0xFC: ("2", "k"), 0xFD: ("2", "k")}
    return found | dict.fromkeys((0xFA, 0xFB, 0xFE, 0xFF), ("b", "k"))


PLAIN = _effects()
SIMD = _simd()
BULK = {
    **dict.fromkeys(range(8), ("n", "k")),
    **dict.fromkeys((8, 10, 11, 12, 14, 17), ("...", "")),
    **dict.fromkeys((9, 13), ("", "")),
    15: ("..", "k"),
    16: ("", "k"),
}
"""By the opcode after 0xFC."""
