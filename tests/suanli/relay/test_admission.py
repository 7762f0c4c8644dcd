"""Strangers to the chain are kept out, and asking the chain stays cheap."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from suanli.chain import Node, TransportError, contracts_at
from suanli.protocol import Signed, signed_to_json
from suanli.protocol.views import Balance, MinerAccount
from suanli.relay import RelayRefusal
from suanli.relay.server import admission, node
from suanli.relay.server.admission import NO, YES, Admission
from suanli.relay.server.node import Sparing
from tests.suanli.relay.conftest import (
    ANY_MINER,
    MINER,
    NUMBER,
    OTHER,
    REQUESTER,
    Relay,
    announcement,
    claim,
    envelope,
    progress,
    rejection,
    request,
    signed_request,
)


@dataclass
class Market:
    """Who is a miner and who has a deposit; counts what it is asked."""

    address: str = "0x" + "ab" * 20
    miners: dict[str, int] = field(default_factory=dict)
    locked: dict[str, int] = field(default_factory=dict)
    asked: int = 0

    def miner_account(self, account: str) -> Any:
        self.asked += 1
        number = self.miners.get(account)
        return number and MinerAccount(number, account, 0, 0, 0)

    def account_of(self, account: str) -> Balance:
        self.asked += 1
        return Balance(0, self.locked.get(account, 0))


def test_only_those_whom_the_chain_knows_may_lodge(relay: Relay) -> None:
    market: Any = Market(miners={MINER.address: NUMBER}, locked={REQUESTER.address: 1})
    relay.board._admission = Admission(market)
    relay.client.post(announcement())
    made = signed_request(miner=ANY_MINER)
    relay.client.post(made)
    relay.client.post(claim(made.message))
    relay.client.post(rejection(made.message))
    strangers = (
        lambda: relay.client.post(announcement(OTHER, miner=OTHER.address)),
        lambda: relay.client.post(claim(made.message, OTHER, miner=OTHER.address)),
        lambda: relay.client.post(rejection(made.message, OTHER)),
        lambda: relay.client.post(signed_request(OTHER, requester=OTHER.address)),
    )
    for lodge in strangers:
        with pytest.raises(RelayRefusal, match=r"register it first|deposit first"):
            lodge()


def test_only_the_miner_that_is_named_may_speak(relay: Relay) -> None:
    market: Any = Market(
        miners={MINER.address: NUMBER, OTHER.address: 2}, locked={REQUESTER.address: 1}
    )
    relay.board._admission = Admission(market)
    made = signed_request()
    relay.client.post(made)
    others = (
        claim(made.message, OTHER, miner=OTHER.address),
        rejection(made.message, OTHER),
        progress(made.message, OTHER),
        envelope(made.message, OTHER),
    )
    for said in others:
        with pytest.raises(RelayRefusal, match=f"number 1, {OTHER.address} is 2"):
            relay.client.post(said)
    for good in (claim(made.message), rejection(made.message), progress(made.message)):
        relay.client.post(good)
    relay.client.post(envelope(made.message))
    relay.client.post(envelope(made.message, REQUESTER))


def test_the_chain_is_asked_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    market: Any = Market(miners={MINER.address: NUMBER})
    judge = Admission(market, clock=lambda: now[0])

    def asked() -> int:
        before = market.asked
        judge.require_miner(MINER.address)
        with pytest.raises(RelayRefusal):
            judge.require_miner(OTHER.address)
        return int(market.asked - before)

    counts = []
    for time in (0.0, NO - 1, NO, YES - 1, YES):
        now[0] = time
        counts.append(asked())
    assert counts == [2, 0, 1, 1, 1]
    monkeypatch.setattr(admission, "MOST_KNOWN", 1)
    market.miners[OTHER.address] = 2
    now[0] = 2 * YES
    judge.require_miner(OTHER.address)
    assert len(judge._known) <= 2


class Slow:
    """A node that answers once it may, and that no contract has signed anything."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked = threading.Semaphore(0)

    def request(self, method: str, params: Any) -> Any:
        self.asked.release()
        self.go.wait(10)
        return "0x" + "00" * 32


def test_a_slow_node_does_not_stop_the_relay(relay: Relay) -> None:
    slow, statuses = Slow(), []
    relay.board._contracts = contracts_at(Node(Sparing(slow)))

    def lodge(salt: int) -> None:
        signed = Signed(request(salt=salt), REQUESTER.address, b"\x01")
        body = signed_to_json(signed)
        answer = httpx.post(f"{relay.server.url}/v1/requests", json=body, trust_env=False)
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=lodge, args=(salt,)) for salt in range(10)]
    for thread in threads:
        thread.start()
    for _ in range(node.MOST):
        slow.asked.acquire()
    assert relay.http.get("/v1/requests").status_code == 200
    while len(statuses) < 10 - node.MOST:
        threads[0].join(0.01)
    slow.go.set()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [403] * node.MOST + [503] * (10 - node.MOST)


def test_a_node_has_room_again_after_it_failed() -> None:
    class Away:
        def request(self, method: str, params: Any) -> Any:
            raise TransportError("away")

    sparing = Sparing(Away())
    for _ in range(2 * node.MOST):
        with pytest.raises(TransportError, match="away"):
            sparing.request("eth_chainId", ())
