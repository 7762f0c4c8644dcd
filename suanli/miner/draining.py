"""What a miner that drains still waits for, and until when."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from suanli.base.amounts import show
from suanli.miner.journal import Journal

LOOK_EVERY = 1.0
"""Seconds."""


def follow(
    journal: Journal, ended: Callable[[], bool], sleep: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """Lines about what the running daemon waits for, each time that changes, until it has ended."""
    told: list[str] = []
    while not ended():
        lines = waits(journal.fact("status") or {})
        if lines != told:
            yield from lines
            told = lines
        sleep(LOOK_EVERY)
    yield "the daemon has ended"


def waits(noted: dict[str, Any]) -> list[str]:
    """From the daemon's last note: for each deal, else for offers and earnings."""
    lines = [
        f"0x{wait['request'][2:10]} waits for {wait['for']}{until(wait['until'])}"
        for wait in noted.get("waits", ())
    ]
    if lines:
        return lines
    offered = [seen["resource"] for seen in noted.get("classes", ()) if seen["valid_until"]]
    if offered:
        return [f"waits for the offer of class {number} to be withdrawn" for number in offered]
    if int(noted.get("earnings", 0)):
        return [f"waits for {show(int(noted['earnings']), noted['decimals'])} to be collected"]
    return ["waits for the daemon to end"]


def until(at: int) -> str:
    """ " until …", in UTC, with the date when it is another day; nothing for an unknown time."""
    if not at:
        return ""
    day = "" if time.gmtime(at)[:3] == time.gmtime()[:3] else "%Y-%m-%d "
    return time.strftime(f" until {day}%H:%M:%S UTC", time.gmtime(at))
