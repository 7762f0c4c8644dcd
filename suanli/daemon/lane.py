"""One service, one thing after another: an outage stops the lane, with growing pauses, and is told
once when it begins and once when it ends."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Errand = Callable[[], None]
T = TypeVar("T")

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
MOST = 500
"""Things of a batch."""


class LaneBatch(Generic[T]):
    """Things that come one by one and are done together by a lane: all that wait, at most `MOST` at
    a time. Where `alone` is raised over several, each is done by itself, so that what is wrong with
    one keeps no others."""

    def __init__(
        self,
        lane: Lane,
        act: Callable[[Sequence[T]], None],
        alone: tuple[type[Exception], ...] = (),
    ) -> None:
        self._lane, self._act, self._alone = lane, act, alone
        self._waiting: deque[T] = deque()

    def put(self, thing: T) -> None:
        self._waiting.append(thing)
        self._lane.put(self._do)

    def _do(self) -> None:
        """Whoever put something asks for this; what others did before is not there any more."""
        some = list(itertools.islice(self._waiting, MOST))
        if len(some) > 1:
            try:
                self._act(some)
            except self._alone:
                pass
            else:
                self._forget(len(some))
                return
        for one in some:
            self._act([one])  # in an outage it waits on
            self._forget(1)

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()


class Lane:
    """`step` does one thing; `serve` does them in a thread.

    `outages` are the errors that mean the service is away: the job is kept and tried again.
    `poll`, if given, is done every `every` seconds; where that takes longer, it and jobs take
    turns. `tell` hears why the service is away, and "" when it is back. Other errors end the thread
    and go to `broken`.
    """

    def __init__(
        self,
        name: str,
        outages: tuple[type[Exception], ...] = (),
        *,
        poll: Errand | None = None,
        every: float = 1.0,
        tell: Callable[[str, str], None] = lambda name, why: None,
        broken: Callable[[Exception], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name, self.away = name, False
        self._outages, self._poll, self._every = outages, poll, every
        self._tell, self._broken, self._clock, self._jitter = tell, broken, clock, jitter
        self._jobs: deque[Errand] = deque()
        self._wake = threading.Condition()
        self._pause = 0.0
        self._resume_at = 0.0
        self._poll_at = 0.0
        self._polled = False

    def put(self, job: Errand) -> None:
        with self._wake:
            self._jobs.append(job)
            self._wake.notify()

    def step(self) -> float:
        """Do what is due, one thing; seconds until there is more (infinite: until `put`)."""
        now = self._clock()
        if now < self._resume_at:
            return self._resume_at - now
        job = self._jobs[0] if self._jobs else None
        if self._poll is not None and now >= self._poll_at and (job is None or not self._polled):
            job = self._poll
        if job is None:
            return self._wait()
        # Whatever comes of it: the other one is next.
        self._polled = job is self._poll
        if self._succeeds(job):
            if self._polled:
                self._poll_at = self._clock() + self._every
            else:
                with self._wake:
                    self._jobs.popleft()
        return self._wait()

    def _succeeds(self, job: Errand) -> bool:
        try:
            job()
        except self._outages as error:
            self._stumble(error)
            return False
        if self.away:
            self.away, self._pause = False, 0.0
            self._tell(self.name, "")
        return True

    def _stumble(self, error: Exception) -> None:
        if not self.away:
            self.away = True
            self._tell(self.name, str(error))
        self._pause = min(max(2 * self._pause, FIRST_PAUSE), LONGEST_PAUSE)
        wanted = getattr(error, "wait", 0.0)
        pause = max(self._pause * (0.5 + self._jitter() / 2), wanted)
        self._resume_at = self._clock() + pause

    def _wait(self) -> float:
        now = self._clock()
        if now < self._resume_at:
            return self._resume_at - now
        if self._jobs:
            return 0.0
        return max(self._poll_at - now, 0.0) if self._poll is not None else float("inf")

    def serve(self, stop: threading.Event) -> None:
        """Until `stop` is set and `nudge` called."""
        wait = 0.0
        while not stop.is_set():
            with self._wake:
                idle = not self._jobs or self._clock() < self._resume_at
                if wait > 0 and idle and not stop.is_set():
                    self._wake.wait(None if wait == float("inf") else wait)
                    if stop.is_set():
                        return
            try:
                wait = self.step()
            except Exception as error:
                if self._broken is None:
                    raise
                self._broken(error)
                return

    def nudge(self) -> None:
        with self._wake:
            self._wake.notify_all()
