"""A row of bars as text."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def bars(values: Sequence[int | None]) -> str:
    """Each value's bar, from the lowest to the highest; a space where there is none. Where all are
    alike, they are half high."""
    known = [value for value in values if value is not None]
    if not known:
        return " " * len(values)
    low, high = min(known), max(known)
    return "".join(" " if value is None else _bar(value, low, high) for value in values)


def _bar(value: int, low: int, high: int) -> str:
    if high == low:
        return BARS[len(BARS) // 2 - 1]
    return BARS[(value - low) * (len(BARS) - 1) // (high - low)]
