"""What a daemon must not forget, in SQLite: small facts by name, and what its own tables hold."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from suanli.base.database import Database, FileForm, OtherForm
from suanli.base.errors import SuanliError

_FACTS = "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);"


@dataclass(frozen=True)
class Fact:
    """Handed in by a port: written down with the observations before it."""

    name: str
    value: Any


class JournalError(SuanliError):
    """The journal is damaged, of another version, or another daemon's."""


class DaemonJournal:
    """Threads may share it. `readonly`: beside a running daemon. Each method is one transaction,
    and raises DatabaseFailed.

    Raises:
        JournalError: it is of another version.
    """

    VERSION: ClassVar[int]
    """The number of its form, facts included: raise it with any change."""
    SCHEMA: ClassVar[str]
    """Of its own tables."""
    WORK: ClassVar[str]
    """What the program that wrote it may have to end with it."""

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        form = FileForm(self.VERSION, self.WORK, "data")
        self._path = path
        try:
            self._database = Database(path, _FACTS + self.SCHEMA, form=form, readonly=readonly)
        except OtherForm as error:
            raise JournalError(str(error)) from None

    @classmethod
    def of_folder(cls, data: Path, *, readonly: bool = False) -> Self:
        """That of a daemon's folder, which is made if it is missing."""
        data.mkdir(parents=True, exist_ok=True)
        return cls(_in(data), readonly=readonly)

    @classmethod
    def beside(cls, data: Path) -> Self | None:
        """To be read beside a daemon or without one, if there is any in its folder yet."""
        return cls(_in(data), readonly=True) if _in(data).exists() else None

    def close(self) -> None:
        self._database.close()

    def fact(self, name: str) -> Any:
        """What was noted under this name, or None."""
        row = self._database.row("SELECT value FROM facts WHERE name = ?", (name,))
        return json.loads(row[0]) if row else None

    def note(self, **facts: Any) -> None:
        with self._database.transaction() as database:
            self._note(database, facts)

    def _note(self, database: sqlite3.Connection, facts: Mapping[str, Any]) -> None:
        """Inside a transaction."""
        rows = [(name, json.dumps(value)) for name, value in facts.items()]
        database.executemany("REPLACE INTO facts VALUES (?, ?)", rows)


def _in(data: Path) -> Path:
    return data / "journal.sqlite"
