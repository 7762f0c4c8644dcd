"""Split work into spans of nearly equal size: pure functions."""

from itertools import pairwise
from mmap import mmap

from suanli.schedule.errors import ScheduleError

Span = tuple[int, int]
"""Half-open: from, up to."""


def split_count(total: int, parts: int) -> list[Span]:
    """0 … total in `parts` spans whose lengths differ by at most 1; empty spans are left out."""
    if total < 0 or parts < 1:
        raise ScheduleError(f"{total} items can't be split into {parts} parts")
    cuts = [total * part // parts for part in range(parts + 1)]
    return [(a, b) for a, b in pairwise(cuts) if a < b]


def split_records(
    data: bytes | mmap, parts: int, *, end: bytes = b"\n", start: bytes = b""
) -> list[Span]:
    """Byte spans of nearly equal length that cut no record; `bytes` or a mapped file.

    A record ends with `end`; with `start` given, a new one begins only where `start` follows an
    `end` (b">" for FASTA). At most `parts` spans; fewer where records are longer than a part.
    """
    if not end:
        raise ScheduleError("a record must end with at least one byte")
    mark, size, cuts = end + start, len(data), [0]
    for _, target in split_count(size, parts)[:-1]:
        # A record may end exactly at the target: its mark then begins before it.
        found = data.find(mark, max(cuts[-1], target - len(end)))
        cut = found + len(end) if found >= 0 else size
        if cuts[-1] < cut < size:
            cuts.append(cut)
    return [(a, b) for a, b in zip(cuts, [*cuts[1:], size], strict=True) if a < b]
