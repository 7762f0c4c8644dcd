"""The price of a class that is sold and adapts: when the daemon updates it, and that it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from suanli.chain import Market, PriceState
from suanli.miner import core as m
from suanli.miner.core import Act
from suanli.miner.core.judge import DEAL_GAS
from suanli.miner.core.pricing import UPDATE_EVERY
from suanli.store import DirectoryStore
from tests.harness.bench import Bench
from tests.harness.local_chain import WINDOW, Controls, let_adapt
from tests.harness.simulation import CLASS, OFFER, PRICE, START, request, view
from tests.harness.world import TOKEN, World
from tests.suanli.miner.test_stages import Way, acts

GWEI = 10**9
MODEL = "0x" + "ad" * 20
ADAPTIVE = m.AdaptiveView(MODEL, WINDOW, PRICE, START, 10**9, 10**9, 10**9)
DUE = START + WINDOW * 9 // 16
"""For the miner of number 1."""
DEARER = PRICE + 1


def way_of(**changes: object) -> Way:
    return Way(**({"update_fee": 10 * GWEI} | changes))


def told(way: Way, now: int, adaptive: m.AdaptiveView | None = ADAPTIVE, **changes: object):
    usual = {"price": DEARER, "offer": replace(OFFER, valid_until=now + 10_000), "gas": 10**18}
    seen = view(**(usual | {"adaptive": adaptive} | changes))
    return [it for it in way.hear(m.ChainRead(now, seen, {})) if isinstance(it, m.Send)]


def test_it_is_due_when_the_price_is_behind_by_half_of_its_window() -> None:
    way = way_of()
    assert told(way, DUE - 1) == []
    key = f"update:1:{START}"
    assert told(way, DUE) == [m.SendUpdate(Act.UPDATE_PRICE, key, 1, MODEL)]


@pytest.mark.parametrize(("number", "sixteenths"), [(7, 15), (8, 8), (9, 9), (15, 15), (16, 8)])
def test_miners_take_turns(number: int, sixteenths: int) -> None:
    """So that whoever comes first has done it for all."""
    due = START + WINDOW * sixteenths // 16
    way = way_of(miner_id=number)
    assert acts(told(way, due - 1)) == []
    assert acts(told(way, due)) == [Act.UPDATE_PRICE]
    other = way_of(miner_id=number)
    assert acts(told(other, due, replace(ADAPTIVE, updated_at=START + 60))) == []


def test_once_an_hour_whatever_the_window() -> None:
    way, short = way_of(), replace(ADAPTIVE, window=60)
    assert acts(told(way, START + 60, short)) == [Act.UPDATE_PRICE]
    again = START + 60 + UPDATE_EVERY
    assert acts(told(way, again - 1, replace(short, updated_at=again - 100))) == []
    assert acts(told(way, again, replace(short, updated_at=again - 100))) == [Act.UPDATE_PRICE]


def test_not_while_gas_is_dear_or_kept_for_results() -> None:
    assert acts(told(way_of(), DUE, base_fee=10 * GWEI + 1)) == []
    assert acts(told(way_of(), DUE, base_fee=10 * GWEI)) == [Act.UPDATE_PRICE]
    assert acts(told(way_of(update_fee=0), DUE)) == []
    gas = DEAL_GAS * 2 * GWEI
    for has, then in ((gas - 1, []), (gas, [Act.UPDATE_PRICE])):
        way = way_of(max_fee=10 * GWEI)
        way.running(request())
        assert acts(told(way, DUE, gas=has)) == then


def test_not_where_it_would_change_nothing() -> None:
    """As at the floor with no demand; but what was seen of the demand must not stay for ever."""
    rests = replace(ADAPTIVE, lowest=0, lowest_before=0, utilization=0)
    assert acts(told(way_of(), DUE, rests, price=PRICE)) == []
    assert acts(told(way_of(), DUE, rests, price=PRICE - 1)) == [Act.UPDATE_PRICE]
    for change in ({"utilization": 1}, {"lowest": 1}, {"lowest_before": 1}, {"utilization": None}):
        moving = replace(rests, **change)
        assert acts(told(way_of(), DUE, moving, price=PRICE)) == [Act.UPDATE_PRICE]


def test_not_of_a_price_that_does_not_adapt_nor_by_who_sells_no_more() -> None:
    assert acts(told(way_of(), DUE, None)) == []
    assert acts(told(way_of(), DUE, resource=CLASS._replace(retired=True))) == []
    way = way_of()
    way.hear(m.DrainAsked(START, True))
    assert Act.UPDATE_PRICE not in acts(told(way, DUE))


def bench_of(market: Market, folder: Path, **changes: object) -> Bench:
    made = Bench(market, folder, DirectoryStore(folder / "shared"), None, **changes)
    made.restart()
    return made


def test_the_daemon_updates_it(registered: World, tmp_path: Path) -> None:
    market, chain = registered.market, Controls(registered.market.node)
    model = let_adapt(market)
    bench = bench_of(market, tmp_path, update_fee=100 * GWEI)
    before = model.state()
    assert before == PriceState(TOKEN, before.updated_at, 800_000_000, 800_000_000)
    for _ in range(10):
        bench.round()
    assert model.state() == before
    chain.evm_increaseTime(WINDOW)
    chain.mine()
    bench.until(lambda: model.state() != before)
    after = model.state()
    assert after.price < TOKEN
    assert after.lowest == 0
    for _ in range(30):
        bench.round()
    assert model.state() == after
    assert bench.daemon.troubles == {}
    bench.daemon.journal.close()


def test_a_daemon_that_is_not_to_update_asks_no_price_model(
    registered: World, tmp_path: Path
) -> None:
    market, chain = registered.market, Controls(registered.market.node)
    model = let_adapt(market)
    bench = bench_of(market, tmp_path)
    before = model.state()
    chain.evm_increaseTime(WINDOW)
    chain.mine()
    for _ in range(30):
        bench.round()
    assert model.state() == before
    bench.daemon.journal.close()


def test_a_linear_price_is_not_updated(registered: World, tmp_path: Path) -> None:
    """The model is asked once whether it adapts, and stops nothing by its refusal."""
    market = registered.market
    bench = bench_of(market, tmp_path, update_fee=100 * GWEI)
    for _ in range(30):
        bench.round()
    assert bench.daemon.core.state.view.classes[1].adaptive is None
    assert bench.daemon.troubles == {}
    bench.daemon.journal.close()
