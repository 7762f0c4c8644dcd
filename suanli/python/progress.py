"""How far the calls of an executor are, for people."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from suanli.base.errors import SuanliError

BAR = 20
"""Characters."""
EVERY = 0.2
"""Seconds between two looks of the line."""


class CallLine:
    """On a terminal or in a notebook one line that is written over: how many calls are done, and
    what is so now (`status`); in the end `summary`. `wanted` None: where somebody watches."""

    def __init__(
        self, status: Callable[[], str], summary: Callable[[], str], wanted: bool | None
    ) -> None:
        self._status, self._summary, self._begun = status, summary, time.monotonic()
        shown = _is_watched(sys.stderr) if wanted is None else wanted
        self._out: TextIO | None = sys.stderr if shown else None
        self._lock = threading.Lock()
        self._calls = self._done = self._width = 0
        self._next = 0.0

    def look(self) -> None:
        """Show what is so, if it is time to; nothing while all calls are done, for what is written
        then is the program's own."""
        with self._lock:
            if self._done == self._calls:
                self._write("")
            elif self._out is not None and time.monotonic() >= self._next:
                self._next = time.monotonic() + EVERY
                self._write(self._text())

    def one_more(self) -> None:
        with self._lock:
            self._calls += 1

    def one_done(self) -> None:
        with self._lock:
            self._done += 1
        self.look()

    def end(self) -> None:
        """What came of it, once."""
        with suppress(SuanliError), self._lock:
            if self._out is not None and self._calls:
                self._write(f"{self._done:,} calls, {self._took}: {self._summary()}", "\n")
            self._out = None

    @property
    def _took(self) -> str:
        return f"{time.monotonic() - self._begun:.0f} s"

    def _text(self) -> str:
        full = BAR * self._done // max(1, self._calls)
        bar = "█" * full + "░" * (BAR - full)
        calls = f"{bar} {self._done:,} of {self._calls:,} calls, {self._took}"
        return ", ".join(filter(None, (calls, self._status())))

    def _write(self, text: str, end: str = "") -> None:
        """Over what was there."""
        if self._out is not None and (text or self._width):
            self._out.write("\r" + text.ljust(self._width) + (end if text else "\r"))
            self._width = len(text)
            self._out.flush()


def _is_watched(stream: TextIO) -> bool:
    return stream.isatty() or "ipykernel" in sys.modules
