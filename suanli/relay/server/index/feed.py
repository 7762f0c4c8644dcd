"""New events for those who wait for them, as server-sent events."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import ServerSentEvent
from sqlalchemy import select

from suanli.relay.server.index.indexer import IndexProgress, News
from suanli.relay.server.index.queries import about_id, about_of, entries_of
from suanli.relay.server.index.reading import KINDS
from suanli.relay.server.index.shapes import AboutShape, HistoryEntryShape
from suanli.relay.server.index.store import IndexStore
from suanli.relay.server.index.tables import ABOUT, BLOCKS, HISTORY, at_of
from suanli.relay.server.limits import Places, caller_of

MOST_TOLD = 500
"""Entries that are told one by one, at a time; beyond that whoever listens reads anew."""
LISTENERS, LISTENERS_OF_ONE = 256, 16
"""At a time."""
MOST_WAITING = 1_000
"""Events that wait for a slow listener."""
Subject = tuple[int, bytes]
"""As the tables keep it."""
RESET = ServerSentEvent(event="reset", data=None)


class _Listener:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[ServerSentEvent] = asyncio.Queue(MOST_WAITING)
        self._loop = asyncio.get_running_loop()

    def put(self, found: list[ServerSentEvent]) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._put, found)

    def _put(self, found: list[ServerSentEvent]) -> None:
        if self.queue.qsize() + len(found) > MOST_WAITING:
            while not self.queue.empty():
                self.queue.get_nowait()
            found = [RESET, found[-1]]  # how far the index is
        for event in found:
            self.queue.put_nowait(event)


class Feed:
    """`store` None: there is none yet, so nothing comes."""

    def __init__(
        self, store: Callable[[], IndexStore | None], progress: Callable[[], IndexProgress]
    ) -> None:
        self._store, self._progress = store, progress
        self._lock = threading.Lock()
        self._listeners: set[_Listener] = set()
        self.places = Places("streams of events", of_all=LISTENERS, of_one=LISTENERS_OF_ONE)

    def heard(self, news: News) -> None:
        """From the indexer's thread."""
        with self._lock:
            listeners = list(self._listeners)
        if not listeners:
            return
        told = self._told(news)
        for listener in listeners:
            listener.put(told)

    def _told(self, news: News) -> list[ServerSentEvent]:
        if news.rolled_back_to is not None:
            return [_block("reorganized", news.rolled_back_to, None)]
        store = self._store()
        if len(news.facts) > MOST_TOLD or store is None:
            return [RESET, _block("block", news.block, news.time)]
        with store.reading() as connection:
            found = entries_of(connection, [fact.at for fact in news.facts])
        return [*map(_entry, found), _block("block", news.block, news.time)]

    async def room(self, request: Request) -> AsyncIterator[None]:
        """For one who listens. Raises RelayRefusal."""
        with self.places.taken(caller_of(request)):
            yield

    async def follow(
        self, last: str | None, wanted: tuple[str, str] | None
    ) -> AsyncIterator[ServerSentEvent]:
        """All that comes after the entry `last`, or from now on; `wanted`: only what concerns that,
        by kind and id."""
        about = None if wanted is None else (KINDS.index(wanted[0]), about_id(*wanted))
        told_of = None if about is None else about_of(*about)  # however it was written
        with self._listening() as listener:
            told: set[str | None] = set()
            if last is not None:
                missed = await run_in_threadpool(self._missed, last, about)
                if missed is None:
                    yield RESET
                for entry in missed or ():
                    told.add(entry.id)
                    yield _entry(entry)
            found = self._progress()
            if found.block is not None:
                yield _block("block", found.block, found.time)
            while True:
                event = await listener.queue.get()
                if event.id not in told and _is_wanted(event, told_of):
                    yield event

    @contextmanager
    def _listening(self) -> Iterator[_Listener]:
        listener = _Listener()
        with self._lock:
            self._listeners.add(listener)
        try:
            yield listener
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def _missed(self, last: str, about: Subject | None) -> list[HistoryEntryShape] | None:
        """None: too much, or it is not known how far the listener was."""
        parts = last.split("-")
        store = self._store()
        if store is None or len(parts) != 3 or not all(p.isascii() and p.isalnum() for p in parts):
            return None
        block, place, block_hash = parts
        if not block.isdecimal() or not place.isdecimal() or int(block) >= 1 << 40:
            return None
        with store.reading() as connection:
            query = select(BLOCKS.c.hash).where(BLOCKS.c.number == int(block))
            known = connection.execute(query).scalar()
            if known is None or known[:4].hex() != block_hash:
                return None
            at = at_of(int(block), int(place))
            missed = select(HISTORY.c.at).where(HISTORY.c.at > at).order_by(HISTORY.c.at)
            if about is not None:
                kind, id_ = about
                missed = select(ABOUT.c.at).where(ABOUT.c.kind == kind, ABOUT.c.id == id_)
                missed = missed.where(ABOUT.c.at > at).order_by(ABOUT.c.at)
            ats = list(connection.execute(missed.limit(MOST_TOLD + 1)).scalars())
            return entries_of(connection, ats) if len(ats) <= MOST_TOLD else None


def _is_wanted(event: ServerSentEvent, wanted: AboutShape | None) -> bool:
    return wanted is None or event.event != "entry" or wanted in event.data.about


def _entry(entry: HistoryEntryShape) -> ServerSentEvent:
    return ServerSentEvent(event="entry", id=entry.id, data=entry)


def _block(event: str, block: int, time: int | None) -> ServerSentEvent:
    data: dict[str, Any] = {"block": block, "time": time}
    return ServerSentEvent(event=event, data=data)
