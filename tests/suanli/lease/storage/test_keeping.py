"""Bytes kept by miners, from end to end over sockets: put, proved, verified, got, made again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from suanli.chain import TransportError
from suanli.lease.errors import LeaseError, LinkRefused
from suanli.lease.storage.keeper.core import Duty, duty
from suanli.lease.storage.keeper.journal import MARK, KeeperJournal
from suanli.lease.storage.owner import work
from suanli.lease.storage.owner.asking import Asking, asking
from suanli.lease.storage.owner.ledger import CopyStage
from suanli.lease.storage.sealing import CHUNK
from suanli.lease.storage.shelf import NoRoom, Shelf
from suanli.lease.wire import Secure
from suanli.protocol import LeafProof, StorageStatus, StorageView
from tests.harness.keeping import (
    DAY,
    DOMAIN,
    PRICE,
    REQUESTER,
    WINDOW,
    Keeper,
    Killed,
    ListedDeals,
    StorageMarket,
)
from tests.suanli.lease.storage.test_pieces import data_of

Play = Callable[[Callable[[StorageMarket], Any]], None]
SIZE = 5 * CHUNK + 77


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


def told(chain: ListedDeals, what: str) -> int:
    return sum(one[0] == what for one in chain.told)


async def refusal(market: StorageMarket, ask: Callable[[Asking], Any], miner: int = 0) -> str:
    offer = market.keepers[miner].offer
    async with asking(DOMAIN, REQUESTER, offer.place) as asked:
        with pytest.raises(LinkRefused) as found:
            await ask(asked)
    return str(found.value)


# What a file goes through


@pytest.mark.parametrize("size", [0, 1, 1_023, 1_000_003])
def test_a_file_is_put_on_two_miners_proved_each_period_and_got_back(
    play: Play, tmp_path: Path, size: int
) -> None:
    async def test(market: StorageMarket) -> None:
        owner = market.put(data_of(size))
        await owner.put()
        kept = market.again()._ledger.copies
        assert [(copy.keeper.miner, copy.stage) for copy in kept] == [
            (1, CopyStage.OPEN),
            (2, CopyStage.OPEN),
        ]
        assert kept[0].root != kept[1].root
        assert [path.name for path in (tmp_path / "owner" / "file").glob("*.sealed")] == []
        assert market.chain.funded == 3 * 105_000  # at the bid, for three days
        await market.again().get(tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == data_of(size)
        for period in range(3):
            assert [seen.good for seen in await owner.verify()] == [True, True]
            market.chain.pass_time(DAY)
            await until(lambda period=period: told(market.chain, "proved") == 2 * period + 2)  # type: ignore[misc]
        assert (told(market.chain, "over"), market.chain.live) == (2, {})
        assert [seen.why for seen in await owner.verify()] == ["its deal is over"] * 2

    play(test)


def test_a_dropped_file_has_no_key_any_more(play: Play, tmp_path: Path) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE)).put()
        await market.again().drop()
        assert told(market.chain, "ended") == 2
        assert [copy.key for copy in market.again()._ledger.copies] == ["", ""]
        with pytest.raises(LeaseError, match=r"^no copy of file could be got"):
            await market.again().get(tmp_path / "back")
        assert not (tmp_path / "back").exists()
        for keeper in market.keepers[:2]:
            await until(lambda keeper=keeper: not keeper.keeping.deals)  # type: ignore[misc]

    play(test)


def test_a_file_that_is_extended_needs_not_be_sent_again(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE)).put()
        before = market.again().until()
        market.chain.pass_time(DAY // 2)
        market.moved.clear()
        assert await market.again().extend(5 * DAY) == 2
        sealed = market.again()._ledger.copies[0].size
        assert market.moved == [sealed, sealed]  # nothing went there
        assert market.again().until() == before + DAY // 2 + 2 * DAY
        assert (told(market.chain, "ended"), len(market.chain.live)) == (2, 2)
        assert [seen.good for seen in await market.again().verify()] == [True, True]

    play(test)


# What miners do wrong


def _other_leaf(shelf: Shelf) -> None:
    real = shelf.proof
    shelf.proof = lambda file, leaf: real(file, (leaf + 1) % 3)  # type: ignore[method-assign]


def _cut_leaf(shelf: Shelf) -> None:
    real = shelf.proof

    def cut(file: Any, leaf: int) -> LeafProof:
        return LeafProof(real(file, leaf).data[:-1], real(file, leaf).path)

    shelf.proof = cut  # type: ignore[method-assign]


def _all_gone(shelf: Shelf) -> None:
    for path in shelf.folder.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (_other_leaf, "the miner shows other bytes"),
        (_cut_leaf, "the miner shows other bytes"),
        (_all_gone, "the miner does not show it: the bytes can't be read: No such file"),
    ],
)
def test_a_lost_copy_is_told_and_made_again_elsewhere(
    play: Play, tmp_path: Path, harm: Callable[[Shelf], None], why: str
) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE)).put()
        shelf = market.keepers[0].shelf
        assert shelf is not None
        harm(shelf)
        first, second = await market.again().verify()
        assert (first.good, second.good) == (False, True)
        assert first.why.startswith(why)
        market.chain.pass_time(DAY // 4)
        owner = market.again()
        assert owner.missing() == 1
        assert await owner.repair() == 1
        assert owner.missing() == 0
        # Ended now, the period that runs would be paid to a miner that has lost the bytes.
        assert (told(market.chain, "ended"), len(market.chain.live)) == (0, 3)
        assert market.told[-1] == (
            "copy 0: miner 1 is paid for as long as it gives proofs; when it misses one, --repair"
            " brings back what it got, two periods' pay at the bid at most; to end its deal now:"
            " suanli storage drop file --copy 0"
        )
        copies = market.again()._ledger.copies
        assert [(copy.stage, copy.keeper.miner) for copy in copies] == [
            (CopyStage.LOST, 1),
            (CopyStage.OPEN, 2),
            (CopyStage.OPEN, 3),
        ]
        assert len({copy.key for copy in copies}) == 3
        # As long as the other, in whole periods.
        assert copies[2].deal.quote.periods == 3
        assert [seen.good for seen in await market.again().verify()] == [False, True, True]
        assert await market.again().repair() == 0
        await market.again().get(tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == data_of(SIZE)
        assert not (tmp_path / "owner" / "file" / "again").exists()
        await market.again().drop_copy(0)
        assert (told(market.chain, "ended"), len(market.chain.live)) == (1, 2)
        assert market.again()._ledger.copies[0].stage is CopyStage.OVER
        with pytest.raises(LeaseError, match=r"^no miner keeps a copy 0 of file$"):
            await market.again().drop_copy(0)

    play(test)


def test_a_miner_that_is_away_is_not_given_up_unasked(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE)).put()
        await market.keepers[0].stop()
        first, second = await market.again().verify()
        assert (first.good, second.good) == (None, True)
        assert await market.again().repair() == 0
        owner = market.again()
        owner.give_up(first.copy)
        assert await owner.repair() == 1
        assert [copy.keeper.miner for copy in owner._ledger.copies] == [1, 2, 3]
        assert len(market.chain.live) == 3  # its deal goes on until it misses
        market.chain.pass_time(DAY)
        await until(lambda: told(market.chain, "proved") == 2)
        market.chain.pass_time(WINDOW + 1)
        seen = [(one.good, one.why) for one in await market.again().verify()]
        assert seen[0] == (False, "it was not proved in time")
        assert await market.again().repair() == 0
        assert (len(market.chain.live), told(market.chain, "ended")) == (2, 1)

    play(test)


def test_where_one_copy_is_damaged_the_next_goes_on(play: Play, tmp_path: Path) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE)).put()
        assert market.keepers[0].shelf is not None
        (path,) = market.keepers[0].shelf.folder.glob("*.bytes")
        with path.open("r+b") as file:
            file.seek(2 * CHUNK + 5)
            file.write(b"harm")
        fetched: list[int] = []
        real = Shelf.read

        def read(self: Shelf, file: Any, offset: int, count: int) -> bytes:
            fetched.append(offset)
            return real(self, file, offset, count)

        Shelf.read = read  # type: ignore[method-assign]
        try:
            await market.again().get(tmp_path / "back")
        finally:
            Shelf.read = real  # type: ignore[method-assign]
        assert (tmp_path / "back").read_bytes() == data_of(SIZE)
        assert fetched == [0, 2 * CHUNK]
        assert market.told[-1] == "copy 0: chunk 2 is not what was sealed"

    play(test)


def test_a_miner_without_room_says_so_and_the_next_is_asked(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(market: StorageMarket) -> None:
        first, second = market.keepers[0].shelf, market.keepers[1].shelf
        assert first is not None
        assert second is not None
        first.most = 1_000
        real = Shelf.receive

        def receive(self: Shelf, file: Any) -> Any:
            coming = real(self, file)
            if self is second:
                monkeypatch.setattr(coming, "add", _full)
            return coming

        monkeypatch.setattr(Shelf, "receive", receive)
        await market.put(data_of(40 * CHUNK), copies=1).put()
        assert [copy.keeper.miner for copy in market.again()._ledger.copies] == [3]
        assert market.told[0].startswith("miner 1: ")
        assert market.told[0].endswith(" are too many: 1,000 of 1,000 are free here")
        assert market.told[1] == "miner 2: the disk is full"

    play(test)


def _full(data: bytes) -> None:
    raise NoRoom("the disk is full")


def test_where_no_miner_is_left_it_is_said_how_to_go_on(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        await market.keepers[2].stop()
        with pytest.raises(LeaseError) as found:
            await market.put(data_of(10), copies=3).put()
        assert str(found.value).startswith("copy 2 could not be placed (miner 3: ws://127.0.0.1:")
        assert str(found.value).endswith(
            "try again with suanli storage put --resume file, or with fewer copies"
        )
        await market.keepers[2].start()
        await market.again().put()
        assert len(market.chain.live) == 3

    play(test)


# Who may ask for what


def test_bytes_are_shown_to_the_owner_alone_and_only_what_was_sold_is_kept(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE), copies=1).put()
        (copy,) = market.again()._ledger.copies
        quote = copy.deal.quote
        strange = copy.file._replace(size=copy.size - 1)
        nothing = "the caller has no deal for these bytes here"
        assert await refusal(market, lambda one: one.leaves(strange, [0])) == nothing
        async with asking(DOMAIN, market.keepers[2].account, copy.keeper) as other:
            with pytest.raises(LinkRefused, match=nothing):
                await other.leaves(copy.file, [0])
        for leaves in ([161], [-1], [0] * 17):
            why = await refusal(market, lambda one, leaves=leaves: one.leaves(copy.file, leaves))  # type: ignore[misc]
            assert why.startswith("1 to 16 leaves of ")
        for wrong, why in (
            ({"units": 2}, "164,013 bytes are 1 units here"),
            ({"period": WINDOW - 1}, "a period is 3600 seconds at least here"),
            ({"periods": 31}, "bytes are kept for 2592000 seconds at most here"),
            ({"max_price": 1}, "the bid is below what this miner asks for"),
            (
                {"max_price": 2 * PRICE + 1, "collateral": 400_002},
                "the bid is above twice the price, by which the collateral is reckoned",
            ),
            ({"collateral": 1}, "the collateral is 210000 base units here"),
            (
                {"period": WINDOW, "collateral": 8_750, "samples": 16},
                "3600 seconds pay 0.004167 tokens, and a proof of 16 leaves 0.046 at least:"
                " name longer periods (--period) or fewer leaves (--leaves)",
            ),
            ({"resource": 4}, "storage is sold in class 5 here, not 4"),
            ({"miner": 2}, "the quote is for other storage deals, or another miner"),
            (
                {"requester": market.keepers[0].account.address},
                "the proof is of another account than the deal's",
            ),
        ):
            asked = quote._replace(**wrong)
            store = lambda one, asked=asked: one.store(asked, Path(), market.moved.append)  # noqa: E731
            assert await refusal(market, store) == why

    play(test)


def test_a_proof_is_for_one_connection(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE), copies=1).put()
        (copy,) = market.again()._ledger.copies
        async with asking(DOMAIN, REQUESTER, copy.keeper) as first:
            said = first._proof(copy.file.root)
        monkeypatch.setattr(Asking, "_proof", lambda self, root: said)
        why = await refusal(market, lambda one: one.leaves(copy.file, [0]))
        assert why == "the proof is not for this connection and these bytes"

    play(test)


def test_bytes_of_another_root_get_no_quote(play: Play, tmp_path: Path) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE), copies=1).put()
        (copy,) = market.again()._ledger.copies
        wanted = copy.deal.quote._replace(root=b"\x11" * 32, nonce=9)
        (tmp_path / "sealed").write_bytes(data_of(copy.size))
        store = lambda one: one.store(wanted, tmp_path / "sealed", market.moved.append)  # noqa: E731
        assert (await refusal(market, store)).startswith("the bytes have the root 0x")

    play(test)


# Kills


def at_open(market: StorageMarket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the transaction is sent."""
    monkeypatch.setattr(market.chain, "open", _killed)


def _after_open(market: StorageMarket, monkeypatch: pytest.MonkeyPatch) -> None:
    real = market.chain.open

    def opened(signed: Any, key: str) -> Any:
        real(signed, key)
        raise Killed

    monkeypatch.setattr(market.chain, "open", opened)


def _while_it_is_sealed(market: StorageMarket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "seal_file", _killed)


def _while_bytes_go(market: StorageMarket, monkeypatch: pytest.MonkeyPatch) -> None:
    market.on_moved = lambda have: _killed() if have else None


def _while_it_is_paid(market: StorageMarket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market.chain, "fund", _killed)


def _killed(*_: object) -> Any:
    raise Killed


@pytest.mark.parametrize(
    "kill", [_while_it_is_sealed, _while_bytes_go, _while_it_is_paid, at_open, _after_open]
)
@pytest.mark.parametrize("later", [False, True], ids=["soon", "after the quote's time"])
def test_a_killed_requester_goes_on_and_pays_no_copy_twice(
    play: Play, tmp_path: Path, kill: Any, later: bool
) -> None:
    async def test(market: StorageMarket) -> None:
        with pytest.MonkeyPatch.context() as patched:
            kill(market, patched)
            with pytest.raises(Killed):
                await market.put(data_of(SIZE)).put()
        market.on_moved = market.moved.append
        if later:
            market.chain.pass_time(1_000)
        await market.again().put()
        assert [copy.stage for copy in market.again()._ledger.copies] == [CopyStage.OPEN] * 2
        assert len(market.chain.live) == len(market.chain.sent) == 2
        await market.again().get(tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == data_of(SIZE)

    play(test)


@pytest.mark.parametrize("kill", [at_open, _after_open])
def test_a_requester_killed_while_it_extends_keeps_no_deal_that_it_does_not_know(
    play: Play, kill: Any
) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE), copies=1).put()
        with pytest.MonkeyPatch.context() as patched:
            kill(market, patched)
            with pytest.raises(Killed):
                await market.again().extend(9 * DAY)
        await market.again().verify()
        (copy,) = market.again()._ledger.copies
        assert copy.deal.quote.periods == 9
        assert list(market.chain.live) == [DOMAIN.digest(copy.deal.quote)]
        await market.again().drop()
        assert market.chain.live == {}

    play(test)


def test_a_connection_that_breaks_goes_on_where_it_broke(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        keeper = market.keepers[0]
        owner = market.put(data_of(100 * CHUNK), copies=1)
        market.keepers = [keeper]
        real, sent = Secure.send, []

        async def send(self: Secure, frame: bytes) -> None:
            if frame[:1] == b"b":
                sent.append(len(frame))
                if len(sent) == 70:
                    await self.close()
            await real(self, frame)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Secure, "send", send)
            with pytest.raises(LeaseError, match=r"^copy 0 could not be placed"):
                await owner.put()
        await keeper.stop()  # what was written is there
        await keeper.start()
        market.moved.clear()
        await market.again().put()
        # Written in batches of 32 chunks: two of them came.
        assert market.moved[0] == 64 * CHUNK
        assert market.moved[-1] == market.again()._ledger.copies[0].size

    play(test)


def test_a_miner_killed_after_it_named_the_block_proves_when_it_is_back(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE), copies=1).put()
        keeper: Keeper = market.keepers[0]
        assert keeper.keeping is not None
        await until(lambda: bool(keeper.keeping and keeper.keeping.deals))
        chain = keeper.keeping._services.chain

        def away(*_: object) -> None:
            raise TransportError("away")

        monkeypatch.setattr(chain, "prove", away)
        market.chain.pass_time(DAY)
        await until(lambda: told(market.chain, "named") == 1)
        await keeper.stop()
        await keeper.start()
        await until(lambda: told(market.chain, "proved") == 1)
        assert told(market.chain, "named") == 1

    play(test)


def test_a_miner_away_while_a_deal_is_opened_finds_it(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        with pytest.MonkeyPatch.context() as patched:
            at_open(market, patched)
            with pytest.raises(Killed):
                await market.put(data_of(SIZE), copies=1).put()
        await market.keepers[0].stop()
        await market.again().put()
        market.chain.pass_time(DAY)
        await market.keepers[0].start()
        await until(lambda: told(market.chain, "proved") == 1)

    play(test)


def test_bytes_of_a_deal_that_was_opened_hours_ago_are_not_swept_at_the_start(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        keeper = market.keepers[0]
        with pytest.MonkeyPatch.context() as patched:
            at_open(market, patched)
            with pytest.raises(Killed):
                await market.put(data_of(SIZE), copies=1).put()
        await keeper.stop()
        await market.again().put()
        for path in (keeper.folder / "bytes").iterdir():
            os.utime(path, (1, 1))
        market.chain.pass_time(DAY)
        await keeper.start()
        assert keeper.shelf is not None
        (copy,) = market.again()._ledger.copies
        await until(lambda: told(market.chain, "proved") == 1 or not keeper.shelf.whole(copy.file))  # type: ignore[union-attr]
        assert keeper.shelf.whole(copy.file)

    play(test)


def test_a_miner_knows_from_its_first_start_how_far_it_has_read(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        keeper = market.keepers[0]
        await keeper.stop()
        with closing(KeeperJournal.of_folder(keeper.folder)) as journal:
            assert journal.fact(MARK) == "0"

    play(test)


def test_a_miner_that_has_lost_the_bytes_names_no_block_and_ends_the_deal_when_it_is_missed(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE), copies=1).put()
        shelf = market.keepers[0].shelf
        assert shelf is not None
        _all_gone(shelf)
        market.chain.pass_time(DAY)
        await until(lambda: "its bytes are not there" in caplog.text)
        market.chain.pass_time(WINDOW + 1)
        await until(lambda: told(market.chain, "settled") == 1)
        assert told(market.chain, "named") == 0
        (seen,) = await market.again().verify()
        assert (seen.good, seen.why) == (False, "its deal is over")

    play(test)


def test_a_leaf_that_is_damaged_here_is_not_sent_to_the_chain(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(1), copies=1).put()
        assert market.keepers[0].shelf is not None
        (path,) = market.keepers[0].shelf.folder.glob("*.bytes")
        os.truncate(path, 16)
        market.chain.pass_time(DAY)
        await until(lambda: "leaf 0 is damaged on this disk" in caplog.text)
        assert (told(market.chain, "named"), told(market.chain, "proved")) == (1, 0)

    play(test)


def test_a_chain_that_is_away_does_not_hide_the_bytes_from_their_owner(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        await market.put(data_of(SIZE), copies=1).put()
        assert [seen.good for seen in await market.again().verify()] == [True]
        market.chain.away = True
        assert [seen.good for seen in await market.again().verify()] == [True]

    play(test)


# What is owed when


@pytest.mark.parametrize(
    ("status", "named", "block", "owed"),
    [
        (StorageStatus.NONE, 0, 100, Duty.OVER),
        (StorageStatus.KEPT, 0, 100, Duty.WAIT),  # proofs are for periods that are over
        (StorageStatus.DUE, 0, 100, Duty.NAME),
        (StorageStatus.DUE, 101, 100, Duty.WAIT),
        (StorageStatus.DUE, 101, 101, Duty.WAIT),
        (StorageStatus.DUE, 101, 102, Duty.PROVE),
        (StorageStatus.DUE, 101, 356, Duty.PROVE),
        (StorageStatus.DUE, 101, 357, Duty.LAPSED),
        (StorageStatus.MISSED, 101, 101, Duty.SETTLE),
    ],
)
def test_a_miner_names_then_proves_and_settles_what_is_missed(
    status: StorageStatus, named: int, block: int, owed: Duty
) -> None:
    assert duty(StorageView(status, 3, named, 1_000, 2_000), block) is owed
