"""The daemon's eye on its disk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from suanli.daemon import Errand
from suanli.miner.ballast import KEPT, Ballast
from suanli.miner.core import Outlook
from suanli.miner.holdings import Holdings
from suanli.miner.journal import Journal
from suanli.miner.programs import MOST_BYTES, Programs
from suanli.store import DirectoryStore

log = logging.getLogger("suanli.miner")
LOOK_EVERY = 1.0
"""Seconds between looks."""


class Disk:
    """Room for blobs, and what is kept free for the journal. `later` does a job in the lane that
    deletes; `stored`: whether what a task left is in the requesters' store, too."""

    def __init__(
        self,
        folder: Path,
        most_bytes: int,
        later: Callable[[Errand], None],
        stored: Callable[[bytes, int], bool],
        monotonic: Callable[[], float],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._ballast = Ballast(folder)
        self.yields()  # before the journal is opened, which takes room
        self.local = DirectoryStore(folder / "blobs", max_bytes=most_bytes, min_free=KEPT)
        self.programs = Programs(folder / "programs", min(most_bytes // 20, MOST_BYTES), KEPT)
        self.journal = Journal.of_folder(folder)
        self.holdings = Holdings(self.journal, self.local)
        self.promised = 0
        """Bytes that the tasks of deals at work may need."""
        self._later, self._stored, self._monotonic = later, stored, monotonic
        self._looked, self._shedding = float("-inf"), False

    def yields(self) -> bool:
        """Whether the room kept for the journal was given up now: writing may be possible again."""
        full = self._ballast.tend()
        if full:
            log.warning("the disk is full: the room kept for the journal is used up now")
        return full

    def look(self, outlook: Outlook, tasks_ended: bool) -> int | None:
        """Bytes that find room, each second and after tasks, if that is news. If they are few,
        programs of former deals and what is stored elsewhere give way."""
        due = self._monotonic() >= self._looked + LOOK_EVERY
        if not due and not tasks_ended:
            return None
        room = self.local.room
        if due:
            self._looked = self._monotonic()
            self.yields()
            self.promised = outlook.room_needed()
            if room < 2 * self.promised and not self._shedding:
                self._shedding = True
                self._later(self._shed)
        known = outlook.room
        near = known is not None and abs(room - known) * 100 <= abs(known)
        return None if near and not tasks_ended else room

    def _shed(self) -> None:
        self.programs.clear()
        self.holdings.shed(self._stored)
        self._shedding = False
