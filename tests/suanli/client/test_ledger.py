"""The ledger reads again what anybody wrote, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.base.database import DatabaseFailed
from suanli.client.ledger import Kept, Ledger, Part, Stage
from suanli.protocol import Leaf
from tests.suanli.relay.conftest import request


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "job.sqlite")) as made:
        yield made


def part(number: int, **changes: Any) -> Part:
    usual = Part(number, Stage.SIGNED, (0, 1), request(), b"", 7, None)
    return replace(usual, **changes)


def kept(task: int) -> Kept:
    return Kept(task, 0, Leaf(task, 0, bytes(32), 3), False, True)


def test_what_it_wrote_itself_is_seen(ledger: Ledger) -> None:
    assert (ledger.parts(), ledger.results()) == ([], {})
    ledger.add_parts([part(0)])
    assert ledger.parts() == [part(0)]
    ledger.update(part(0), stage=Stage.OPEN)
    assert ledger.parts() == [part(0, stage=Stage.OPEN)]
    ledger.accept(part(0), [kept(0), kept(1)], stage=Stage.ACCEPTED)
    assert ledger.results() == {0: kept(0), 1: kept(1)}
    assert ledger.parts() == [part(0, stage=Stage.ACCEPTED)]


def test_what_another_process_wrote_is_seen(ledger: Ledger, tmp_path: Path) -> None:
    assert (ledger.parts(), ledger.results()) == ([], {})
    with closing(Ledger(tmp_path / "job.sqlite")) as other:
        other.add_parts([part(0)])
        assert ledger.parts() == [part(0)]
        other.accept(part(0), [kept(1)], stage=Stage.ACCEPTED)
    assert ledger.parts() == [part(0, stage=Stage.ACCEPTED)]
    assert ledger.results() == {1: kept(1)}


def test_what_nobody_wrote_is_read_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.add_parts([part(0)])
    ledger.accept(part(0), [kept(0)])
    assert (len(ledger.parts()), len(ledger.results())) == (1, 1)
    monkeypatch.setattr("suanli.client.ledger._part", lambda row: pytest.fail("read again"))
    monkeypatch.setattr("suanli.client.ledger._leaf", lambda data: pytest.fail("read again"))
    assert (len(ledger.parts()), len(ledger.results())) == (1, 1)
    ledger.parts().clear()
    assert len(ledger.parts()) == 1


def test_what_could_not_be_written_is_not_seen(ledger: Ledger) -> None:
    ledger.add_parts([part(0)])
    assert ledger.parts() == [part(0)]
    ledger._db._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(DatabaseFailed):
        ledger.update(part(0), stage=Stage.OPEN)
    assert ledger.parts() == [part(0)]
