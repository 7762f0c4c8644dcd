"""A blob from whichever place brings it, and on from another where one breaks off or stalls."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from time import monotonic

AHEAD = 4
"""Pieces that are fetched before they are asked for."""
GRACE, LEAST = 3.0, 128 << 10
"""Seconds after which a place must have brought so many bytes a second, or others are asked."""
Rest = Callable[[int], Iterator[bytes]]
"""Pieces of the blob from a byte on, unchecked."""


@dataclass
class Late(Exception):
    """It brings too little, or nothing."""


class Pump:
    """Pieces of one place, fetched in a thread of its own."""

    def __init__(self, rest: Rest, start: int) -> None:
        self._pieces: queue.Queue[bytes | Exception | None] = queue.Queue(AHEAD)
        self._given_up = False
        threading.Thread(target=self._run, args=(rest, start), daemon=True).start()

    def close(self) -> None:
        self._given_up = True
        while not self._pieces.empty():
            self._pieces.get_nowait()  # the thread may wait for room

    def pieces(self, patience: float | None) -> Iterator[bytes]:
        """`patience`: seconds that each may take; then, or where too few come, it is Late."""
        began, size = monotonic(), 0
        while True:
            try:
                piece = self._pieces.get(timeout=patience)
            except queue.Empty:
                raise Late from None
            if isinstance(piece, Exception):
                raise piece
            if piece is None:
                return
            yield piece
            size += len(piece)
            took = monotonic() - began
            if patience is not None and took > GRACE + patience and size < LEAST * took:
                raise Late

    def _run(self, rest: Rest, start: int) -> None:
        end: Exception | None = None
        try:
            for piece in rest(start):
                self._pieces.put(piece)
                if self._given_up:
                    return
        except Exception as error:
            end = error
        self._pieces.put(end)


@dataclass
class Streamed:
    """What happened: which places brought something, and how others failed. Places are numbered."""

    brought: list[int]
    failed: dict[int, Exception]
    late: list[int]
    whole: bool = False
    right: bool = True


def streamed(
    digest: bytes,
    start: int,
    places: Sequence[tuple[int, Rest]],
    patience: float,
    told: Streamed,
    others: bool = False,
) -> Iterator[bytes]:
    """In turn, each for as long as it is quick; then those that were not, with all patience, unless
    there are `others`. From the first byte on all is checked, before the last piece is passed
    on."""
    hasher = hashlib.sha256()
    size, held = start, b""
    turns: deque[tuple[int, Rest, float | None]] = deque(
        (place, rest, patience if others or len(places) > 1 else None) for place, rest in places
    )
    while turns:
        place, rest, each = turns.popleft()
        with closing(Pump(rest, size)) as pump:
            try:
                for piece in pump.pieces(each):
                    if place not in told.brought:
                        told.brought.append(place)
                    size += len(piece)
                    if start == 0:
                        hasher.update(piece)
                    if held:
                        yield held
                    held = piece
            except Late:
                told.late.append(place)
                if not others:
                    turns.append((place, rest, None))
                continue
            except Exception as error:
                told.failed[place] = error
                continue
        told.whole = True
        told.right = start > 0 or hasher.digest() == digest
        if held and told.right:
            yield held
        return
    if held and start > 0:
        yield held  # what came is kept, and gone on from
