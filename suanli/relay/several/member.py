"""One of several relays: questions and posts go to it in a thread of its own, one after another."""

from __future__ import annotations

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from suanli.base.text import plain
from suanli.protocol import Progress, Signed
from suanli.relay.client import RelayClient
from suanli.relay.errors import RelayBusy, RelayError, RelayRefusal, RelayUnreachable
from suanli.relay.several.health import Health
from suanli.relay.several.merging import subject_of

T = TypeVar("T")
log = logging.getLogger("suanli.relay")
MOST_OWED = 1_000
"""Messages that are kept for a relay that is away."""
AT_ONCE = 20
"""Of these, how many go between two questions."""
MOST_TRIES = 10
"""Of a message whose request the relay does not know yet."""
MOST_LATE, STALE = 64, 60.0
"""Answers that came when nobody waited any more, and seconds for which they are good."""
MOST_WHY = 300
"""Characters of what is wrong with it."""
MOST_OPEN = 16
"""Questions to one that is slow."""
Act = Callable[[RelayClient], T]


@dataclass
class _Owed:
    signed: Signed[Any]
    tries: int = 0
    again: float = float("-inf")


class Member:
    """`relay` is used by this thread alone."""

    def __init__(self, relay: RelayClient, clock: Callable[[], float], patience: float) -> None:
        self.relay, self.health = relay, Health()
        self._clock, self._patience, self._closed = clock, patience, False
        self._lock = threading.Lock()
        self._work: queue.SimpleQueue[tuple[Hashable, Act[Any], Future[Any]] | None]
        self._work = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._open: dict[Hashable, Future[Any]] = {}
        self._late: OrderedDict[Hashable, tuple[float, Future[Any]]] = OrderedDict()
        self._owed: OrderedDict[Hashable, _Owed] = OrderedDict()

    @property
    def url(self) -> str:
        return self.relay.url

    def close(self) -> None:
        """A call that is under way is cut off."""
        self._closed = True
        self._work.put(None)
        self.relay.close()

    def ask(self, key: Hashable, act: Act[T]) -> Future[T]:
        """The same question is not asked twice at a time; an answer that came late counts now."""
        with self._lock:
            at, late = self._late.pop(key, (float("-inf"), None))
            fresh = self._open[key] if key in self._open else self._begin(key, act)
        if late is None or self._clock() >= at + STALE:
            return fresh
        fresh.add_done_callback(lambda done: self._keep(key, done))
        return late

    def _begin(self, key: Hashable, act: Act[T]) -> Future[T]:
        made: Future[T] = Future()
        if self.health.is_slow and len(self._open) >= MOST_OPEN:
            made.set_exception(RelayUnreachable(f"relay {self.url} answers late"))
            return made
        self._open[key] = made
        self._work.put((key, act, made))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        return made

    def missed(self, key: Hashable, asked: Future[Any]) -> None:
        """Nobody waits for this answer any more: it is for whoever asks the same again."""
        self._late_by_now()
        asked.add_done_callback(lambda done: self._keep(key, done))

    def _late_by_now(self) -> None:
        why = f"relay {self.url} answers late: it is not waited for"
        self.health.overran(self._clock(), why)

    def owe(self, signed: Signed[Any]) -> None:
        """To be posted when it answers again."""
        with self._lock:
            subject = subject_of(signed.message)
            self._owed.pop(subject, None)
            self._owed[subject] = _Owed(signed)
            if len(self._owed) > MOST_OWED:
                self._owed.popitem(last=False)

    def run(self, act: Act[T]) -> T:
        """Here and now, keeping account of how it fares."""
        began = self._clock()
        try:
            found = act(self.relay)
        except RelayRefusal as error:
            if isinstance(error, RelayBusy):
                self._failed(error, error.wait)
            elif error.is_outage:
                self._failed(error)
            else:
                self.health.well()
            raise
        except RelayError as error:
            self._failed(error)
            raise
        if self._clock() < began + self._patience:
            self.health.well()
        else:
            self._late_by_now()
        return found

    def _failed(self, error: RelayError, wait: float = 0.0) -> None:
        why = plain(str(error))[:MOST_WHY]
        if self.url not in why:
            why = f"relay {self.url}: {why}"
        self.health.failed(self._clock(), why, wait)

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            key, act, made = item
            found, failed = None, None
            try:
                found = self.run(act)
            except BaseException as error:
                failed = error
            with self._lock:  # first, or who asks again at once would get the same answer
                del self._open[key]
            if failed is None:
                made.set_result(found)
            else:
                made.set_exception(failed)
            if not self._closed:
                self._deliver()

    def _keep(self, key: Hashable, done: Future[Any]) -> None:
        if done.exception() is None:
            with self._lock:
                self._late[key] = self._clock(), done
                if len(self._late) > MOST_LATE:
                    self._late.popitem(last=False)

    def _deliver(self) -> None:
        """What it was owed while it was away, in order."""
        if self.health.why and not self.health.is_slow:
            return
        with self._lock:
            now = self._clock()
            ready = [subject for subject, owed in self._owed.items() if now >= owed.again]
            some = {subject: self._owed.pop(subject) for subject in ready[:AT_ONCE]}
        for subject, owed in some.items():
            try:
                self.run(lambda relay, owed=owed: relay.post(owed.signed))  # type: ignore[misc]
            except RelayRefusal as error:
                if error.is_outage or isinstance(error, RelayBusy):
                    self._put_back(subject, owed)
                elif error.status == 404 and not isinstance(owed.signed.message, Progress):
                    # Whoever posted what it is about may owe that, too.
                    owed.tries += 1
                    owed.again = self._clock() + 2**owed.tries
                    if owed.tries < MOST_TRIES:
                        self._put_back(subject, owed)
            except RelayError:
                self._put_back(subject, owed)
            except Exception:
                log.exception("what was kept for relay %s can't be posted", self.url)

    def _put_back(self, subject: Hashable, owed: _Owed) -> None:
        with self._lock:
            if subject not in self._owed:  # else there is something newer
                self._owed[subject] = owed
                self._owed.move_to_end(subject, last=False)
