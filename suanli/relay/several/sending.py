"""A blob to several places at once, read once; one that holds up the others is left behind."""

from __future__ import annotations

import itertools
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future

from suanli.relay.several.waiting import started

AHEAD = 4
"""Pieces that may wait for a place."""
TRY = 0.05
"""Seconds between looks whether there is room."""


class LeftBehind(Exception):
    """Ends an upload that is not to be finished."""


class _Feed:
    """What one upload reads."""

    def __init__(self) -> None:
        self._pieces: queue.Queue[bytes | None] = queue.Queue(AHEAD)
        self._ended = False
        self.held_up = 0.0
        """Seconds for which the others waited for it."""

    def __iter__(self) -> Iterator[bytes]:
        while True:
            piece = self._pieces.get()
            if self._ended:
                raise LeftBehind
            if piece is None:
                return
            yield piece

    @property
    def has_room(self) -> bool:
        return not self._pieces.full()

    def give(self, piece: bytes | None) -> bool:
        """Whether there was room."""
        try:
            self._pieces.put(piece, timeout=TRY)
        except queue.Full:
            return False
        return True

    def end(self) -> None:
        """The upload is not to be finished."""
        self._ended = True
        if self.has_room:
            self._pieces.put(None)


def sent(
    data: Iterable[bytes],
    places: Mapping[int, Callable[[Iterable[bytes]], object]],
    patience: float,
) -> dict[int, Future[object]]:
    """Uploads, which have all that they need; those left behind end with LeftBehind."""
    feeds = {place: _Feed() for place in places}
    uploads = {
        place: started(lambda upload=upload, feed=feeds[place]: upload(iter(feed)))  # type: ignore[misc]
        for place, upload in places.items()
    }
    began = time.monotonic()
    try:
        for piece in itertools.chain(data, (None,)):
            for place in list(feeds):
                while not feeds[place].give(piece):
                    others = (feeds[other] for other in feeds if other != place)
                    if any(feed.has_room for feed in others):
                        feeds[place].held_up += TRY
                    most = patience + (time.monotonic() - began) / 4
                    if uploads[place].done() or feeds[place].held_up > most:
                        feeds.pop(place).end()
                        break
    except BaseException:
        for feed in feeds.values():
            feed.end()
        raise
    return uploads
