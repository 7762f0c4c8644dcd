"""The blobs of several relays as one store: put at all, fetched from whichever has them."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from typing import Any, NoReturn, TypeVar

from suanli.relay.client import RelayClient
from suanli.relay.errors import RelayBusy
from suanli.relay.http_store import HttpStore
from suanli.relay.several.arrears import Arrears
from suanli.relay.several.health import Health
from suanli.relay.several.relays import Relays
from suanli.relay.several.sending import LeftBehind, sent
from suanli.relay.several.streaming import Streamed, streamed
from suanli.relay.several.waiting import Answers, gather, started
from suanli.store import (
    MAX_BLOB,
    SMALL,
    BlobCorrupt,
    BlobElsewhere,
    BlobMissing,
    BlobTooLarge,
    StoreFull,
    StoreUnavailable,
)

T = TypeVar("T")
PATIENCE = 0.5
"""Seconds, before another place is asked as well."""
AT_LAST = 20
"""Times as long the last is waited for, when all others have failed."""
GONE = 120.0
"""Seconds after which what a place may have that can't be reached counts for nothing."""
MOST_GIVEN = 200_000
"""Blobs of which it is remembered that they were put."""
BELIEVED = 3
"""Times that a place which was given a blob is believed that it lacks it, while another has it."""
MOST_DOUBTED = 10_000
"""Blobs of which it is remembered who sent other bytes, or that parts of several did not fit."""


class SeveralStores:
    """A `suanli.store.Store`. One that is away, slow, hides blobs or sends others costs a moment at
    most while another is there; what it lacks it is given when it is back."""

    def __init__(
        self,
        stores: Sequence[HttpStore],
        *,
        clock: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE,
    ) -> None:
        self._stores, self._clock, self._patience = stores, clock, patience
        self._health = [Health() for _ in stores]
        self._lies: Counter[int] = Counter()
        self._wrong: set[tuple[int, bytes]] = set()
        self._apart: dict[bytes, set[int]] = {}
        """Blobs of which parts of several places did not fit: which were then asked alone."""
        self._given: Counter[tuple[int, bytes]] = Counter()
        self._arrears = [Arrears(self, store) for store in stores]

    # Giving

    def put(self, data: bytes | Iterable[bytes], digest: bytes | None = None) -> bytes:
        """See `Store.put`; at one place is enough."""
        if digest is None:
            data = data if isinstance(data, bytes) else b"".join(data)
            digest = hashlib.sha256(data).digest()
        if isinstance(data, bytes):
            self._put(lambda store: store.put(data, digest), [digest])
            return digest
        lacking = self._lacking([digest])
        targets = [place for place in self._asked() if digest in lacking.get(place, (digest,))]
        act = {place: partial(self._tried, place, partial(_put, digest)) for place in targets}
        uploads = sent(data, act, self._patience)
        if uploads:
            self._settle(gather(uploads, list(uploads), self._longer), [digest])
        else:
            for place in set(range(len(self._stores))) - lacking.keys():
                self._arrears[place].add([digest])
        return digest

    def put_many(self, blobs: Mapping[bytes, bytes]) -> None:
        """See `Store.put_many`."""
        if blobs:
            self._put(lambda store: store.put_many(blobs), list(blobs))

    def _put(self, act: Callable[[HttpStore], object], digests: Sequence[bytes]) -> None:
        self._settle(self._all(act, self._longer), digests)

    def _settle(self, answers: Answers[int, Any], digests: Sequence[bytes]) -> None:
        """Places that did not take it are given it later."""
        if not answers.good:
            raise self._worst(answers.failed)
        for place in range(len(self._stores)):
            if place in answers.good:
                if len(self._given) > MOST_GIVEN:
                    self._given.clear()
                self._given.update((place, digest) for digest in digests)
            elif place in answers.late:
                owe = partial(self._owe, place, list(digests))
                answers.late[place].add_done_callback(owe)
            elif isinstance(answers.failed.get(place, LeftBehind()), LeftBehind | StoreUnavailable):
                self._arrears[place].add(digests)

    def _owe(self, place: int, digests: Sequence[bytes], done: Future[Any]) -> None:
        if isinstance(done.exception(), LeftBehind | StoreUnavailable):
            self._arrears[place].add(digests)

    def _longer(self, took: float) -> float:
        return self._patience + took / 4

    # Fetching

    def get(self, digest: bytes, limit: int = MAX_BLOB) -> bytes:
        """See `Store.get`."""
        failed: dict[int, Exception] = {}
        for place, found in self._in_turn(lambda store: store.get(digest, limit), digest):
            if isinstance(found, bytes):
                return found
            if isinstance(found, BlobCorrupt):
                self._lied(place, digest)
            failed[place] = found
        raise self._worst(failed)

    def stream(self, digest: bytes, start: int = 0) -> Iterator[bytes]:
        """See `Store.stream`."""
        order, more = self._order(digest), False
        if start == 0 and digest in self._apart:
            order, more = self._alone(digest, order)
        told = Streamed([], {}, [])
        rests = [(place, partial(self._stores[place].rest, digest)) for place in order]
        yield from streamed(digest, start, rests, self._patience, told, others=more)
        for place in told.late:
            self._overran(place)
        for place, error in told.failed.items():
            self._note(place, error)
        if told.whole and not told.right:
            self._differs(digest, told.brought)
        elif more and not told.whole:
            raise BlobElsewhere(digest, "it did not come from one place alone")
        else:
            self._apart.pop(digest, None)
        if not told.whole:
            raise self._worst(told.failed)

    def _alone(self, digest: bytes, order: list[int]) -> tuple[list[int], bool]:
        """Who is asked next for a blob of which parts of several did not fit, and whether there are
        others to ask after that: each once, then the likeliest with all patience."""
        asked = self._apart[digest]
        honest = [place for place in order if (place, digest) not in self._wrong] or order
        place = next((place for place in honest if place not in asked), honest[0])
        asked.add(place)
        return [place], any(place not in asked for place in honest)

    def _differs(self, digest: bytes, brought: Sequence[int]) -> NoReturn:
        """Whoever brought all of other bytes lied; of several it is not known which did."""
        wrong = "other bytes came than were asked for"
        if len(brought) > 1:
            if len(self._apart) >= MOST_DOUBTED:
                self._apart.clear()
            self._apart[digest] = set()
            raise BlobElsewhere(digest, wrong)
        self._lied(brought[0], digest)
        if any((place, digest) not in self._wrong for place in range(len(self._stores))):
            raise BlobElsewhere(digest, wrong)
        self._apart.pop(digest, None)
        raise BlobCorrupt(digest, wrong)

    def get_many(self, digests: Sequence[bytes], limit: int = SMALL) -> dict[bytes, bytes]:
        """See `Store.get_many`."""
        wanted = dict.fromkeys(digests)
        found: dict[bytes, bytes] = {}
        failed: dict[int, Exception] = {}
        answered = False
        asking = self._in_turn(lambda store: store.get_many(list(wanted), limit), b"")
        for place, blobs in asking:
            if isinstance(blobs, Exception):
                failed[place] = blobs
                continue
            answered = True
            for digest, data in blobs.items():
                found.setdefault(digest, data)
                wanted.pop(digest, None)
            if not wanted:
                break
        if not answered and failed:
            raise self._worst(failed)
        return found

    # Asking

    def has(self, digest: bytes) -> bool:
        """See `Store.has`."""
        answers = self._all(lambda store: store.has(digest), enough=bool)
        if not answers.good:
            raise self._worst(answers.failed)
        return any(answers.good.values())

    def missing(self, digests: Sequence[bytes]) -> set[bytes]:
        """See `Store.missing`: those that a place lacks which answers."""
        return set().union(*self._lacking(digests).values())

    def _lacking(self, digests: Sequence[bytes]) -> dict[int, set[bytes]]:
        answers = self._all(lambda store: store.missing(digests))
        if not answers.good:
            raise self._worst(answers.failed)
        nowhere = set(digests).intersection(*answers.good.values())
        return {
            place: {d for d in lacks if d in nowhere or self._given[place, d] < BELIEVED}
            for place, lacks in answers.good.items()
        }

    # Places

    def _all(
        self,
        act: Callable[[HttpStore], T],
        patience: Callable[[float], float] | None = None,
        enough: Callable[[T], bool] = lambda answer: False,
    ) -> Answers[int, T]:
        now, first = self._clock(), self._asked()
        failed: dict[int, Exception] = {}
        for some in (first, [p for p in range(len(self._stores)) if p not in first]):
            asked = {place: started(partial(self._tried, place, act)) for place in some}
            waited = [place for place in asked if self._health[place].is_waited_for(now)]
            answers = gather(asked, waited, patience or (lambda took: self._patience), enough)
            answers.failed |= failed
            if answers.good:
                break
            failed = answers.failed
        if not any(enough(answer) for answer in answers.good.values()):
            for place in answers.late:
                self._overran(place)
        return answers

    def _asked(self) -> list[int]:
        now = self._clock()
        some = [p for p, health in enumerate(self._health) if not health.is_left_alone(now)]
        return some or list(range(len(self._stores)))

    def _in_turn(
        self, act: Callable[[HttpStore], T], digest: bytes
    ) -> Iterator[tuple[int, T | Exception]]:
        """The next as well once one has failed, lets wait, or did not bring all."""
        order = self._order(digest)
        asked: dict[Future[T], int] = {}
        while order or asked:
            if order:
                place = order.pop(0)
                asked[started(partial(self._tried, place, act))] = place
            patience = self._patience if order else self._patience * AT_LAST
            done, _ = wait(asked, patience, FIRST_COMPLETED)
            if not done:
                self._overran(place)
                if not order:
                    yield from ((late, self._late(late)) for late in asked.values())
                    return
            for future in done:
                error = future.exception()
                if isinstance(error, Exception):
                    yield asked.pop(future), error
                else:
                    yield asked.pop(future), future.result()

    def _order(self, digest: bytes) -> list[int]:
        """The likeliest first."""
        now = self._clock()

        def doubts(place: int) -> tuple[bool, bool, bool, int]:
            health = self._health[place]
            wrong = (place, digest) in self._wrong
            alone = health.is_left_alone(now)
            return wrong, alone, not health.is_waited_for(now), self._lies[place]

        return sorted(range(len(self._stores)), key=doubts)

    def _tried(self, place: int, act: Callable[..., T], *more: Any) -> T:
        health, began = self._health[place], self._clock()
        try:
            found = act(self._stores[place], *more)
        except Exception as error:
            self._note(place, error)
            raise
        if not health.is_slow or self._clock() < began + self._patience:
            health.well()
        self._arrears[place].pay()
        return found

    def _note(self, place: int, error: Exception) -> None:
        if isinstance(error, StoreUnavailable):
            busy = error.__cause__
            left_alone = busy.wait if isinstance(busy, RelayBusy) else 0.0
            self._health[place].failed(self._clock(), str(error), left_alone)

    def _lied(self, place: int, digest: bytes) -> None:
        self._lies[place] += 1
        if len(self._wrong) >= MOST_DOUBTED:
            self._wrong.clear()
        self._wrong.add((place, digest))

    def _late(self, place: int) -> Exception:
        return StoreUnavailable(f"relay {self._stores[place].url} answers late: try again")

    def _overran(self, place: int) -> None:
        self._health[place].overran(self._clock(), f"relay {self._stores[place].url} is slow")

    def _worst(self, failed: Mapping[int, Exception]) -> Exception:
        """What to tell of it: that one is away, for it may have what the others lack, unless it has
        been for long; else what those say that answer."""
        now = self._clock()

        def weight(place: int) -> int:
            error, since = failed[place], self._health[place].since
            if isinstance(error, StoreUnavailable):
                return 0 if since is not None and now > since + GONE else 5
            kinds = (BlobMissing, 4), (StoreFull, 3), (BlobTooLarge, 2)
            return next((heavy for kind, heavy in kinds if isinstance(error, kind)), 1)

        return failed[max(sorted(failed), key=weight)]


def _put(digest: bytes, store: HttpStore, data: Iterable[bytes]) -> object:
    return store.put(data, digest)


def blobs_of(relay: Relays | RelayClient) -> HttpStore | SeveralStores:
    """Of one relay, or of all."""
    if isinstance(relay, RelayClient):
        return HttpStore(relay)
    stores = [HttpStore(one) for one in relay.each]
    return stores[0] if len(stores) == 1 else SeveralStores(stores)
