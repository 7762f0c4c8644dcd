"""Gather the parts of a result: pure functions."""

from collections.abc import Iterable, Iterator
from itertools import chain

from suanli.schedule.errors import ScheduleError

MAX_DIGITS = 1000


def concatenate(parts: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """The pieces of the parts in their order, read when they are wanted."""
    return chain.from_iterable(parts)


def sum_by_key(parts: Iterable[bytes]) -> bytes:
    """Add up lines "key TAB integer" by key; lines out, sorted by the bytes of the key.

    Raises:
        ScheduleError: names part and line that have another form.
    """
    sums: dict[bytes, int] = {}
    for number, part in enumerate(parts):
        for line_number, line in enumerate(part.split(b"\n"), 1):
            if line:
                key, value = _key_and_value(number, line_number, line)
                sums[key] = sums.get(key, 0) + value
    return b"".join(b"%s\t%d\n" % item for item in sorted(sums.items()))


def _key_and_value(part: int, number: int, line: bytes) -> tuple[bytes, int]:
    key, tab, value = line.rpartition(b"\t")
    digits = value.removeprefix(b"-")
    if not tab or not digits.isdigit() or len(digits) > MAX_DIGITS:
        shown = line[:60].decode(errors="replace")
        raise ScheduleError(f'part {part}, line {number}: not "key TAB integer": {shown!r}')
    return key, int(value)
