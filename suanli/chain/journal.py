"""What was sent, written down before it is sent, so that a restart neither forgets nor repeats.

An entry is something to be done once; its attempts are the transactions signed for it, of which
at most one is mined.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from suanli.base.database import Database, FileForm
from suanli.base.locking import Mutex
from suanli.chain.fees import GasPrice

KEPT = 10_000
"""Finished entries kept per account, to answer for their keys."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    chain_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    key TEXT,
    name TEXT NOT NULL,
    target TEXT,
    data BLOB NOT NULL,
    value TEXT NOT NULL,
    gas INTEGER NOT NULL,
    status TEXT NOT NULL,
    sent REAL NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS entries_by_key
    ON entries (chain_id, account, key) WHERE key IS NOT NULL AND status != 'failed';
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    raw BLOB NOT NULL,
    max_fee TEXT NOT NULL,
    tip TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS attempts_by_entry ON attempts (entry);
"""

FORM = FileForm(1, "transactions", "SUANLI_SENT")
"""All processes of the account share the file, whatever their versions."""


class Status(StrEnum):
    """Open: may still be mined. Done: mined and confirmed. Failed: reverted or refused."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Attempt:
    """A signed transaction."""

    hash: str
    nonce: int
    raw: bytes
    price: GasPrice


@dataclass(frozen=True)
class JournalEntry:
    """Something to be done once; `sent`: when last, in seconds; `attempts`: oldest first."""

    id: int
    key: str | None
    name: str
    target: str | None
    data: bytes
    value: int
    gas: int
    status: Status
    sent: float
    attempts: tuple[Attempt, ...]

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]


class TransactionJournal:
    """Entries of one account on one chain in an SQLite file, which several accounts may share.

    Each method is one transaction, and raises DatabaseFailed. Threads and processes may share a
    journal: whoever signs with what it says holds `alone` until that is written down.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Without a path it is forgotten at the end."""
        self.alone = Mutex(path and path.with_suffix(".lock"))
        with self.alone:  # two must not make the file at once
            self._database = Database(path or ":memory:", _SCHEMA, form=FORM)

    def close(self) -> None:
        self._database.close()

    def add(
        self,
        chain_id: int,
        account: str,
        key: str | None,
        name: str,
        target: str | None,
        data: bytes,
        value: int,
        gas: int,
        now: float,
        attempt: Attempt,
    ) -> JournalEntry:
        """Write down a new open entry with its first transaction."""
        row = (chain_id, account, key, name, target, data, str(value), gas, Status.OPEN, now)
        with self._database.transaction() as database:
            made = database.execute(
                "INSERT INTO entries (chain_id, account, key, name, target, data, value, gas,"
                " status, sent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            entry = made.lastrowid or 0
            _insert(database, entry, attempt)
            database.execute(
                "DELETE FROM entries WHERE chain_id = ? AND account = ? AND status != 'open' AND"
                " id <= (SELECT id FROM entries WHERE chain_id = ? AND account = ?"
                " ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (chain_id, account, chain_id, account, KEPT),
            )
        return self.get(entry)

    def retry(self, entry: int, attempt: Attempt, gas: int, now: float) -> None:
        """Write down another transaction for an entry, before it is sent."""
        with self._database.transaction() as database:
            _insert(database, entry, attempt)
            database.execute("UPDATE entries SET sent = ?, gas = ? WHERE id = ?", (now, gas, entry))

    def touch(self, entry: int, now: float) -> None:
        """It was sent again, as it was."""
        with self._database.transaction() as database:
            database.execute("UPDATE entries SET sent = ? WHERE id = ?", (now, entry))

    def mark(self, entry: int, status: Status) -> None:
        with self._database.transaction() as database:
            # A failed entry stays so if its key has been given to another one since.
            database.execute(
                "UPDATE OR IGNORE entries SET status = ? WHERE id = ?", (status, entry)
            )

    def get(self, entry: int) -> JournalEntry:
        """KeyError if it was never added, or finished long ago."""
        found = self._select("id = ?", (entry,))
        if not found:
            raise KeyError(entry)
        return found[0]

    def find(self, chain_id: int, account: str, key: str) -> JournalEntry | None:
        """The entry of this key that has not failed."""
        found = self._select(
            "chain_id = ? AND account = ? AND key = ? AND status != 'failed'",
            (chain_id, account, key),
        )
        return found[0] if found else None

    def find_part(self, chain_id: int, account: str, part: str) -> JournalEntry | None:
        """The newest entry whose key, a list of parts, has this one, and that has not failed."""
        found = self._select(
            "chain_id = ? AND account = ? AND key LIKE 'parts:%' AND status != 'failed'"
            " AND instr(',' || substr(key, 7) || ',', ',' || ? || ',')",
            (chain_id, account, part),
        )
        return found[-1] if found else None

    def signed(self, transaction: str) -> bool:
        """Whether a transaction of this hash is one of an entry, whatever became of it."""
        rows = self._database.rows("SELECT 1 FROM attempts WHERE hash = ? LIMIT 1", (transaction,))
        return bool(rows)

    def open(self, chain_id: int, account: str) -> list[JournalEntry]:
        """Entries that may still be mined, oldest first."""
        return self._select("chain_id = ? AND account = ? AND status = 'open'", (chain_id, account))

    def _select(self, where: str, values: tuple[object, ...]) -> list[JournalEntry]:
        rows = self._database.rows(
            "SELECT id, key, name, target, data, value, gas, status, sent FROM entries"
            f" WHERE {where} ORDER BY id",
            values,
        )
        return [self._entry(*row) for row in rows]

    def _entry(
        self,
        entry: int,
        key: str | None,
        name: str,
        target: str | None,
        data: bytes,
        value: str,
        gas: int,
        status: str,
        sent: float,
    ) -> JournalEntry:
        attempts = self._attempts(entry)
        return JournalEntry(
            entry, key, name, target, data, int(value), gas, Status(status), sent, attempts
        )

    def _attempts(self, entry: int) -> tuple[Attempt, ...]:
        rows = self._database.rows(
            "SELECT hash, nonce, raw, max_fee, tip FROM attempts WHERE entry = ? ORDER BY id",
            (entry,),
        )
        return tuple(
            Attempt(hash_, nonce, raw, GasPrice(int(max_fee), int(tip)))
            for hash_, nonce, raw, max_fee, tip in rows
        )


def _insert(database: sqlite3.Connection, entry: int, attempt: Attempt) -> None:
    price = attempt.price
    database.execute(
        "INSERT INTO attempts (entry, hash, nonce, raw, max_fee, tip) VALUES (?, ?, ?, ?, ?, ?)",
        (entry, attempt.hash, attempt.nonce, attempt.raw, str(price.max_fee), str(price.tip)),
    )
