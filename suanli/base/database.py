"""SQLite files that outlive their process: one way to open, read and write them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from suanli.base.errors import SuanliError


class DatabaseFailed(SuanliError):
    """The file can't be opened, read or written. What was written before is kept."""


class Database:
    """One connection, which threads may share. What a `transaction` wrote is on the disk when it
    is left, all or nothing. `readonly`: beside the process that writes."""

    def __init__(self, path: Path | str, schema: str, *, readonly: bool = False) -> None:
        self._path, self._lock = path, threading.RLock()
        with self._translated():
            self._connection = _connect(path, readonly)
            if not readonly:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA foreign_keys = ON")
                self._connection.executescript(schema)

    def define(self, schema: str) -> None:
        """More tables. Raises DatabaseFailed."""
        with self._lock, self._translated():
            self._connection.executescript(schema)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def rows(
        self, query: str, values: Iterable[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        """Raises DatabaseFailed."""
        given = values if isinstance(values, Mapping) else tuple(values)
        with self._lock, self._translated():
            return self._connection.execute(query, given).fetchall()

    def row(self, query: str, values: Iterable[Any] = ()) -> tuple[Any, ...] | None:
        """The first, if there is one. Raises DatabaseFailed."""
        return next(iter(self.rows(query, values)), None)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One at a time. Raises DatabaseFailed: nothing was written."""
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled it back already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            # Its other subclasses are mistakes of the program.
            if type(error) not in (sqlite3.DatabaseError, sqlite3.OperationalError):
                raise
            raise DatabaseFailed(
                f"{self._path} can't be used: {error}; what was written before is kept: make room"
                " on the disk or mend the file, then try again"
            ) from error


def _connect(path: Path | str, readonly: bool) -> sqlite3.Connection:
    source = f"{Path(path).absolute().as_uri()}?mode={'ro' if readonly else 'rwc'}"
    if path == ":memory:":
        source = "file::memory:"
    return sqlite3.connect(source, uri=True, check_same_thread=False, isolation_level=None)
