"""How far the calls of an executor are, for people."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from suanli.base.errors import SuanliError
from suanli.client.events import Confirmed, JobEvent, Placed, Progressed
from suanli.job import Job

if TYPE_CHECKING:
    from suanli.client.functions import MarketRunner

BAR = 20
"""Characters."""
EVERY = 0.2
"""Seconds between two looks of the line."""


class JobStage:
    """What a job waits for, in words."""

    def __init__(self, job: Job) -> None:
        self._tasks, self._size = len(job.manifest.tasks), job.manifest.module.size
        self._asked: set[int] = set()
        self._done: dict[int, int] = {}
        self._first = 0.0

    def after(self, event: JobEvent) -> str:
        match event:
            case Placed():
                self._asked.add(event.deal)
                self._first = max(self._first, event.first_use)
            case Confirmed():
                self._asked.discard(event.deal)
            case Progressed():
                self._done[event.deal] = event.done
        if self._asked and self._first >= 1:
            size = f"{self._size / 1e6:.0f} MB"
            return f"miners compile the Python first, {size}: about {self._first:.0f} s"
        if self._asked:
            return "miners are asked"
        done = min(sum(self._done.values()), self._tasks)
        return f"miners are at work, {done:,} of {self._tasks:,} tasks done"


class ProgressLine:
    """On a terminal or in a notebook, how far the calls are, in one line that is written over."""

    def __init__(self, market: MarketRunner, wanted: bool | None) -> None:
        self._market, self._begun = market, time.monotonic()
        shown = _is_watched(sys.stderr) if wanted is None else wanted
        self._out: TextIO | None = sys.stderr if shown else None
        self._lock = threading.Lock()
        self._calls = self._done = self._width = 0
        self._next = 0.0
        market.looked = self.look

    def look(self) -> None:
        """Show what is so, if it is time to."""
        with self._lock:
            if self._out is not None and time.monotonic() >= self._next:
                self._next = time.monotonic() + EVERY
                self._write(self._text())

    def one_more(self) -> None:
        with self._lock:
            self._calls += 1

    def one_done(self, _: Future[Any]) -> None:
        with self._lock:
            self._done += 1
        self.look()

    def end(self) -> None:
        """What it cost, once."""
        with suppress(SuanliError), self._lock:
            if self._out is not None and self._calls:
                self._write(self._summary(), "\n")
            self._out = None

    def _text(self) -> str:
        full = BAR * self._done // max(1, self._calls)
        bar = "█" * full + "░" * (BAR - full)
        show = self._market.show
        cost = f"{show(self._market.reserved())} of {show(self._market.budget)}"
        took = f"{time.monotonic() - self._begun:.0f} s"
        calls = f"{bar} {self._done:,} of {self._calls:,} calls, {took}, {cost} locked or spent"
        return f"{calls}; {self._market.stage}" if self._market.stage else calls

    def _summary(self) -> str:
        took, budget = time.monotonic() - self._begun, self._market.show(self._market.budget)
        return f"{self._done:,} calls, {took:.0f} s: {self._market.report()} of {budget}"

    def _write(self, text: str, end: str = "") -> None:
        """Over what was there."""
        if self._out is not None:
            self._out.write("\r" + text.ljust(self._width) + end)
            self._width = len(text)
            self._out.flush()


def _is_watched(stream: TextIO) -> bool:
    return stream.isatty() or "ipykernel" in sys.modules
