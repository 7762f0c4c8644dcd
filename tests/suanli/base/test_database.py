"""What is written survives; what can't be is told, and undone."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.base.database import Database, DatabaseFailed, FileForm, OtherForm

SCHEMA = "CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY, body BLOB);"


@pytest.fixture
def database(tmp_path: Path):
    made = Database(tmp_path / "things.sqlite", SCHEMA)
    yield made
    made.close()


def add(database: Database, name: str, body: bytes = b"") -> None:
    with database.transaction() as inside:
        inside.execute("INSERT INTO things VALUES (?, ?)", (name, body))


def fill_disk(database: Database) -> None:
    """No page more, as when the disk is full."""
    ((pages,),) = database.rows("PRAGMA page_count")
    database.rows(f"PRAGMA max_page_count = {pages}")


def names(database: Database) -> list[str]:
    return [name for (name,) in database.rows("SELECT name FROM things ORDER BY name")]


def test_what_was_written_is_there_for_the_next(database: Database, tmp_path: Path) -> None:
    add(database, "one")
    again = Database(tmp_path / "things.sqlite", SCHEMA)
    assert names(again) == ["one"]
    assert again.row("SELECT name FROM things WHERE name = ?", ["two"]) is None
    again.close()


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def half() -> None:
        with database.transaction() as inside:
            inside.execute("INSERT INTO things VALUES ('half', '')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert names(database) == []
    add(database, "next")


def test_a_full_disk_is_told_and_loses_nothing(database: Database) -> None:
    add(database, "before")
    fill_disk(database)
    with pytest.raises(DatabaseFailed, match=r"full.*make room"):
        add(database, "too large", bytes(1 << 20))
    assert names(database) == ["before"]
    database.rows("PRAGMA max_page_count = 100000")
    add(database, "too large", bytes(1 << 20))
    assert names(database) == ["before", "too large"]


def test_mistakes_of_the_program_are_not_called_failures(database: Database) -> None:
    add(database, "one")
    with pytest.raises(sqlite3.IntegrityError):
        add(database, "one")
    add(database, "two")


def test_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "things.sqlite"
    path.write_text("not a database, whatever its name says" * 50)
    with pytest.raises(DatabaseFailed, match=r"things.sqlite can't be used"):
        Database(path, SCHEMA)


def test_beside_its_writer_it_is_only_read(database: Database, tmp_path: Path) -> None:
    beside = Database(tmp_path / "things.sqlite", SCHEMA, readonly=True)
    add(database, "one")
    assert names(beside) == ["one"]
    with pytest.raises(DatabaseFailed, match="readonly"):
        add(beside, "two")
    beside.close()


FORM = FileForm(3, "things", "data")


def with_form(path: Path, number: int) -> None:
    """A file of this form, with a thing in it."""
    made = Database(path, SCHEMA, form=replace(FORM, number=number))
    add(made, "one")
    made.close()


def test_a_file_has_the_number_of_its_form(tmp_path: Path) -> None:
    path = tmp_path / "things.sqlite"
    with_form(path, 3)
    again = Database(path, SCHEMA, form=FORM)
    assert (names(again), again.row("PRAGMA user_version")) == (["one"], (3,))
    again.close()


@pytest.mark.parametrize("number", [0, 2, 4])
def test_a_file_of_another_form_is_told_with_what_to_do_and_left_as_it_is(
    number: int, tmp_path: Path
) -> None:
    path = tmp_path / "things.sqlite"
    with_form(path, number)
    before = path.read_bytes()
    more = SCHEMA + "CREATE TABLE more (name TEXT);"
    for readonly in (False, True):
        with pytest.raises(OtherForm) as told:
            Database(path, more, form=FORM, readonly=readonly)
        if number > 3:
            advice = "a newer version of suanli (form 4, this one reads form 3): go on with that"
        else:
            advice = "or name another folder (data); nothing was changed"
        assert advice in str(told.value)
    assert path.read_bytes() == before


def test_two_that_make_a_file_at_once_see_all_of_it_or_nothing(tmp_path: Path) -> None:
    opened: list[Database] = []
    path = tmp_path / "things.sqlite"

    def work() -> None:
        opened.append(Database(path, SCHEMA, form=FORM))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
    for one in opened:
        one.close()


def test_threads_take_turns(database: Database) -> None:
    def work(start: int) -> None:
        for number in range(start, start + 50):
            add(database, f"{number:03}")

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 50, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(database) == [f"{number:03}" for number in range(150)]
