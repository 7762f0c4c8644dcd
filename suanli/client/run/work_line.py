"""How the deals stand that are at work, in a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from suanli.base.text import rough
from suanli.client.events import FellSilent, Progressed
from suanli.client.records import DealStage

if TYPE_CHECKING:
    from suanli.client.run.run import Run

EVERY = 5.0
"""Seconds between lines at least."""
OLD = 20.0
"""Seconds after which what was told says no more how long it takes."""
SHOWN = 4
"""Deals in a line at most."""


class WorkLine:
    def __init__(self, run: Run, clock: Callable[[], float] = time.monotonic) -> None:
        self._run, self._clock = run, clock
        self._told: dict[int, tuple[Progressed, float]] = {}
        """By part: what its miner said last, and when it came."""
        self._shown: dict[int, int] = {}
        """By part: how many of its tasks were done in the last line."""
        self._next_line = clock()

    def lines(self, event: Progressed | FellSilent) -> Iterator[str]:
        """Silence at once, progress at times and only if something changed."""
        if isinstance(event, FellSilent):
            yield (
                f"deal {event.deal}: {event.miner[:10]} not heard of for {rough(event.seconds)},"
                f" with {event.done} of {event.tasks} tasks done; its deadline is in"
                f" {rough(event.deadline)}"
            )
            return
        now = self._clock()
        self._told[event.deal] = event, now
        if now < self._next_line or self._shown.get(event.deal, 0) == event.done:
            return
        self._next_line = now + EVERY
        yield self._line()

    def _line(self) -> str:
        running = [part for part in self._run.live() if part.stage is DealStage.CONFIRMED]
        heard = [self._told[part.number] for part in running if part.number in self._told]
        known = [event for event, _ in heard]
        self._shown = {event.deal: event.done for event in known}
        told = [self._standing(event, at) for event, at in heard[:SHOWN]]
        if len(known) > SHOWN:
            done = sum(event.done for event in known[SHOWN:])
            tasks = sum(event.tasks for event in known[SHOWN:])
            told.append(f"{len(known) - SHOWN} more deals: {done} of {tasks} tasks")
        return f"at work   {'; '.join(told)}{self.left()}"

    def _standing(self, event: Progressed, at: float) -> str:
        passed = self._clock() - at
        silent = f", not heard of for {rough(passed)}" if passed > OLD else ""
        return (
            f"deal {event.deal}: {event.done} of {event.tasks} tasks{silent}, deadline in"
            f" {rough(event.deadline - passed)}"
        )

    def left(self) -> str:
        """For how long the slowest deal has still to work; empty if that can't be told."""
        now, run = self._clock(), self._run
        done = run.ledger.results().keys()
        most = 0.0
        for part in run.live():
            if not part.running or done >= set(part.tasks):
                continue
            event, at = self._told.get(part.number, (None, now))
            if event is None or event.left is None or now > at + OLD:
                return ""
            most = max(most, event.left - (now - at))
        return f"; about {rough(most)} left" if most >= 1 and not run.waiting() else ""
