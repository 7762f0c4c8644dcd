"""What miners announce beside their offers, as the relay's board has it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from suanli.protocol import Announcement, InvalidMessage, signed_from_json
from suanli.relay.server.index.queries.live import MOMENT
from suanli.relay.server.index.queries.reader import ToldBoard, hex_of
from suanli.relay.server.index.shapes import AnnouncedShape


class AnnouncedByClass:
    """Read anew after moments: reading hundreds of signed messages takes longer than the rest of an
    answer."""

    def __init__(
        self, board: ToldBoard | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._board, self._clock = board, clock
        self._lock = threading.Lock()
        self._known: dict[int, tuple[Mapping[str, AnnouncedShape], float]] = {}

    def of(self, resource: int) -> Mapping[str, AnnouncedShape]:
        """By the miner's account. `resource`: a class that there is."""
        with self._lock:  # one reads for all
            now = self._clock()
            found, ends = self._known.get(resource, ({}, now))
            if now >= ends:
                found = self._read(resource)
                self._known[resource] = found, self._clock() + MOMENT
            return found

    def _read(self, resource: int) -> Mapping[str, AnnouncedShape]:
        found: dict[str, AnnouncedShape] = {}
        for body in self._board.announcements(resource) if self._board else ():
            with suppress(InvalidMessage):  # the board's own database is damaged
                said = signed_from_json(Announcement, body).message
                found[said.miner] = AnnouncedShape(
                    units_per_second=said.units_per_second,
                    workers=said.workers,
                    runtimes=list(map(hex_of, said.runtimes)),
                    valid_until=said.valid_until,
                )
        return found
