"""What is written down comes back as it was; what can't be read is named."""

from __future__ import annotations

import sqlite3
from copy import deepcopy
from pathlib import Path

import pytest

from suanli.base.database import DatabaseFailed
from suanli.daemon import JournalError
from suanli.miner import journal as journals
from suanli.miner.core import (
    Changes,
    Commitment,
    CoreState,
    Line,
    MinerDeal,
    OnChain,
    Passed,
    Reason,
    Stage,
    Told,
    Work,
)
from suanli.miner.earnings import by_day
from suanli.miner.journal import INPUTS, KEPT, Day, Journal, Paid
from suanli.protocol import Leaf, State
from tests.harness.simulation import SETTINGS, START, id_of, request

ID = id_of(request(salt=7))


@pytest.fixture
def journal(tmp_path: Path):
    made = Journal(tmp_path / "journal.sqlite")
    yield made
    made.close()


def full_deal() -> MinerDeal:
    leaves = {index: Leaf(index, 1, bytes([index]) * 32, 2**40 + index) for index in range(3)}
    return MinerDeal(
        ID,
        request(salt=7, max_price=2**90, units=2**60),
        b"\x01" * 65,
        lodged=True,
        seen=START,
        stage=Stage.ACCEPTED,
        reason=Reason("machine", "a word with ' and ü", final=False),
        wait_until=5,
        fetched=True,
        work=Work(3, 2**41),
        chain=OnChain(State.CONFIRMED, True, 2**90, START + 9, 3),
        leaves=leaves,
        stored={0, 2},
        listed=True,
        result=Commitment(b"\x02" * 32, 2**60, b"\x03" * 32),
        waiting_since=4,
        answered=True,
        acceptance=b"\x04" * 65,
        distrusted=b"\x05",
        failures=2,
        ended=0,
    )


def changes_of(state: CoreState) -> Changes:
    leaves = {
        (id_, n): (leaf, n in deal.stored)
        for id_, deal in state.deals.items()
        for n, leaf in deal.leaves.items()
    }
    return Changes(dict(state.deals), leaves, dict(state.passed))


def test_everything_comes_back(journal: Journal) -> None:
    state = CoreState(SETTINGS, draining=True)
    state.deals[ID] = full_deal()
    bare = id_of(request(salt=8))
    state.deals[bare] = MinerDeal(bare, request(salt=8), b"", False, START)
    gone = id_of(request(salt=9))
    state.passed[gone] = Passed(request(salt=9), Reason("taken", "it is gone"), START)
    expected = deepcopy(state)
    journal.note(draining=True)
    journal.save(changes_of(state), cursor={"start": 1})
    assert journal.load(SETTINGS) == expected
    assert journal.fact("cursor") == {"start": 1}


def test_a_deal_that_is_forgotten_leaves_nothing(journal: Journal, tmp_path: Path) -> None:
    state = CoreState(SETTINGS)
    state.deals[ID] = full_deal()
    journal.save(changes_of(state))
    del state.deals[ID]
    journal.save(Changes(forgotten={ID}))
    assert journal.load(SETTINGS) == CoreState(SETTINGS)
    with sqlite3.connect(tmp_path / "journal.sqlite") as beside:
        assert beside.execute("SELECT count(*) FROM leaves").fetchone() == (0,)
    beside.close()


def test_what_other_settings_could_change_is_judged_anew(journal: Journal) -> None:
    """A restart with a lower ask looks again at what was too cheap."""
    state = CoreState(SETTINGS)
    for number, code in enumerate(("price", "ended", "capacity", "cancelled")):
        id_ = id_of(request(salt=number))
        state.passed[id_] = Passed(request(salt=number), Reason(code, "why"), START + number)
    journal.save(changes_of(state))
    assert [p.reason.code for p in journal.load(SETTINGS).passed.values()] == ["ended", "cancelled"]
    assert len(journal.passed()) == 4


def test_what_a_requester_was_told_for_good_holds_after_a_restart(journal: Journal) -> None:
    """With whatever settings: it may have bought the same work elsewhere."""
    state, one = CoreState(SETTINGS), request(salt=1)
    state.passed[id_of(one)] = Passed(one, Reason("price", "low"), START, rejected=True)
    journal.save(changes_of(state))
    assert list(journal.load(SETTINGS).passed) == [id_of(one)]


def test_requests_not_taken_are_bounded(journal: Journal) -> None:
    state = CoreState(SETTINGS)
    for number in range(KEPT + 50):
        one = request(salt=number)
        state.passed[id_of(one)] = Passed(one, Reason("price", "low"), START)
    journal.save(changes_of(state))
    assert len(journal.passed()) == KEPT


def test_blobs_belong_to_deals(journal: Journal) -> None:
    journal.own(b"a", {INPUTS: [b"shared", b"mine", b"shared"]})
    journal.own(b"b", {INPUTS: [b"shared"]})
    assert journal.owners() == {b"a", b"b"}
    assert journal.sole(b"a") == [b"mine"]
    journal.disown(b"a")
    assert journal.sole(b"a") == []
    assert journal.owned() == {b"shared"}
    assert journal.sole(b"b") == [b"shared"]


def test_payments_count_once(journal: Journal) -> None:
    journal.save(Changes(), **{"paid:0x01": [str(2**80), 7, 1], "paid:0x02": ["1", 8, 2]})
    journal.save(Changes(), **{"paid:0x01": [str(2**80), 7, 1]})
    assert journal.paid() == {"0x01": Paid(2**80, 7), "0x02": Paid(1, 8)}


def test_old_payments_become_sums_of_their_days(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "KEPT", 2)
    day = 86_400
    told = [(2**80, 5), (1, 6), (7, day), (4, 2 * day), (5, 2 * day)]
    for number, (amount, at) in enumerate(told * 2):  # all is read anew from the beginning
        paid = {f"paid:0x0{number % 5}": [str(amount), at, 10 + number % 5]}
        journal.save(Changes(), **paid)
    assert journal.paid() == {"0x03": Paid(4, 2 * day), "0x04": Paid(5, 2 * day)}
    assert by_day(journal.days()) == [
        Day("1970-01-01", 0, 2, 2**80 + 1, 0),
        Day("1970-01-02", 0, 1, 7, 0),
        Day("1970-01-03", 0, 2, 9, 0),
    ]
    assert len(journal.days()) == 4  # two payments, and the sums of two days


def test_payments_of_a_block_become_sums_together(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "KEPT", 2)
    for number in range(4):  # in one block, but not noted at once
        journal.save(Changes(), **{f"paid:0x0{number}": ["1", 5, 10]})
    assert len(journal.paid()) == 4
    journal.save(Changes(), **{"paid:0x05": ["1", 6, 11], "paid:0x06": ["1", 6, 11]})
    assert len(journal.paid()) == 2
    assert by_day(journal.days()) == [Day("1970-01-01", 0, 6, 6, 0)]


def test_sums_of_days_have_class_and_gas(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "KEPT", 1)
    costs = {}
    for number in range(3):
        one = request(salt=number, resource=1 + number % 2)
        state = CoreState(SETTINGS)
        state.deals[id_of(one)] = MinerDeal(id_of(one), one, b"", True, START)
        changes = changes_of(state)
        mined = {"act": "settle", "cost": str(10**number)}
        changes.lines.append(Line(id_of(one), START, Told.MINED, "", mined))
        paid = {f"paid:0x{id_of(one).hex()}": ["3", 7, 1 + number]}
        journal.save(changes, **paid)
        costs[number] = 10**number
    assert by_day(journal.days()) == [
        Day("1970-01-01", 1, 2, 6, costs[0] + costs[2]),
        Day("1970-01-01", 2, 1, 3, costs[1]),
    ]
    assert len(journal.paid()) == 1


def test_an_interrupted_write_leaves_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = CoreState(SETTINGS)
    state.deals[ID] = full_deal()
    with pytest.raises(TypeError):
        journal.save(changes_of(state), cursor=object())
    assert journal.load(SETTINGS) == CoreState(SETTINGS)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda db: db.execute("UPDATE deals SET body = '{'"), "is damaged"),
        (lambda db: db.execute("UPDATE deals SET body = '{}'"), "is damaged"),
        (lambda db: db.execute("UPDATE leaves SET leaf = x'00'"), "is damaged"),
    ],
)
def test_damage_is_named(tmp_path: Path, break_it, says: str) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    state = CoreState(SETTINGS)
    state.deals[ID] = full_deal()
    journal.save(changes_of(state))
    journal.close()
    with sqlite3.connect(path) as database:
        break_it(database)
    database.close()
    with pytest.raises(JournalError, match=says):
        Journal(path).load(SETTINGS)


def test_it_is_read_beside_its_writer(journal: Journal, tmp_path: Path) -> None:
    beside = Journal(tmp_path / "journal.sqlite", readonly=True)
    journal.note(status={"block": 5})
    assert beside.fact("status") == {"block": 5}
    with pytest.raises(DatabaseFailed):
        beside.note(status={})
    beside.close()


def test_what_a_task_left_goes_with_the_last_that_needs_it(journal: Journal) -> None:
    journal.own(b"a", {INPUTS: [b"input", b"shared"]})
    journal.own(b"a", {0: [b"shared", b"mine", b"both"]})
    journal.own(b"a", {1: [b"both"]})
    journal.own(b"b", {0: [b"theirs"]})
    assert sorted(journal.outputs()) == [(b"a", 0), (b"a", 1), (b"b", 0)]
    assert journal.sole(b"a", 0) == [b"mine"]
    journal.disown(b"a", 0)
    assert journal.sole(b"a", 1) == [b"both"]
    assert sorted(journal.sole(b"a")) == [b"both", b"input", b"shared"]
