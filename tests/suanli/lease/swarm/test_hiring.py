"""Who is hired for a swarm, channels opened across crashes, and what is left brought back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from suanli.lease.errors import LeaseError
from suanli.lease.swarm.hiring import Hiring, SwarmWish
from suanli.lease.swarm.purses import Purses
from suanli.protocol import Channel, ChannelStatus, ChannelView, Hosting, Quote, Signed
from tests.harness.swarms import (
    CHANNELS,
    DOMAIN,
    REQUESTER,
    RUNTIME,
    SCALE,
    SwarmTown,
    swarm_of,
)

WISH = SwarmWish(resource=1, runtime=RUNTIME, seconds=3_600, budget=3_000, miners=2)


class Chain:
    """A `RequesterChannels` on the town's list; dies before a transaction is heard of when told."""

    def __init__(self, town: SwarmTown) -> None:
        self.town, self.funded, self.nonce = town, 0, 0
        self.channels = SimpleNamespace(address=CHANNELS)
        self.token = SimpleNamespace(decimals=lambda: 18)
        self.sent: dict[str, Channel] = {}
        self.dies = False
        self.status: dict[Channel, ChannelStatus] = {}

    def next_nonce(self) -> int:
        return self.nonce + 1

    def fund(self, amount: int) -> None:
        self.funded += amount

    def open(self, signed: Signed[Quote], deposit: int, price: int, key: str) -> Channel:
        if key not in self.sent:
            self.nonce = signed.message.nonce
            self.sent[key] = Channel(signed.message, price, 1_000, deposit, 0)
            self.town.chain.open[self.sent[key]] = deposit
        if self.dies:
            raise KeyboardInterrupt
        return self.sent[key]

    def view(self, record: Channel) -> ChannelView:
        found = self.town.chain.view(record)
        return replace(found, status=self.status.get(record, found.status))

    def end(self, record: Channel) -> ChannelView:
        self.status[record] = ChannelStatus.ENDING
        return self.view(record)

    def close(self, record: Channel) -> ChannelView:
        self.status[record] = ChannelStatus.NONE
        return self.view(record)


class Scene:
    """Each of the miners has an offer and a hosting; `asks` by their numbers."""

    def __init__(self, town: SwarmTown, folder: Path, asks: dict[int, int]) -> None:
        self.town, self.asks, self.chain = town, asks, Chain(town)
        self.runtimes = [RUNTIME.hex()]
        self.purses = Purses(folder / "requester", SCALE)
        self.told: list[str] = []
        market: Any = SimpleNamespace(
            domain=DOMAIN,
            node=SimpleNamespace(head=lambda: SimpleNamespace(time=1_000)),
            price_of=lambda resource: 100,
            miner_account=self.account,
            offer_of=lambda account, resource: SimpleNamespace(
                valid_until=1_000, ask=self.asks[self.account(account).miner_id]
            ),
        )
        relay: Any = SimpleNamespace(hostings=lambda resource: [*map(self.hosting, town.miners)])
        chain: Any = self.chain
        self.hiring = Hiring(market, relay, chain, REQUESTER, self.purses, self.told.append)

    def account(self, address: str) -> Any:
        return next(
            SimpleNamespace(miner_id=one.number)
            for one in self.town.miners
            if one.account.address == address
        )

    def hosting(self, miner: Any) -> Hosting:
        place, room = miner.place, json.dumps({"runtimes": self.runtimes})
        digest = place.certificate
        return Hosting(place.account, 1_000, 1, digest, place.addresses[0], 1_000, room, 2_000)

    def hired(self, wish: SwarmWish = WISH) -> list[int]:
        return [place.miner for place, _ in self.hiring.hire(wish)]


@contextmanager
def scene(folder: Path, asks: dict[int, int]) -> Iterator[Scene]:
    with swarm_of(folder, miners=len(asks)) as town:
        made = Scene(town, folder, asks)
        try:
            yield made
        finally:
            made.purses.close()


def test_the_cheapest_share_the_budget(tmp_path: Path) -> None:
    with scene(tmp_path, {1: 300, 2: 0, 3: 200}) as found:
        assert found.hired() == [2, 3]
        held = list(found.purses.all())
        assert [(one.miner, one.record.deposit, one.record.price) for one in held] == [
            (2, 1_500, 105),
            (3, 1_500, 210),
        ]
        assert found.chain.funded == 3_000
        assert [one.record.quote.nonce for one in held] == [1, 2]


def test_channels_that_are_open_are_used_again(tmp_path: Path) -> None:
    with scene(tmp_path, {1: 300, 2: 0, 3: 200}) as found:
        found.hired()
        assert found.hired() == [2, 3]
        assert len(found.chain.sent) == 2


def test_a_channel_that_was_being_opened_is_found_again(tmp_path: Path) -> None:
    """Killed between the transaction and its receipt: the key was written down before."""
    with scene(tmp_path, {1: 0}) as found:
        found.chain.dies = True
        with pytest.raises(KeyboardInterrupt):
            found.hired()
        assert list(found.purses.all()) == []
        found.chain.dies = False
        assert found.hired() == [1]
        assert len(found.chain.sent) == 1
        assert list(found.purses.pending()) == []


def test_liars_and_other_runtimes_are_passed_over(tmp_path: Path) -> None:
    with scene(tmp_path, {1: 0, 2: 300}) as found:
        assert found.hired(replace(WISH, miners=1)) == [1]
        (held,) = found.purses.all()
        held.over = True
        found.purses.save(held)
        assert found.hired() == [2]
        found.runtimes = ["00" * 32]
        with pytest.raises(LeaseError, match="no miner takes tasks for vouchers now"):
            found.hired(replace(WISH, resource=2))


def test_a_miner_that_can_t_be_reached_is_told_and_left_out(tmp_path: Path) -> None:
    with scene(tmp_path, {1: 0, 2: 300}) as found:
        found.town.miners[0].kill()
        assert found.hired() == [2]
        assert [line.split(":")[0] for line in found.told] == ["miner 1"]


def test_a_channel_that_is_not_settled_is_not_forgotten_for_a_new_one(tmp_path: Path) -> None:
    with scene(tmp_path, {1: 0}) as found:
        found.hired(replace(WISH, miners=1))
        (first,) = found.purses.all()
        first.purse.signed = 7
        found.purses.save(first)
        assert found.hiring.settle() == 7
        assert found.chain.status[first.record] is ChannelStatus.ENDING
        found.hired(replace(WISH, miners=1))
        (second,) = found.purses.all()
        assert second.record != first.record
        found.chain.status[first.record] = ChannelStatus.CLOSABLE
        assert found.hiring.settle() == 7
        assert found.chain.status[first.record] is ChannelStatus.NONE


def test_what_is_left_is_brought_back(tmp_path: Path) -> None:
    with scene(tmp_path, {1: 0, 2: 0, 3: 0}) as found:
        found.hired(replace(WISH, miners=3))
        first, second, third = found.purses.all()
        first.purse.signed, second.purse.signed = 7, 5
        for one in (first, second):
            found.purses.save(one)
        found.chain.status[first.record] = ChannelStatus.NONE
        found.chain.status[second.record] = ChannelStatus.CLOSABLE
        assert found.hiring.settle() == 12
        assert found.chain.status[second.record] is ChannelStatus.NONE
        assert found.chain.status[third.record] is ChannelStatus.ENDING
        assert found.told == [
            "the rest in the channels with miners 3 comes back once they had the time to redeem:"
            " run the same again then"
        ]
