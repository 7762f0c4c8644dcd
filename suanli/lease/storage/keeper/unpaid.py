"""Bytes that were sent and that nobody has opened a deal for: bounded for each account, in all, and
in time. For one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from suanli.lease.errors import LeaseError
from suanli.lease.storage.deal import QUOTE_LASTS
from suanli.lease.storage.keeper.journal import KeeperJournal, UnpaidFile
from suanli.lease.storage.shelf import FileId

PACE = 512 << 10
"""Bytes a second that come at least."""
TO_PAY = 2 * QUOTE_LASTS
"""Seconds besides, until there is a deal."""
ACCOUNTS = 2
"""Whose files there may be at a time, each having sent all that one may."""


class Unpaid:
    """`most`: bytes of an account, trees included."""

    def __init__(
        self, journal: KeeperJournal, most: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._journal, self._most, self._clock = journal, most, clock
        self._arrivals = journal.arrivals()

    def take(self, file: FileId, account: str) -> None:
        """The account sends it, or asks for another quote for what it sent.

        Raises LeaseError: too much is unpaid, or it for too long.
        """
        if file in self._arrivals:
            if self.seconds_left(file) <= 0:
                raise LeaseError("these bytes were not paid in time and are dropped: begin anew")
            return
        waiting = self._arrivals.items()
        own = sum(one.space for one, arrival in waiting if arrival.account == account)
        if own + file.space > self._most:
            raise LeaseError(
                f"{own:,} bytes of this account are not paid yet, and {self._most:,} may be:"
                " open their deals first"
            )
        if sum(one.space for one in self._arrivals) + file.space > ACCOUNTS * self._most:
            raise LeaseError("too many bytes wait here to be paid: try again in some minutes")
        arrival = UnpaidFile(account, self._clock())
        self._journal.note_arrival(file, arrival)
        self._arrivals[file] = arrival

    def seconds_left(self, file: FileId) -> float:
        """Until it must be paid; of one that was taken."""
        lasts = TO_PAY + file.size / PACE
        return self._arrivals[file].since + lasts - self._clock()

    def late(self) -> set[FileId]:
        return {file for file in self._arrivals if self.seconds_left(file) <= 0}

    def settle(self, files: Collection[FileId]) -> None:
        """These are paid, or gone."""
        for file in self._arrivals.keys() & set(files):
            self._journal.forget_arrival(file)
            del self._arrivals[file]

    def keep(self, files: Collection[FileId]) -> None:
        """No others are there."""
        self.settle(self._arrivals.keys() - set(files))
