"""A node that lags, and blocks that are undone, make neither side forget a deal."""

from __future__ import annotations

import pytest

from suanli.lease.storage.keeper.ports import REORGANIZED
from suanli.protocol import StorageDeal, StorageStatus, StorageView
from tests.harness.keeping import DAY, DOMAIN, Keeper, MinersView, StorageMarket
from tests.suanli.lease.storage.test_keeping import SIZE, Play, told, until
from tests.suanli.lease.storage.test_pieces import data_of

NOTHING = StorageView(StorageStatus.NONE, 0, 0, 0, 0)


@pytest.fixture(autouse=True)
def blocks_become_final(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MinersView, "final", 64)
    monkeypatch.setattr("suanli.lease.storage.keeper.warehouse.LOOK_AGAIN", 0)


async def kept(market: StorageMarket) -> tuple[Keeper, bytes, StorageDeal]:
    await market.put(data_of(SIZE), copies=1).put()
    keeper = market.keepers[0]
    await until(lambda: bool(keeper.keeping and keeper.keeping.deals))
    ((id_, deal),) = market.chain.live.items()
    return keeper, id_, deal


def knows(keeper: Keeper) -> bool:
    assert keeper.keeping is not None
    return bool(keeper.keeping.deals)


def sees_its_end(keeper: Keeper) -> bool:
    assert keeper.keeping is not None
    return bool(keeper.keeping._over)


def test_a_node_that_lags_makes_no_miner_forget_a_deal(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(market: StorageMarket) -> None:
        keeper, _, deal = await kept(market)
        market.chain.pass_time(DAY)
        await until(lambda: told(market.chain, "proved") == 1)
        with monkeypatch.context() as patched:
            # For as long as it likes: its own blocks are not newer than what was seen.
            patched.setattr(MinersView, "view", lambda *_: NOTHING)
            patched.setattr(MinersView, "block", lambda self: self._chain.number - 1_000)
            market.chain.pass_time(DAY, 200)
            await until(lambda: sees_its_end(keeper))
            market.chain.pass_time(0, 200)
            (seen,) = await market.again().verify()
            assert seen.good  # the owner's bytes are there
        await until(lambda: told(market.chain, "proved") == 2)
        assert knows(keeper)
        assert keeper.shelf is not None
        assert keeper.shelf.whole(market.again()._ledger.copies[0].file)
        assert deal.quote.periods == 3

    play(test)


@pytest.mark.parametrize("restarted", [False, True])
def test_an_end_that_is_undone_is_no_end(play: Play, restarted: bool) -> None:
    async def test(market: StorageMarket) -> None:
        keeper, id_, deal = await kept(market)
        market.chain.end(deal)
        await until(lambda: sees_its_end(keeper))
        if restarted:
            await keeper.stop()
            await keeper.start()
            await until(lambda: sees_its_end(keeper))
        market.chain.pass_time(0, 63)
        market.chain.live[id_] = deal
        market.chain.pass_time(DAY)
        await until(lambda: told(market.chain, "proved") == 1)
        assert knows(keeper)

    play(test)


def test_an_end_of_long_ago_is_one(play: Play) -> None:
    async def test(market: StorageMarket) -> None:
        keeper, _, deal = await kept(market)
        market.chain.end(deal)
        await until(lambda: sees_its_end(keeper))
        assert knows(keeper)
        market.chain.pass_time(0, 64)
        await until(lambda: not knows(keeper))

    play(test)


def test_a_proof_that_is_undone_is_given_again_at_once(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash of a block that was named is gone before an hour is over."""

    async def test(market: StorageMarket) -> None:
        keeper, id_, _ = await kept(market)
        market.chain.pass_time(DAY)
        await until(lambda: told(market.chain, "proved") == 1)
        keeping = keeper.keeping
        assert keeping is not None
        await until(lambda: keeping._looks.get(id_, 0) > market.chain.time)
        market.chain.proved[id_] = 0
        market.chain.events.append((1, REORGANIZED))
        await until(lambda: told(market.chain, "proved") == 2)

    play(test)


def test_a_node_that_lags_makes_no_requester_pay_for_another_copy(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(market: StorageMarket) -> None:
        _, _, deal = await kept(market)
        owner = market.again()
        with monkeypatch.context() as patched:
            patched.setattr(market.chain, "view", lambda _: NOTHING)
            patched.setattr(market.chain, "now", lambda: deal.opened_at - 1)
            (seen,) = await owner.verify()
            assert (seen.good, seen.why) == (
                None,
                "the node is behind: it does not know the deal yet",
            )
            assert await owner.repair() == 0
        assert list(market.chain.live) == [DOMAIN.digest(deal.quote)]

    play(test)
