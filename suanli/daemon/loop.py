"""The loop of a daemon: what its ports hear is taken, written down, and only then acted on."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from suanli.base.database import DatabaseFailed
from suanli.daemon.clock import ChainClock, TimeWatch
from suanli.daemon.journal import DaemonJournal, Fact
from suanli.daemon.ports import Inbox, Lanes
from suanli.daemon.telling import DaemonTeller

T = TypeVar("T")
WRITE_AGAIN = 5.0
"""Seconds between tries to write the journal."""
JOURNAL = "journal"


class DaemonLoop(ABC, Generic[T]):
    """`run` until `stop` is called or nothing is left to do; or step the `lanes`, then `work`.

    What ports hand in, besides facts, is of the kind T. On a `local` chain this machine's clock
    counts, too. `monotonic` counts time asleep, `awake` does not.
    """

    def __init__(
        self,
        journal: DaemonJournal,
        teller: DaemonTeller,
        local: bool,
        wall: Callable[[], float],
        monotonic: Callable[[], float],
        awake: Callable[[], float] = time.monotonic,
    ) -> None:
        self.journal, self.teller = journal, teller
        self.away, self.troubles = teller.away, teller.troubles
        self.inbox: Inbox[T | Fact] = Inbox()
        self._wall, self._monotonic, self._awake = wall, monotonic, awake
        self._clock = ChainClock(local, wall, monotonic)
        self._lanes = Lanes(self._tell_outage, self.inbox.put, monotonic)
        self.lanes = self._lanes.all
        self._stop, self._finished = threading.Event(), False

    def run(self) -> bool:
        """Whether it ended because nothing is left to do. Raises what ended a lane."""
        self.begin()
        self._lanes.start()
        self.teller.ready()
        alarm = TimeWatch(self._wall, self._monotonic, self._awake)
        try:
            while not self._stop.is_set():
                self.teller.noticed(alarm.look())
                self.work(timeout=0.5)
        finally:
            self.stop()
            self._give_up()
            self._lanes.end()
            self.work(timeout=0)  # what was done meanwhile need not be done again
            self.journal.close()
        return self._finished

    def stop(self) -> None:
        """From any thread or signal handler."""
        self._stop.set()

    @abstractmethod
    def begin(self) -> None:
        """Go on where the journal says."""

    @abstractmethod
    def work(self, timeout: float) -> None:
        """Take what has come, write it down, act."""

    @abstractmethod
    def _give_up(self) -> None:
        """Begin nothing more that takes long."""

    def _finish(self) -> None:
        """Nothing is left to do."""
        self._finished = True
        self.stop()

    def _note(self, name: str, value: Any) -> None:
        self.inbox.put(Fact(name, value))

    def _written(self, write: Callable[[], None]) -> None:
        """Try until it is on the disk: before that nothing may be done."""
        while True:
            try:
                write()
            except DatabaseFailed as error:
                if JOURNAL not in self.away:
                    self._tell_outage(JOURNAL, str(error))
                if self._makes_room():
                    continue
                if self._stop.wait(WRITE_AGAIN):
                    raise
            else:
                if JOURNAL in self.away:
                    self._tell_outage(JOURNAL, "")
                return

    def _makes_room(self) -> bool:
        """Whether writing may be possible again at once."""
        return False

    def _tell_outage(self, name: str, why: str) -> None:
        self.teller.outage(name, why)

    def _note_status(self, note: dict[str, Any] | None) -> None:
        if note is None:
            return
        with suppress(DatabaseFailed):  # a full disk: what must be written tells of it
            self.journal.note(status=note)
