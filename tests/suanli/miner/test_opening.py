"""A restart when stake or class no longer allow what the file says: deals are finished first."""

from __future__ import annotations

import pytest

from suanli.chain import Contract, Market, Token
from suanli.daemon import NotReady
from suanli.miner.config import Config
from suanli.miner.core import Stage
from suanli.miner.opening import prepared, sender_of
from suanli.miner.staking import an_hours_work
from suanli.protocol import State
from tests.harness.bench import Bench, config_of
from tests.harness.local_chain import ALICE, BOB, DEPLOYER, Controls
from tests.harness.simulation import changed
from tests.harness.world import TOKEN, World, lodged, manifest_of, send, settled

UNAFFORDABLE = 10**9


def config_for(world: World, bench: Bench, **changes: object) -> Config:
    return config_of(world.market, BOB, bench.folder, rpc=world.rpc, max_fee_gwei=1_000, **changes)


def keep_tokens(market: Market, tokens: int) -> None:
    """Bob spends what else he has in his wallet."""
    token = Token(market.node, market.token())
    send(market, BOB, token.transfer(ALICE.address, token.balance_of(BOB.address) - tokens * TOKEN))


def retire(world: World) -> None:
    contract = Contract(world.market.node, world.market.address, "ComputeMarket")
    send(world.market, DEPLOYER, contract.call("retireResourceClass", 1))


def test_a_miner_sells_what_its_stake_covers(
    registered: World, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the file says: after a slash, or before it is funded."""
    caplog.set_level("INFO")
    token = Token(registered.market.node, registered.market.token())
    has = token.balance_of(BOB.address) + registered.market.account_of(BOB.address).available
    covered = 1_000 + has // (2 * TOKEN)
    prepared(config_for(registered, bench, capacity=UNAFFORDABLE), BOB)
    assert registered.market.offer_of(BOB.address, 1).capacity == covered
    assert f"cover {covered:,} of 1,000,000,000 units of class 1: to sell all" in caplog.text


def test_without_a_capacity_an_hours_work_is_sold_as_far_as_it_is_covered(
    registered: World, bench: Bench
) -> None:
    market = registered.market
    keep_tokens(market, 2_000)
    registered.requester.fund(10_000 * TOKEN)
    speed_one = config_for(registered, bench, capacity=an_hours_work(1, 1))
    prepared(speed_one, BOB)  # 1,000 are registered, the tokens are stake for as many more
    assert market.offer_of(BOB.address, 1).capacity == 2_000
    send(market, ALICE, market.add_stake(BOB.address, 10_000 * TOKEN))
    prepared(speed_one, BOB)
    assert market.offer_of(BOB.address, 1).capacity == 3_600 == an_hours_work(1, 1)


def test_a_running_miner_follows_its_stake(registered: World, bench: Bench) -> None:
    """It grows when somebody adds to the stake, and shrinks with a default."""
    market = registered.market

    def offers(units: int) -> bool:
        offer = market.offer_of(BOB.address, 1)
        return offer.capacity == offer.published == units

    keep_tokens(market, 0)
    bench.settings = changed(bench.settings, capacity=1_100)
    bench.restart()
    send(market, ALICE, market.add_stake(BOB.address, 150 * TOKEN))
    bench.until(lambda: offers(1_075), 90)
    bench.executor.fails = 100
    request, _ = lodged(registered, manifest_of(1), duration=60)
    bench.until(lambda: market.state_of(request) is State.CONFIRMED)
    Controls(market.node).evm_increaseTime(120)
    Controls(market.node).mine()
    send(market, ALICE, market.claim_default(request))
    left = market.miner_status(BOB.address).stake // (2 * TOKEN)
    assert left < 1_075
    bench.until(lambda: offers(left), 90)


def test_a_step_that_failed_while_the_daemon_was_down_is_looked_at_anew(
    registered: World, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    market, config = registered.market, config_for(registered, bench, capacity=1_001)
    sent = sender_of(config, market, BOB).send(
        market.register_resource(1, UNAFFORDABLE), gas=500_000
    )
    prepared(config, BOB)
    assert f"came to nothing: registerResource failed in transaction {sent.transaction}" in (
        caplog.text
    )
    assert market.offer_of(BOB.address, 1).capacity == 1_001


def test_a_class_without_deals_is_told(registered: World, bench: Bench) -> None:
    retire(registered)
    with pytest.raises(NotReady, match="class 1 makes no deals"):
        prepared(config_for(registered, bench), BOB)


def test_a_miner_with_deals_finishes_them(
    registered: World, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.executor.holds = True
    request, id_ = lodged(registered, manifest_of(1))
    bench.until(lambda: registered.market.state_of(request) is State.CONFIRMED)
    retire(registered)
    ready = prepared(config_for(registered, bench), BOB)
    assert ready.miner_id == registered.market.miner_account(BOB.address).miner_id
    assert "to finish the deals: class 1 makes no deals" in caplog.text
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
