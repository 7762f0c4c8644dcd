"""SQLite files that outlive their process: one way to open, read and write them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suanli.base.errors import SuanliError


class DatabaseFailed(SuanliError):
    """The file can't be opened, read or written. What was written before is kept."""


class OtherForm(SuanliError):
    """Another version of this program wrote the file. Nothing of it was changed."""


@dataclass(frozen=True)
class FileForm:
    """Of a file that outlives versions of this program. `number`: raised with its tables, and with
    what stands in them. `work`: what is in it, which the version that wrote it can end. `place`:
    the setting that names its folder."""

    number: int
    work: str
    place: str

    def require(self, path: Path | str, found: int) -> None:
        """Raises OtherForm with what to do."""
        if found == self.number:
            return
        newer = found > self.number
        advice = (
            "go on with that version"
            if newer
            else f"end its {self.work} with that version, or name another folder ({self.place})"
        )
        raise OtherForm(
            f"{path} was written by {'a newer' if newer else 'an older'} version of suanli (form"
            f" {found}, this one reads form {self.number}): {advice}; nothing was changed"
        )


class Database:
    """One connection, which threads may share. What a `transaction` wrote is on the disk when it
    is left, all or nothing. `readonly`: beside the process that writes.

    Raises:
        DatabaseFailed: it can't be opened.
        OtherForm: it has not this `form`. Without one it is not looked at.
    """

    def __init__(
        self, path: Path | str, schema: str, *, form: FileForm | None = None, readonly: bool = False
    ) -> None:
        self.path, self._lock = path, threading.RLock()
        with self._translated():
            self._connection = _connect(path, readonly)
            try:
                self._open(schema, form, readonly)
            except BaseException:
                self._connection.close()
                raise

    def _open(self, schema: str, form: FileForm | None, readonly: bool) -> None:
        """A file of another form is not written to, not even how it is journalled."""
        made = readonly or bool(self.rows("SELECT 1 FROM sqlite_master LIMIT 1"))
        if form is not None and made:
            form.require(self.path, int(self.rows("PRAGMA user_version")[0][0]))
        if readonly:
            return
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        if form is not None and not made:
            # Whoever opens it at the same time sees both or nothing.
            schema = f"BEGIN IMMEDIATE;{schema};PRAGMA user_version = {form.number};COMMIT;"
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
                f"{self.path} can't be used: {error}; what was written before is kept: make room"
                " on the disk or mend the file, then try again"
            ) from error


def _connect(path: Path | str, readonly: bool) -> sqlite3.Connection:
    source = f"{Path(path).absolute().as_uri()}?mode={'ro' if readonly else 'rwc'}"
    if path == ":memory:":
        source = "file::memory:"
    return sqlite3.connect(source, uri=True, check_same_thread=False, isolation_level=None)
