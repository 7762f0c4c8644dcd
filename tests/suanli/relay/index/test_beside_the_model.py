"""What the index makes of the contracts' logs is what the contracts keep, whatever anybody does."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import select

from suanli.chain import Node
from suanli.model import Market
from suanli.protocol import ResourceClass, Scale, State, Terms
from suanli.relay.server.index.indexer import Indexer
from suanli.relay.server.index.store import IndexStore
from suanli.relay.server.index.tables import CLASSES, DEALS, LOTS, MINERS, OFFERS
from tests.contracts.stateful.chains import EvmChain
from tests.contracts.stateful.machine import MarketMachine, empty
from tests.contracts.stateful.twin import Twin
from tests.contracts.stateful.world import build
from tests.harness.logs import MadeUpChain
from tests.suanli.relay.index.conftest import in_memory

TOTALS = ("registered", "published", "demanded")
OFFER = ("capacity", "published", "reserved", "ask", "valid_until", "verified_only")
MINER = ("tenure", "stake", "unbonding", "unbonding_ends", "completed", "defaulted", "overturned")


class Recorded(EvmChain):
    """Each call is a block of a chain that can be asked for logs."""

    def __init__(self) -> None:
        super().__init__()
        self.told = MadeUpChain()
        self._before = 0

    def begin(self) -> None:
        self._before = len(self.told.blocks)
        super().begin()

    def end(self) -> None:
        super().end()
        self.told.undo(len(self.told.blocks) - self._before)

    def send(self, to: str, function: str, sender: str, *args: Any) -> Any:
        value = super().send(to, function, sender, *args)
        block = self.told.mine()
        block.time = self.time()
        result: Any = self._evm._evm.result
        for log in result.logs:
            topics, data = log.data
            raw = ["0x" + topic.hex() for topic in topics]
            block.logs.append((log.address.lower(), block.hash, raw, "0x" + bytes(data).hex()))
        return value


@cache
def _world(decimals: int) -> tuple[Any, ...]:
    chain = Recorded()
    return chain, *build(chain, decimals)


_numbers = itertools.count()


class Indexing(MarketMachine):
    @staticmethod
    def world(decimals: int) -> Any:
        return _world(decimals)

    def teardown(self) -> None:
        try:
            if hasattr(self, "twin"):
                self._compare()
        finally:
            super().teardown()

    def _compare(self) -> None:
        """As it is, and when all has ended with nothing for sale any more."""
        compare(self.chain.told, self.twin)
        for address, miner in self.model.miners.items():
            for resource, offer in miner.offers.items():
                if offer.valid_until:
                    self.twin.must("withdraw_offer", address, resource)
        empty(self.twin)
        compare(self.chain.told, self.twin)


class FromModel:
    """What is fixed, as the model has it."""

    def __init__(self, model: Market) -> None:
        self._model = model
        self.scale: Scale = model.scale

    def resource_class(self, resource: int) -> ResourceClass:
        return self._model.classes[resource]

    def terms(self, number: int) -> Terms:
        return self._model.terms[number]

    def beside(self, terms: Terms) -> dict[str, str]:
        return {}

    def forget(self) -> None:
        pass


def compare(told: MadeUpChain, twin: Twin) -> None:
    model = twin.model
    store = IndexStore(in_memory(), {"made": next(_numbers)}, 1)
    roles = {model.domain.market.lower(): "market"}
    indexer = Indexer(Node(told), store, FromModel(model), roles)
    while not indexer.step():
        pass
    with store.reading() as connection:
        rows = {
            table: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in (CLASSES, OFFERS, MINERS, DEALS, LOTS)
        }
    for kind in rows[CLASSES]:
        totals = model.totals[kind["resource"]]
        assert [kind[n] for n in TOTALS] == [getattr(totals, n) for n in TOTALS]
        assert kind["retired"] == model.classes[kind["resource"]].retired
    for row in rows[MINERS]:
        _compare_miner(row, model)
    for row in rows[OFFERS]:
        offer = model.miners_by_id[row["miner_id"] - 1].offer(row["resource"])
        assert [row[n] for n in OFFER] == [getattr(offer, n) for n in OFFER]
        assert row["free"] == max(offer.published - offer.reserved, 0)
    assert len(rows[MINERS]) == len(model.miners_by_id)
    for row in rows[DEALS]:
        deal = model.deals[row["id"]]
        assert row["state"] == deal.state
        if deal.state not in (State.POSTED, State.CANCELLED):
            assert (row["price"], row["trial"]) == (deal.price, deal.trial)
            assert (row["units_used"] or 0) == deal.units_used
    known = {row["id"] for row in rows[DEALS]}
    # A signed request that was cancelled told nothing but that.
    assert all(d.state is State.CANCELLED for i, d in model.deals.items() if i not in known)
    assert len(rows[LOTS]) == len(model.lots)


def _compare_miner(row: dict[str, Any], model: Market) -> None:
    miner = model.miners_by_id[row["miner_id"] - 1]
    assert "0x" + row["miner"].hex() == miner.account.lower()
    assert "0x" + row["payout"].hex() == miner.payout.lower()
    assert [row[n] for n in MINER] == [getattr(miner, n) for n in MINER]
    assert row["earned"] == miner.earned_total
    assert row["earned"] - row["collected"] == miner.earnings
    assert row["last_payment_time"] == miner.last_payment_time
    live = (State.CONFIRMED, State.SUBMITTED)
    mine = (d for d in model.deals.values() if d.miner_id == miner.miner_id)
    assert row["live"] == sum(deal.state in live for deal in mine)


def run(examples: int, steps: int) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(Indexing, settings=chosen)


def test_the_index_beside_the_market() -> None:
    run(examples=10, steps=60)


@pytest.mark.deep
def test_the_index_beside_the_market_for_long() -> None:
    run(examples=400, steps=150)
