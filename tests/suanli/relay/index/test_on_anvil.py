"""Two thousand deals on a real chain: the index says what the contract's views say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from suanli.base.accounts import Account
from suanli.chain import Call, Market, Sender, Token, connect
from suanli.protocol import Acceptance, Request, sign
from suanli.relay.server import IndexSettings, MarketIndex, connect_sparingly, create_app
from tests.harness import index
from tests.harness.local_chain import ALICE, BOB, CHEAP, anvil, deploy
from tests.suanli.relay.conftest import Relay, Server

DEALS, TOGETHER, UNITS = 2_000, 20, 10
TOKEN = 10**18
LEAST_RATE = 2_000
"""Events a second of processor time."""


@pytest.fixture
def chain() -> Iterator[str]:
    with anvil() as url:
        yield url


def send(market: Market, account: Account, *calls: Call[Any]) -> None:
    sender = Sender(market.node, account, fees=CHEAP, poll_every=0.01)
    for call in calls:
        sender.execute(call)


def requests(market: Market) -> Iterator[Request]:
    until = market.node.head().time + 86_400
    for number in range(DEALS):
        yield Request(
            requester=ALICE.address,
            miner=1,
            resource=1,
            runtime=0,
            units=UNITS,
            max_price=TOKEN,
            confirm_by=until,
            duration=600,
            tasks=1,
            job=b"\1" * 32,
            terms=1,
            salt=number + 1,
        )


def make_deals(market: Market) -> None:
    token = Token(market.node, market.token())
    capacity = 10 * TOGETHER * UNITS
    stake = market.resource_class(1).stake_per_unit * capacity // TOKEN * TOKEN
    for account, amount in ((ALICE, 2 * DEALS * UNITS * TOKEN), (BOB, stake)):
        calls = token.faucet(amount), token.approve(market.address, amount), market.deposit(amount)
        send(market, account, *calls)
    until = market.node.head().time + 86_400
    send(
        market,
        BOB,
        market.register_miner(BOB.address),
        market.add_stake(BOB.address, stake),
        market.register_resource(1, capacity),
        market.publish_offer(1, capacity, 0, until, False),
    )
    every = list(requests(market))
    for begin in range(0, DEALS, TOGETHER):
        some = every[begin : begin + TOGETHER]
        send(market, BOB, market.together([_confirm(market, one) for one in some]))
        send(market, BOB, market.together([_submit(market, one) for one in some]))


def _confirm(market: Market, request: Request) -> Call[Any]:
    return market.confirm_request(request, sign(market.domain, request, ALICE).signature)


def _submit(market: Market, request: Request) -> Call[Any]:
    id_, root = market.domain.request_id(request), b"\2" * 32
    accepted = sign(market.domain, Acceptance(id_, root, UNITS), ALICE)
    return market.submit_accepted(request, root, UNITS, accepted.signature)


@pytest.mark.deep
def test_two_thousand_deals(chain: str, tmp_path: Path) -> None:
    market = deploy(connect(chain))
    make_deals(market)
    status = market.miner_status(BOB.address)
    assert status.completed == DEALS
    asked = Market(connect_sparingly(chain), market.address)
    settings = IndexSettings(tmp_path / "index.sqlite")
    followed = MarketIndex(market, asked, market.domain.chain_id, settings)
    with closing(Server()) as server:
        relay = Relay(server, tmp_path)
        server.app = create_app(relay.board, relay.store, index=followed)
        before = time.process_time()
        followed.start()
        index.listen_until(server.url, market.node.head().number)
        took = time.process_time() - before
        print(f"{took:.1f} s of processor time")
        index.agrees(server.url, market)
        events = index.get(server.url, "status")["events"]
        assert events > 2 * DEALS
        assert events / took > LEAST_RATE
        followed.stop()
        relay.close()
