"""The ledger reads again what anybody wrote, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.base.database import DatabaseFailed
from suanli.client.ledger import Ledger
from suanli.client.records import DealRecord, DealStage, Fault, Filing, FilingStage, Kept
from suanli.protocol import Leaf
from tests.suanli.relay.conftest import request


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / "job.sqlite")) as made:
        yield made


def deal(number: int, **changes: Any) -> DealRecord:
    usual = DealRecord(number, DealStage.SIGNED, (0, 1), request(), b"", 7, None)
    return replace(usual, **changes)


def kept(task: int) -> Kept:
    return Kept(task, 0, Leaf(task, 0, bytes(32), 3), False, True)


def test_what_it_wrote_itself_is_seen(ledger: Ledger) -> None:
    assert (ledger.deals(), ledger.results()) == ([], {})
    ledger.save([deal(0)])
    assert ledger.deals() == [deal(0)]
    ledger.save([deal(0, stage=DealStage.OPEN)])
    assert ledger.deals() == [deal(0, stage=DealStage.OPEN)]
    ledger.save([deal(0, stage=DealStage.ACCEPTED)], [kept(0), kept(1)])
    assert ledger.results() == {0: kept(0), 1: kept(1)}
    assert ledger.deals() == [deal(0, stage=DealStage.ACCEPTED)]


@pytest.mark.parametrize("right", [None, Leaf(1, 2, b"\x07" * 32, 2**63)])
def test_what_is_wrong_with_a_result_is_kept(ledger: Ledger, right: Leaf | None) -> None:
    fault = Fault(b"\x01" * 32, 2**64 - 1, 1, right)
    ledger.save([deal(0, stage=DealStage.REFUSED, refused="wrong: so it is", fault=fault)])
    ledger._known.clear()
    assert ledger.deals()[0].fault == fault


def test_what_another_process_wrote_is_seen(ledger: Ledger, tmp_path: Path) -> None:
    assert (ledger.deals(), ledger.results()) == ([], {})
    with closing(Ledger(tmp_path / "job.sqlite")) as other:
        other.save([deal(0)])
        assert ledger.deals() == [deal(0)]
        other.save([deal(0, stage=DealStage.ACCEPTED)], [kept(1)])
    assert ledger.deals() == [deal(0, stage=DealStage.ACCEPTED)]
    assert ledger.results() == {1: kept(1)}


def test_what_nobody_wrote_is_read_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.save([deal(0)])
    ledger.save([deal(0)], [kept(0)])
    assert (len(ledger.deals()), len(ledger.results())) == (1, 1)
    monkeypatch.setattr("suanli.client.ledger._record", lambda row: pytest.fail("read again"))
    monkeypatch.setattr("suanli.client.ledger._leaf", lambda data: pytest.fail("read again"))
    assert (len(ledger.deals()), len(ledger.results())) == (1, 1)
    ledger.deals().clear()
    assert len(ledger.deals()) == 1


def test_what_could_not_be_written_is_not_seen(ledger: Ledger) -> None:
    ledger.save([deal(0)])
    assert ledger.deals() == [deal(0)]
    ledger._db._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(DatabaseFailed):
        ledger.save([deal(0, stage=DealStage.OPEN)])
    assert ledger.deals() == [deal(0)]


def test_challenges_are_kept(ledger: Ledger) -> None:
    proof = (Leaf(0, 0, bytes(32), 1), ((b"\x02" * 32, 5),))
    first = Filing(0, 0, Fault(b"\x01" * 32, 5, proof=proof), FilingStage.PLANNED, 7, 2**70)
    second = Filing(
        0, 1, Fault(b"\x01" * 32, 5, 1), FilingStage.CLOSED, 8, 3, True, "upheld", 2**69, 2**68
    )
    ledger.save([deal(0)], filings=[first, second])
    assert ledger.filings() == [first, second]
    filed = replace(first, stage=FilingStage.FILED)
    ledger.save(filings=[filed])
    assert ledger.filings() == [filed, second]
