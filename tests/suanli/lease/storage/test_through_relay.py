"""Bytes kept by a miner that can't be reached, which listens at a relay."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from suanli.lease.errors import Unreached
from suanli.lease.storage.owner.asking import asking
from suanli.lease.storage.sealing import CHUNK
from suanli.relay import RelayRefusal
from tests.harness.keeping import DAY, DEALS, DOMAIN, REQUESTER, Keeper, StorageMarket
from tests.suanli.lease.storage.test_keeping import told, until
from tests.suanli.lease.storage.test_pieces import data_of
from tests.suanli.lease.test_relayed import Admitted, RelayServer


class AsTheChainSays(Admitted):
    def __init__(self, market: StorageMarket) -> None:
        self.market = market

    def require_miner(self, account: str, number: int = 0) -> None:
        if self.market.keepers[number - 1].account.address != account:
            raise RelayRefusal(403, "another")

    def require_lot(self, operator: str, miner: int, key: bytes) -> None:
        deal = self.market.chain.live.get(key)
        if deal is None or (operator, miner) != (DEALS, deal.quote.miner):
            raise RelayRefusal(403, "not open")


async def listens(keeper: Keeper) -> None:
    """At its relay, from here on."""
    while True:
        with suppress(Unreached):
            async with asking(DOMAIN, REQUESTER, keeper.offer.place, keeper.relays):
                return
        await asyncio.sleep(0.02)


def through_relay(tmp_path: Path, test: Callable[[StorageMarket], Awaitable[None]]) -> None:
    async def whole() -> None:
        market = StorageMarket(tmp_path)
        server = RelayServer(tmp_path / "blobs", AsTheChainSays(market))
        url = await server.start()
        for keeper in market.keepers:
            keeper.relays = (url,)
        async with asyncio.timeout(60):
            await market.start()
            with closing(server.database):
                try:
                    await test(market)
                finally:
                    await market.stop()
                    await server.stop()

    asyncio.run(whole())


def test_a_file_is_put_verified_and_got_through_a_relay(tmp_path: Path) -> None:
    size = 60 * CHUNK + 5

    async def test(market: StorageMarket) -> None:
        for keeper in market.keepers:
            await listens(keeper)
        await market.put(data_of(size)).put()
        assert len(market.chain.live) == 2
        assert [seen.good for seen in await market.again().verify()] == [True, True]
        await market.again().get(tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == data_of(size)
        assert await market.again().extend(9 * DAY) == 2
        market.chain.pass_time(DAY)
        await until(lambda: told(market.chain, "proved") == 2)
        (deal, *_) = market.chain.live.values()
        market.chain.end(deal)
        seen = [one.good for one in await market.again().verify()]
        assert sorted(map(str, seen)) == ["False", "True"]

    through_relay(tmp_path, test)


def test_both_sides_date_their_proofs_by_the_relays_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(market: StorageMarket) -> None:
        keeper = market.keepers[0]
        await listens(keeper)
        (url,) = keeper.relays
        ahead = {url: 3_600.0}.__getitem__
        wrong = SimpleNamespace(time=lambda: time.time() - 3_600)
        monkeypatch.setattr("suanli.lease.wire.relayed.time", wrong)
        async with asking(DOMAIN, REQUESTER, keeper.offer.place, keeper.relays, None, ahead):
            pass
        keeping = keeper.keeping
        assert keeping is not None
        keeping._services = replace(keeping._services, ahead=ahead)
        assert abs(keeping._prove(url).message.issued - time.time()) < 30

    through_relay(tmp_path, test)
