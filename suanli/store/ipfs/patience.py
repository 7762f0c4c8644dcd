"""How long a block is waited for: anybody can name blocks that nobody has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LONG, SHORT = 20.0, 1.0
"""Seconds in which whoever has a block is found and sends it; and once many weren't found."""
VAIN, SHARE = 60.0, 0.1
"""Seconds of waiting in vain that are borne, and how many more with each second that passes."""


class Patience:
    """So that a hundred names of nothing hold up what is there for minutes at most."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic, self._lock = monotonic, threading.Lock()
        self._vain, self._seen = 0.0, monotonic()

    def seconds(self) -> float:
        """To wait for a block."""
        with self._lock:
            self._pass()
            return LONG if self._vain < VAIN else SHORT

    def lost(self, seconds: float) -> None:
        """So long a block was waited for in vain."""
        with self._lock:
            self._pass()
            self._vain += seconds

    def _pass(self) -> None:
        now = self._monotonic()
        self._vain = max(0.0, self._vain - SHARE * (now - self._seen))
        self._seen = now
