"""Text for people; what strangers wrote is made fit for a terminal."""

from __future__ import annotations

import re
from itertools import pairwise


def plain(text: str) -> str:
    """On one line, with escapes in the place of what is not printed."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def span(seconds: int) -> str:
    """A time such as "7 days" or "90 minutes", in the greatest unit that leaves no rest."""
    for length, name in _SPANS:
        if seconds and seconds % length == 0:
            count = seconds // length
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} s"


_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def rough(seconds: float) -> str:
    """A time such as "3 min 10 s" or "2 h 5 min", in its two greatest units."""
    rest = max(0, round(seconds))
    for (length, name), (smaller, lesser) in pairwise(_UNITS):
        if rest >= length:
            more = rest % length // smaller
            return f"{rest // length} {name}" + (f" {more} {lesser}" if more else "")
    return f"{rest} s"


def percent(bps: int) -> str:
    """Basis points such as "2.5 %"."""
    return f"{bps / 100:g} %"


def is_address(text: str) -> bool:
    """Whether this is an address in full: 0x and 40 hexadecimal digits."""
    return re.fullmatch(r"0x[0-9a-fA-F]{40}", text) is not None
