"""A journal of another version, whatever its tables look like, is told in one sentence."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from suanli.daemon import DaemonJournal, JournalError
from suanli.juror.journal import JurorJournal
from suanli.miner.journal import Journal


@pytest.mark.parametrize("kind", [Journal, JurorJournal])
@pytest.mark.parametrize("by", [-1, 1], ids=["older", "newer"])
@pytest.mark.parametrize("readonly", [False, True])
def test_another_version_is_told_and_nothing_of_it_touched(
    kind: type[DaemonJournal], by: int, readonly: bool, tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        other.execute("INSERT INTO facts VALUES ('version', ?)", (str(kind.VERSION + by),))
        # Whose columns are others: what this version would make of it fails.
        other.execute("CREATE TABLE passed (id BLOB)")
        other.commit()
        with pytest.raises(JournalError) as told:
            kind(path, readonly=readonly)
        assert str(told.value) == (
            f"{path} is of version {kind.VERSION + by}, this program reads {kind.VERSION}: end its"
            f" {kind.WORK} with the program that wrote it, or name another folder (data)"
        )
        tables = other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert sorted(name for (name,) in tables) == ["facts", "passed"]


def test_one_that_is_there_is_read_beside_its_daemon(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert JurorJournal.beside(data) is None
    with closing(JurorJournal.of_folder(data)) as journal:
        journal.note(leaving=True, seats=[1, 2])
        beside = JurorJournal.beside(data)
        assert beside is not None
        with closing(beside):
            assert (beside.fact("seats"), beside.fact("other")) == ([1, 2], None)
