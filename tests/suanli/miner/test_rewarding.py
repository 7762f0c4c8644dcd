"""The market's reward pool: which of its steps the daemon makes it do, and that it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from suanli.chain import Market, RewardPool, Token
from suanli.miner import core as m
from suanli.miner.core import Act, PastEpoch, RewardedClass, RewardStep, RewardView
from suanli.miner.core.judge import DEAL_GAS
from suanli.miner.core.rewards import ASK_EVERY, HASHES, TURN_BLOCKS, TURNS
from suanli.store import DirectoryStore
from tests.harness.bench import Bench
from tests.harness.local_chain import ALICE, BOB, Controls, let_reward, trade
from tests.harness.simulation import OFFER, START, request, view
from tests.harness.world import World
from tests.suanli.miner.test_stages import Way

GWEI = 10**9
POOL = "0x" + "9d" * 20
SETTLING = 100
EPOCH = 64 * SETTLING
NEW = RewardedClass(counted=0, sells=1_000, since=0)
WHOLE = RewardedClass(counted=1_000, sells=1_000, since=START)
VIEW = RewardView(POOL, 3, START + EPOCH, SETTLING, (WHOLE,))
CLOSING = VIEW.ends - SETTLING // 4


def way_of(**changes: object) -> Way:
    return Way(**({"reward_fee": 10 * GWEI} | changes))


def told(way: Way, now: int, seen: RewardView | None, **changes: object) -> list[m.SendReward]:
    usual = {"offer": replace(OFFER, valid_until=now + 10_000), "gas": 10**18, "rewards": seen}
    events = way.hear(m.ChainRead(now, view(**(usual | changes)), {}))
    assert all(isinstance(it, m.SendReward) for it in events if isinstance(it, m.Send))
    return [it for it in events if isinstance(it, m.SendReward)]


def steps(found: list[m.SendReward]) -> list[RewardStep]:
    return [it.step for it in found]


def of_class(seen: RewardedClass) -> RewardView:
    return replace(VIEW, classes=(seen,))


def past(**changes: object) -> RewardView:
    return replace(VIEW, past=replace(PastEpoch(2, START, seed_block=0), **changes))


def test_what_was_never_read_is_read_at_once() -> None:
    key = f"rewards:read:3:{START}"
    assert told(way_of(), START, of_class(NEW)) == [
        m.SendReward(Act.REWARDS, key, POOL, RewardStep.READ, 3)
    ]


def test_a_second_reading_makes_it_count_and_more_is_not_needed() -> None:
    once = of_class(replace(NEW, since=START))
    assert told(way_of(), START + SETTLING - 1, once) == []
    assert steps(told(way_of(), START + SETTLING, once)) == [RewardStep.READ]
    assert told(way_of(), START + 10 * SETTLING, VIEW) == []


def test_what_is_sold_beyond_what_counts_is_read_and_what_is_sold_less_is_not() -> None:
    more, less = (of_class(replace(WHOLE, sells=sells)) for sells in (1_001, 999))
    assert steps(told(way_of(), START + SETTLING, more)) == [RewardStep.READ]
    assert told(way_of(), START + SETTLING, less) == []


def test_the_last_reading_of_an_epoch_comes_just_before_its_end_and_once() -> None:
    way = way_of()
    assert told(way, CLOSING - 1, VIEW) == []
    assert steps(told(way, CLOSING, VIEW)) == [RewardStep.READ]
    assert told(way, VIEW.ends - 1, VIEW) == []
    assert told(way_of(), VIEW.ends, VIEW) == []
    idle = of_class(RewardedClass(0, 0, 0))
    assert told(way_of(), CLOSING, idle) == []


def test_steps_are_a_minute_apart() -> None:
    way, seen = way_of(), of_class(NEW)
    assert steps(told(way, START, seen)) == [RewardStep.READ]
    assert told(way, START + ASK_EVERY - 1, seen) == []
    assert steps(told(way, START + ASK_EVERY, seen)) == [RewardStep.READ]


def test_not_while_gas_is_dear_or_kept_for_results_nor_without_a_pool() -> None:
    seen = of_class(NEW)
    assert told(way_of(), START, seen, base_fee=10 * GWEI + 1) == []
    assert steps(told(way_of(), START, seen, base_fee=10 * GWEI)) == [RewardStep.READ]
    assert told(way_of(), START, None) == []
    for less in (1, 0):
        way = way_of(max_fee=10 * GWEI)
        way.running(request())
        found = told(way, START, seen, gas=DEAL_GAS * 2 * GWEI - less)
        assert steps(found) == [RewardStep.READ] * (not less)


@pytest.mark.parametrize("number", [1, 7, 8])
def test_miners_take_turns_to_draw_what_is_over(number: int) -> None:
    turn = number % TURNS
    due = START + turn * SETTLING // TURNS
    assert told(way_of(miner_id=number), due - 1, past()) == []
    assert [(it.step, it.epoch) for it in told(way_of(miner_id=number), due, past())] == [
        (RewardStep.PREPARE, 2)
    ]
    named = past(seed_block=50)
    block = 50 + turn * TURN_BLOCKS
    assert told(way_of(miner_id=number), START, named, evm_block=block) == []
    drawn = told(way_of(miner_id=number), START, named, evm_block=block + 1)
    assert [(it.step, it.epoch) for it in drawn] == [(RewardStep.DRAW, 2)]


def test_fees_are_fetched_before_the_draw() -> None:
    named = replace(past(seed_block=50), fees=1)
    assert steps(told(way_of(miner_id=8), START, named, evm_block=51)) == [RewardStep.COLLECT]


def test_a_draw_that_nobody_made_in_time_is_prepared_anew() -> None:
    named = past(seed_block=50)
    for block, step in ((50 + HASHES, RewardStep.DRAW), (51 + HASHES, RewardStep.PREPARE)):
        assert steps(told(way_of(miner_id=8), START, named, evm_block=block)) == [step]


def test_what_is_drawn_is_claimed_but_a_reading_goes_first() -> None:
    drawn = past(seed_block=50, drawn=True)
    assert steps(told(way_of(), START, drawn)) == [RewardStep.CLAIM]
    assert steps(told(way_of(), START, replace(drawn, classes=(NEW,)))) == [RewardStep.READ]


def bench_of(market: Market, folder: Path, **changes: object) -> Bench:
    made = Bench(market, folder, DirectoryStore(folder / "shared"), None, **changes)
    made.restart()
    return made


def test_the_daemon_takes_an_epoch_to_its_end(registered: World, tmp_path: Path) -> None:
    market, chain = registered.market, Controls(registered.market.node)
    token, pool = Token(market.node, market.token()), let_reward(market, EPOCH)
    bench = bench_of(market, tmp_path, reward_fee=100 * GWEI)
    number = bench.daemon.core.state.settings.miner_id
    before = token.balance_of(BOB.address)

    def pass_time(seconds: int) -> None:
        chain.evm_increaseTime(seconds)
        chain.mine()

    bench.until(lambda: pool.observed(0, number, 1).candidate == 1_000, rounds=120)
    pass_time(SETTLING)
    bench.until(lambda: pool.observed(0, number, 1).counted == 1_000, rounds=120)
    trade(market, ALICE, BOB, units=10, terms=2)
    assert pool.limit_of(0, number) == 0
    pass_time(pool.start_of(1) - market.node.head().time - 10)
    bench.until(lambda: pool.limit_of(0, number) > 0, rounds=120)
    pass_time(SETTLING)
    bench.until(lambda: pool.epoch(0).seed_block, rounds=120)
    chain.mine(4 + TURNS * TURN_BLOCKS)
    fees = market.account_of(pool.address).available
    assert fees > 0
    bench.until(lambda: pool.epoch(0).drawn_at, rounds=240)
    assert market.account_of(pool.address).available == 0
    bench.until(lambda: token.balance_of(BOB.address) > before, rounds=120)
    assert token.balance_of(BOB.address) - before == pool.reward_of(0, number)
    assert bench.daemon.troubles == {}
    bench.daemon.journal.close()


@pytest.mark.parametrize("pooled", [True, False])
def test_a_daemon_that_is_not_to_leaves_the_pool_alone_and_lives_without_one(
    registered: World, tmp_path: Path, pooled: bool
) -> None:
    market = registered.market
    pool: RewardPool | None = let_reward(market, EPOCH) if pooled else None
    bench = bench_of(market, tmp_path, reward_fee=0 if pooled else 100 * GWEI)
    for _ in range(70):
        bench.round()
    assert bench.daemon.core.state.view.rewards is None
    assert pool is None or pool.epoch(pool.current_epoch()).rules == 0
    assert bench.daemon.troubles == {}
    bench.daemon.journal.close()
