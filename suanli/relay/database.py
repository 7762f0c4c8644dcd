"""What the relay remembers, in SQLite: bodies as they came, with what they are looked up by."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from suanli.relay.errors import RelayError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS notices (
    miner TEXT, resource INTEGER, runtime TEXT, issued INTEGER, valid_until INTEGER, body TEXT,
    PRIMARY KEY (miner, resource));
CREATE TABLE IF NOT EXISTS requests (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, requester TEXT, miner TEXT,
    resource INTEGER, confirm_by INTEGER, keep_until INTEGER, body TEXT);
CREATE INDEX IF NOT EXISTS open_requests ON requests (requester, confirm_by);
CREATE TABLE IF NOT EXISTS results (
    request TEXT, miner TEXT, body TEXT, PRIMARY KEY (request, miner));
CREATE TABLE IF NOT EXISTS refusals (
    request TEXT, miner TEXT, body TEXT, PRIMARY KEY (request, miner));
CREATE TABLE IF NOT EXISTS acceptances (request TEXT PRIMARY KEY, body TEXT);
"""


class Database:
    """One connection, shared by the server's threads; `:memory:` keeps nothing."""

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise RelayError(f"the relay's database {path} can't be used: {error}") from error

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; one at a time."""
        with self._lock, self._connection:
            yield self._connection

    def rows(self, query: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, tuple(values)).fetchall()

    def one(self, query: str, values: Iterable[Any] = ()) -> tuple[Any, ...] | None:
        return next(iter(self.rows(query, values)), None)
