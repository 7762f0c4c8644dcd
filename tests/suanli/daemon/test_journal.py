"""A journal of another version, whatever its tables look like, is told in one sentence."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from suanli.daemon import DaemonJournal, JournalError
from suanli.juror.journal import JurorJournal
from suanli.lease.host.journal import HostJournal
from suanli.lease.storage.keeper.journal import KeeperJournal
from suanli.miner.journal import Journal

KINDS = [Journal, JurorJournal, HostJournal, KeeperJournal]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", [-1, 1], ids=["older", "newer"])
@pytest.mark.parametrize("readonly", [False, True])
def test_another_version_is_told_and_nothing_of_it_touched(
    kind: type[DaemonJournal], by: int, readonly: bool, tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path)) as other:
        # Whose columns are others: what this version would make of it fails.
        other.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        other.execute("CREATE TABLE passed (id BLOB)")
        other.execute(f"PRAGMA user_version = {kind.VERSION + by}")
        other.commit()
    before = path.read_bytes()
    with pytest.raises(JournalError) as told:
        kind(path, readonly=readonly)
    which, advice = {
        1: ("a newer", "go on with that version"),
        -1: ("an older", f"end its {kind.WORK} with that version, or name another folder (data)"),
    }[by]
    assert str(told.value) == (
        f"{path} was written by {which} version of suanli (form {kind.VERSION + by}, this one reads"
        f" form {kind.VERSION}): {advice}; nothing was changed"
    )
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_one_that_is_there_is_read_beside_its_daemon(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert JurorJournal.beside(data) is None
    with closing(JurorJournal.of_folder(data)) as journal:
        journal.note(leaving=True, seats=[1, 2])
        beside = JurorJournal.beside(data)
        assert beside is not None
        with closing(beside):
            assert (beside.fact("seats"), beside.fact("other")) == ([1, 2], None)
