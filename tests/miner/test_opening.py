"""A restart when stake or class no longer allow what the file says: deals are finished first."""

from __future__ import annotations

import pytest

from suanli.chain import Contract, State
from suanli.miner.config import Config
from suanli.miner.opening import prepared
from suanli.miner.records import Stage
from suanli.miner.setup import NotReady
from tests.local_chain import BOB, DEPLOYER
from tests.miner.bench import Bench, config_of
from tests.miner.world import World, lodged, manifest_of, send, settled

UNAFFORDABLE = 10**9


def config_for(world: World, bench: Bench, **changes: object) -> Config:
    return config_of(world.market, BOB, bench.folder, rpc=world.rpc, max_fee_gwei=1_000, **changes)


def retire(world: World) -> None:
    contract = Contract(world.market.node, world.market.address, "ComputeMarket")
    send(world.market, DEPLOYER, contract.call("retireResourceClass", 1))


def test_a_miner_without_deals_is_told_what_is_missing(registered: World, bench: Bench) -> None:
    with pytest.raises(NotReady, match="or lower capacity"):
        prepared(config_for(registered, bench, capacity=UNAFFORDABLE), BOB)
    retire(registered)
    with pytest.raises(NotReady, match="class 1 makes no deals"):
        prepared(config_for(registered, bench), BOB)


def test_a_miner_with_deals_finishes_them(
    registered: World, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.executor.holds = True
    request, id_ = lodged(registered, manifest_of(1))
    bench.until(lambda: registered.market.state_of(request) is State.CONFIRMED)
    ready = prepared(config_for(registered, bench, capacity=UNAFFORDABLE), BOB)
    assert ready.miner_id == registered.market.miner_account(BOB.address).miner_id
    assert "to finish the deals: " in caplog.text
    assert "or lower capacity" in caplog.text
    retire(registered)
    prepared(config_for(registered, bench), BOB)
    assert "class 1 makes no deals" in caplog.text
    bench.restart()
    bench.executor.release()
    bench.until(settled(registered, request, id_))
    bench.until(lambda: bench.daemon.core.state.deals[id_].stage is Stage.ENDED)
    with pytest.raises(NotReady, match="class 2"):
        prepared(config_for(registered, bench, resource=2), BOB)


def test_a_miner_that_drains_stakes_no_more(registered: World, bench: Bench) -> None:
    bench.daemon.journal.note(draining=True)
    prepared(config_for(registered, bench, capacity=1_001), BOB)
    assert registered.market.offer_of(BOB.address, 1).capacity == 1_000
