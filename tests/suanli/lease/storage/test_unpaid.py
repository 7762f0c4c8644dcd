"""Bytes that nobody has paid for do not fill a miner's disk."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from suanli.lease.errors import LeaseError
from suanli.lease.storage.keeper import door
from suanli.lease.storage.keeper.journal import KeeperJournal
from suanli.lease.storage.keeper.unpaid import PACE, TO_PAY, Unpaid
from suanli.lease.storage.owner.asking import Asking
from suanli.lease.storage.owner.ledger import CopyStage
from suanli.lease.storage.sealing import CHUNK
from suanli.lease.storage.shelf import FileId
from suanli.lease.storage.talk import send_bytes
from tests.harness.keeping import DAY, Keeper, Killed, StorageMarket
from tests.suanli.lease.storage.test_keeping import SIZE, Play, at_open, until
from tests.suanli.lease.storage.test_pieces import data_of

ALICE, BOB, CAROL = ("0x" + letter * 40 for letter in "abc")


def file(number: int, size: int = 1_024) -> FileId:
    """With its tree 32 bytes more."""
    return FileId(bytes([number]) * 32, size)


def refused(unpaid: Unpaid, one: FileId, account: str, have: int = 0) -> str:
    with pytest.raises(LeaseError) as found:
        unpaid.take(one, account, have)
    return str(found.value)


@pytest.fixture
def journal(tmp_path: Path) -> Any:
    with closing(KeeperJournal.of_folder(tmp_path)) as found:
        yield found


def test_an_account_and_all_together_send_so_much_before_they_pay(journal: KeeperJournal) -> None:
    unpaid = Unpaid(journal, 2 * 1_056)
    unpaid.take(file(1), ALICE)
    unpaid.take(file(2), ALICE)
    unpaid.take(file(2), ALICE)  # again
    assert refused(unpaid, file(3), ALICE) == (
        "2,112 bytes of this account are not paid yet, and 2,112 may be: open their deals first"
    )
    unpaid.take(file(3), BOB)
    unpaid.take(file(4), BOB)
    assert refused(unpaid, file(5), CAROL) == (
        "too many bytes wait here to be paid: try again in some minutes"
    )
    again = Unpaid(journal, 2 * 1_056)  # after a restart
    assert refused(again, file(5), ALICE).startswith("2,112 bytes of this account")
    again.settle([file(1), file(9)])
    again.take(file(5), ALICE)
    again.keep([file(4)])
    again.take(file(6), BOB)
    assert set(journal.arrivals()) == {file(4), file(6)}


def test_what_comes_too_slowly_or_is_not_paid_is_late(journal: KeeperJournal) -> None:
    now = 1_000.0
    unpaid = Unpaid(journal, 1 << 40, lambda: now)
    whole, half = file(1, 100 * PACE), file(3, 100 * PACE)
    have = {whole: 100 * PACE, half: 50 * PACE, file(2, 1): 1}
    for one in have:
        unpaid.take(one, ALICE)
    now += TO_PAY
    assert unpaid.late(have.__getitem__) == set()
    now += 1
    assert unpaid.late(have.__getitem__) == {file(2, 1)}
    assert unpaid.seconds_left(whole, have[whole]) == 99
    now += 49
    assert unpaid.late(have.__getitem__) == {file(2, 1), half}
    unpaid.take(half, ALICE, 50 * PACE + 1)  # it goes on
    # Nor does asking for another quote make it any longer.
    assert refused(unpaid, file(2, 1), ALICE, 1) == (
        "these bytes were not paid in time and are dropped: begin anew"
    )


def test_nothing_holds_a_place_by_its_size_alone(journal: KeeperJournal) -> None:
    """Of which nothing came, it is late as soon as the smallest."""
    now = 0.0
    unpaid = Unpaid(journal, 1 << 40, lambda: now)
    unpaid.take(file(1, 1 << 37), ALICE)
    now = TO_PAY
    assert unpaid.late(lambda _: 0) == {file(1, 1 << 37)}


def test_a_clock_that_is_set_makes_nothing_late_and_a_restart_gives_no_time(
    journal: KeeperJournal,
) -> None:
    now, day = 50.0, 1e9
    unpaid = Unpaid(journal, 1 << 40, lambda: now, lambda: day)
    unpaid.take(file(1), ALICE)
    now, day = now + 100, day + 1e6
    assert unpaid.seconds_left(file(1), 0) == TO_PAY - 100
    day -= 2e6
    again = Unpaid(journal, 1 << 40, lambda: 0.0, lambda: 1e9 + 100)
    assert again.seconds_left(file(1), 0) == TO_PAY - 100
    before = Unpaid(journal, 1 << 40, lambda: 0.0, lambda: day)
    assert before.seconds_left(file(1), 0) == TO_PAY


async def killed_before_it_pays(market: StorageMarket, name: str = "file") -> Keeper:
    with pytest.MonkeyPatch.context() as patched:
        at_open(market, patched)
        with pytest.raises(Killed):
            await market.put(data_of(SIZE), name, copies=1).put()
    return market.keepers[0]


def bound(keeper: Keeper, most: int) -> None:
    assert keeper.keeping is not None
    keeper.keeping._unpaid._most = most


def test_whoever_does_not_pay_brings_no_more(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        bound(await killed_before_it_pays(market), 250_000)
        await market.put(data_of(SIZE), "other", copies=1).put()
        (copy,) = market.again("other")._ledger.copies
        assert copy.keeper.miner == 2
        assert market.told[0] == (
            "miner 1: 174,477 bytes of this account are not paid yet, and 250,000 may be: open"
            " their deals first"
        )
        await market.again().put()
        await market.put(data_of(SIZE), "third", copies=1).put()
        (copy,) = market.again("third")._ledger.copies
        assert copy.keeper.miner == 1
        # What is paid already is no unpaid file when it is extended.
        bound(market.keepers[0], 1)
        assert await market.again().extend(9 * DAY) == 1

    play(test)


def test_bytes_that_are_not_paid_in_time_are_dropped_and_may_be_brought_again(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        keeper = await killed_before_it_pays(market)
        keeping, shelf = keeper.keeping, keeper.shelf
        assert keeping is not None
        assert shelf is not None
        keeping._unpaid._clock = _later(keeping._unpaid._clock, TO_PAY + 1)
        assert len(shelf.files) == 1
        await keeping.sweep()
        assert shelf.files == set()
        market.chain.pass_time(1_000)
        await market.again().put()
        (copy,) = market.again()._ledger.copies
        assert (copy.stage, copy.keeper.miner) == (CopyStage.OPEN, 1)
        # Once there is a deal no time presses.
        await until(lambda: bool(keeping.deals))
        keeping._unpaid._clock = _later(keeping._unpaid._clock, TO_PAY + 1)
        await keeping.sweep()
        assert shelf.files == {copy.file}

    play(test)


def _later(clock: Callable[[], float], seconds: float) -> Callable[[], float]:
    return lambda: clock() + seconds


def test_whoever_sends_on_is_waited_for_and_who_stops_is_not(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what came, not by the size that was named."""
    asked: list[int] = []

    def left(_: Unpaid, file: FileId, have: int) -> float:
        asked.append(have)
        return 30 if have < 2 * CHUNK else 0.05

    async def half(self: Asking, sealed: Path, have: int, moved: Any) -> None:
        for _ in range(2):
            await send_bytes(self._secure, bytes(CHUNK))

    async def test(market: StorageMarket) -> None:
        monkeypatch.setattr(door, "BATCH", 1)
        monkeypatch.setattr(Asking, "_send", half)
        monkeypatch.setattr(Unpaid, "seconds_left", left)
        market.keepers = market.keepers[:1]
        with pytest.raises(LeaseError, match="miner 1: the bytes come too slowly: 524,288 a sec"):
            await market.put(data_of(SIZE), copies=1).put()
        assert asked == [0, CHUNK, 2 * CHUNK]

    play(test)


def test_whoever_sends_nothing_is_not_waited_for(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> None: ...

    async def test(market: StorageMarket) -> None:
        monkeypatch.setattr(Asking, "_send", nothing)
        monkeypatch.setattr(Unpaid, "seconds_left", lambda *_: 0.05)
        market.keepers = market.keepers[:1]
        with pytest.raises(LeaseError, match="miner 1: the bytes come too slowly: 524,288 a sec"):
            await market.put(data_of(SIZE), copies=1).put()

    play(test)
