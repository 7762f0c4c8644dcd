"""What is sealed to this miner, and what it seals: its keys, and the deals that name them.

What came sealed lies here as it is, by its digest, which others learn from the chain. So another
request that names it is not served from here: what it needs it has to bring, in the open or sealed.

A key is announced for a week. Then it is kept until no request can come any more that names it, and
the last deal that does is over; deleted, it opens nothing again, whoever has what was sealed.
"""

from __future__ import annotations

import hmac
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from suanli.base.database import Database, FileForm
from suanli.protocol import Envelope, Request, SealError, sealing
from suanli.relay import RelayError
from suanli.store import SealingStore, Store, StoreUnavailable, UnsealingStore, open_envelope

T = TypeVar("T", SealingStore, UnsealingStore)
ANNOUNCED = 7 * 86_400
"""Seconds for which a key is announced."""
NAMED = 8 * 86_400
"""Seconds after which no request comes any more that names a key which is announced no longer:
relays keep none for more than a week."""
MOST_CONTENTS = 16 << 20
"""Bytes of the list of what a requester sealed: more than a manifest of the greatest size names."""
OPENED, LISTED = 8, 100_000
"""Deals whose lists are kept at hand, and what is listed in them together; the last always is."""
AT_ONCE = 500
"""Digests that are looked up together."""
SECRET = b"result"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    public BLOB PRIMARY KEY, private BLOB NOT NULL, made INTEGER NOT NULL, retired INTEGER
);
CREATE TABLE IF NOT EXISTS deals (
    id BLOB PRIMARY KEY, key BLOB NOT NULL REFERENCES keys (public), reply BLOB NOT NULL,
    contents BLOB NOT NULL, result BLOB
);
CREATE TABLE IF NOT EXISTS sealed (
    deal BLOB NOT NULL REFERENCES deals (id) ON DELETE CASCADE, digest BLOB NOT NULL,
    name BLOB NOT NULL, PRIMARY KEY (deal, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hidden (
    digest BLOB NOT NULL, deal BLOB NOT NULL, came INTEGER NOT NULL,
    PRIMARY KEY (digest, deal)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hidden_by_deal ON hidden (deal);
"""
FORM = FileForm(1, "deals", "data")


class NotOpened(Exception):
    """What is sealed for a request can't be opened here, now or ever."""


class Seals:
    """Threads may share it. `store`: the requesters'; `envelopes`: what the relay has of a request.
    All methods raise DatabaseFailed."""

    def __init__(
        self,
        path: Path,
        store: Store,
        envelopes: Callable[[bytes], Iterable[Envelope]] = lambda id_: (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        # Nobody else is to read it, not even for a moment.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = Database(path, _SCHEMA, form=FORM)
        # What is deleted is to be gone from the disk, too.
        self._db.rows("PRAGMA secure_delete = ON")
        self._store, self._envelopes, self._clock = store, envelopes, clock
        self._lock = threading.Lock()
        self._opened: OrderedDict[bytes, UnsealingStore] = OrderedDict()
        self._targets: OrderedDict[bytes, SealingStore] = OrderedDict()

    def close(self) -> None:
        self._db.close()

    def public_key(self) -> bytes:
        """The key to announce now: compressed. Old ones are deleted once nothing names them."""
        now = int(self._clock())
        with self._lock, self._db.transaction() as db:
            gone = db.execute(
                "DELETE FROM keys WHERE retired < ? AND public NOT IN (SELECT key FROM deals)",
                [now - NAMED],
            ).rowcount
            db.execute(
                "UPDATE keys SET retired = ? WHERE retired IS NULL AND made <= ?",
                [now, now - ANNOUNCED],
            )
            found = db.execute("SELECT public FROM keys WHERE retired IS NULL").fetchone()
            if found is None:
                private = sealing.new_key()
                found = (sealing.public_key(private),)
                db.execute("INSERT INTO keys VALUES (?, ?, ?, NULL)", (*found, private, now))
        if gone:
            self._db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return bytes(found[0])

    def holds(self, deal: bytes) -> bool:
        """Whether a deal's data was sealed to us."""
        return self._db.row("SELECT 1 FROM deals WHERE id = ?", [deal]) is not None

    def source(self, deal: bytes) -> Store | None:
        """Where a deal's data is read from; None: it is not known to be sealed.

        Raises:
            NotOpened, StoreError: it was sealed to us, and can't be opened.
        """
        row = self._db.row(
            "SELECT private, contents FROM deals JOIN keys ON key = public WHERE id = ?", [deal]
        )
        if row is None:
            return None
        with self._lock:
            if deal in self._opened:
                self._opened.move_to_end(deal)
                return self._opened[deal]
        private, digest = row
        return self._open(deal, self._contents(digest, private))

    def find(self, deal: bytes, request: Request) -> Store | None:
        """The same for a request that is seen first; None: its requester tells of nothing that is
        sealed.

        Raises:
            NotOpened: it is sealed to a key that is not here.
            StoreError: relay or store are away, or the envelope is not there.
        """
        try:
            told = [e for e in self._envelopes(deal) if e.sender == request.requester]
        except RelayError as error:
            raise StoreUnavailable(str(error)) from error
        for envelope in told:
            for public, private in self._db.rows("SELECT public, private FROM keys"):
                try:
                    contents = self._contents(envelope.contents, private)
                except NotOpened:
                    continue
                if contents.request != deal:
                    raise NotOpened("its data is sealed for another request")
                if not contents.reply:
                    raise NotOpened("no key is named that its result could be sealed to")
                with self._db.transaction() as db:
                    row = (deal, public, contents.reply, envelope.contents)
                    db.execute("REPLACE INTO deals VALUES (?, ?, ?, ?, NULL)", row)
                return self._open(deal, contents)
        if told:
            raise NotOpened("its data is sealed to a key that this miner does not have")
        return None

    def target(self, deal: bytes) -> SealingStore | None:
        """Where a deal's result is written to; None: it is not sealed."""
        with self._lock:
            if deal in self._targets:
                self._targets.move_to_end(deal)
                return self._targets[deal]
        row = self._db.row(
            "SELECT private, reply FROM deals JOIN keys ON key = public WHERE id = ?", [deal]
        )
        if row is None:
            return None
        rows = self._db.rows("SELECT digest, name FROM sealed WHERE deal = ?", [deal])
        secret = hmac.digest(row[0], SECRET + deal, "sha256")
        made = SealingStore(self._store, row[1], secret, dict(rows), note=partial(self._note, deal))
        self._keep(self._targets, deal, made)
        return made

    def finish(self, deal: bytes, target: SealingStore) -> None:
        """All of a deal's result is there: list it. Raises StoreError."""
        digest = target.close_envelope(deal)
        with self._db.transaction() as db:
            db.execute("UPDATE deals SET result = ? WHERE id = ?", [digest, deal])

    def result(self, deal: bytes) -> bytes | None:
        """What an envelope has to tell of a deal's result; None: nothing of it is sealed."""
        row = self._db.row("SELECT result FROM deals WHERE id = ?", [deal])
        return row[0] if row else None

    def forget(self, deal: bytes) -> list[bytes]:
        """It is over, or was not taken; returns digests of what came sealed and no other deal is
        known to have: they must not stay."""
        with self._lock:
            self._opened.pop(deal, None)
            self._targets.pop(deal, None)
        with self._db.transaction() as db:
            rows = db.execute(
                "SELECT digest FROM hidden AS h WHERE deal = ? AND NOT EXISTS"
                " (SELECT 1 FROM hidden WHERE digest = h.digest AND deal != h.deal)",
                [deal],
            ).fetchall()
            db.execute("DELETE FROM hidden WHERE deal = ?", [deal])
            db.execute("DELETE FROM deals WHERE id = ?", [deal])
        return [digest for (digest,) in rows]

    def hidden(self, deal: bytes, digests: Collection[bytes]) -> set[bytes]:
        """Those that came sealed for others, and that this deal did not bring."""
        found: set[bytes] = set()
        if self._db.row("SELECT 1 FROM hidden LIMIT 1") is None:
            return found
        wanted = list(digests)
        for begin in range(0, len(wanted), AT_ONCE):
            some = wanted[begin : begin + AT_ONCE]
            rows = self._db.rows(
                "SELECT DISTINCT digest FROM hidden AS h WHERE digest IN"
                f" ({', '.join('?' * len(some))}) AND NOT EXISTS (SELECT 1 FROM hidden"
                " WHERE digest = h.digest AND deal = ? AND came)",
                [*some, deal],
            )
            found |= {digest for (digest,) in rows}
        return found

    @contextmanager
    def bringing(self, deal: bytes, digests: Collection[bytes]) -> Iterator[None]:
        """A deal brings these by itself: noted before they come, and that they came."""
        rows = [(digest, deal) for digest in digests]
        with self._db.transaction() as db:
            db.executemany("INSERT OR IGNORE INTO hidden VALUES (?, ?, 0)", rows)
        yield
        with self._db.transaction() as db:
            db.executemany("UPDATE hidden SET came = 1 WHERE digest = ? AND deal = ?", rows)

    def tidy(self, deals: Iterable[bytes]) -> list[bytes]:
        """Forget all but these; as `forget`."""
        rows = self._db.rows("SELECT id FROM deals UNION SELECT deal FROM hidden")
        gone = {bytes(id_) for (id_,) in rows} - set(deals)
        return [digest for id_ in gone for digest in self.forget(id_)]

    def _contents(self, digest: bytes, private: bytes) -> sealing.Contents:
        try:
            return open_envelope(self._store, digest, private, MOST_CONTENTS)
        except SealError as error:
            raise NotOpened(str(error)) from error

    def _open(self, deal: bytes, contents: sealing.Contents) -> UnsealingStore:
        opened = UnsealingStore(self._store, contents.key, contents.sealed)
        self._keep(self._opened, deal, opened)
        return opened

    def _note(self, deal: bytes, sealed: Mapping[bytes, bytes]) -> None:
        """Which blob of a deal became which, before it goes anywhere."""
        rows = [(deal, *pair) for pair in sealed.items()]
        with self._db.transaction() as db:
            db.executemany("REPLACE INTO sealed VALUES (?, ?, ?)", rows)

    def _keep(self, kept: OrderedDict[bytes, T], deal: bytes, made: T) -> None:
        with self._lock:
            kept[deal] = made
            while len(kept) > OPENED or (
                len(kept) > 1 and sum(one.listed for one in kept.values()) > LISTED
            ):
                kept.popitem(last=False)
