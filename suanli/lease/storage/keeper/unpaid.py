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
"""Bytes a second that come at least, from the first word on."""
TO_PAY = 2 * QUOTE_LASTS
"""Seconds besides, until there is a deal."""
ACCOUNTS = 2
"""Whose files there may be at a time, each having sent all that one may."""


class Unpaid:
    """`most`: bytes of an account, trees included. By `clock`, which nobody sets; `wall`: the time
    of a former process is told by."""

    def __init__(
        self,
        journal: KeeperJournal,
        most: int,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._journal, self._most, self._clock, self._wall = journal, most, clock, wall
        now, here = wall(), clock()
        self._arrivals = {
            file: one._replace(since=here - max(now - one.since, 0.0))
            for file, one in journal.arrivals().items()
        }

    def take(self, file: FileId, account: str, have: int = 0) -> None:
        """The account sends it, or asks for another quote for what it sent; `have`: bytes of it
        that came.

        Raises LeaseError: too much is unpaid, or it for too long.
        """
        if file in self._arrivals:
            if self.seconds_left(file, have) <= 0:
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
        self._journal.note_arrival(file, UnpaidFile(account, self._wall()))
        self._arrivals[file] = UnpaidFile(account, self._clock())

    def seconds_left(self, file: FileId, have: int) -> float:
        """Until more than the `have` bytes of it that came must have come, or it be paid."""
        arrival = self._arrivals.get(file)
        return arrival.since + TO_PAY + have / PACE - self._clock() if arrival else 0.0

    def late(self, have: Callable[[FileId], int]) -> set[FileId]:
        """`have`: bytes of a file that came."""
        return {file for file in self._arrivals if self.seconds_left(file, have(file)) <= 0}

    def settle(self, files: Collection[FileId]) -> None:
        """These are paid, or gone."""
        for file in self._arrivals.keys() & set(files):
            self._journal.forget_arrival(file)
            del self._arrivals[file]

    def keep(self, files: Collection[FileId]) -> None:
        """No others are there."""
        self.settle(self._arrivals.keys() - set(files))
