"""What it costs to move an adaptive price by a tenth for an hour, on the contracts.

The market of the document with R_p = 800, and 640 units demanded: the target. docs/pricing.md
states these figures; the test reads them there.
"""

import json
import math

import pytest

from suanli.model import Adaptation
from tests.harness.adaptive import ADAPTATION, RESOURCE, SPEED, WINDOW, AdaptiveWorld
from tests.harness.evm import account
from tests.harness.market import PRICE
from tests.suanli.model.test_manipulation import ROOT, documented

MALLORY = account("mallory")
R_P, R_D = 800, 640
FREE = R_P - R_D
FLOOR = PRICE // 100
HOURS = 24
CHEAPEST_GAS = PRICE // 10**9
"""A billionth of a token, as if one were worth a thousandth of what gas costs where it is cheap."""
START = 92 * PRICE // 100


def example(wanted: int = R_D) -> AdaptiveWorld:
    """At the price that the linear preset gives it, and at rest if so much is wanted."""
    changes = vars(ADAPTATION) | {"start": START}
    world = AdaptiveWorld(Adaptation(**changes), for_sale=R_P)
    world.ask_for(wanted, maxPrice=4 * PRICE)
    world.settle_in()
    return world


def fake(world: AdaptiveWorld, units: int, bid: int = FLOOR):
    """Demand that nobody can confirm, since it names a miner that is none."""
    world.fund(MALLORY, units * bid)
    return world.ask_for(units, requester=MALLORY, maxPrice=bid, miner=99)


def watched(wanted: int, fakes: int) -> list[int]:
    """Prices every ten minutes of a day. Once an hour somebody lists the bids that can't trade;
    whoever faked some calls as often as it likes, and has its money back in the end."""
    world = example(wanted)
    hollow = [fake(world, R_P - wanted) for _ in range(fakes)]
    locked = world.account_of(MALLORY)[1]
    prices = []
    for step in range(6 * HOURS):
        world.pass_time(600)
        if step % 6 == 3:
            world.update(*hollow)
        elif fakes:
            world.update()
        prices.append(world.price())
    for request in hollow:
        world.withdraw(request)
    assert world.account_of(MALLORY) == (locked, 0)
    return prices


@pytest.mark.parametrize("wanted", [400, R_D, 720])
@pytest.mark.spec("12.4", "4.10")
def test_demand_posted_and_cancelled_at_the_floor_moves_it_by_less_than_it_costs(wanted):
    """Mallory owns all that is sold, the best case for who wants it dearer, and still loses: the
    price is what it is without it, whether it falls, stays or rises, and gas was paid."""
    honest, attacked = watched(wanted, fakes=0), watched(wanted, fakes=1)
    gains = [there - here for here, there in zip(honest, attacked, strict=True)]
    earned = sum(gains) * wanted // 6
    flows = json.loads((ROOT / "benchmarks" / "gas-snapshot.json").read_text())["flows"]
    gas = flows["postRequest"] + flows["cancelRequest-posted"]
    assert earned - gas * CHEAPEST_GAS < 0
    assert max(map(abs, gains)) < START // 10**12


@pytest.mark.spec("12.4")
def test_unwatched_fake_demand_must_stay_for_hours():
    world = example()
    request = fake(world, FREE)
    locked = world.account_of(MALLORY)[1]
    seconds = updates = 0
    while world.price() * 10 < START * 11:
        world.pass_time(600)
        seconds += 600
        if seconds % WINDOW == 0 or world.price() * 10 >= START * 11:
            world.update()
            updates += 1
    faster = SPEED * FREE / R_P / 10**18
    assert seconds == pytest.approx(2 * WINDOW + math.log(1.1) / faster, abs=WINDOW)
    found = documented(
        r"([\d.]+) → ([\d.]+) tokens a unit, unwatched: (\d+) units, "
        r"([\d.]+) tokens locked for ([\d.]+) hours"
    )
    raised = START * 11 // 10 / PRICE
    assert found == [START / PRICE, raised, FREE, locked / PRICE, round(seconds / 3600 + 1, 1)]
    world.withdraw(request)
    assert world.account_of(MALLORY) == (locked, 0)


@pytest.mark.spec("4.10", "12.4")
def test_bids_at_the_price_lock_all_of_it_and_get_it_back():
    """What a watcher can't leave out, and no miner can take, since it names one that is none."""
    world = example()
    request = fake(world, FREE, bid=world.price())
    locked = world.account_of(MALLORY)[1]
    for _ in range(3):
        world.pass_time(WINDOW)
        world.update(request)
    assert world.price() > START
    world.withdraw(request)
    assert world.account_of(MALLORY) == (locked, 0)
    assert documented(r"locks ([\d.]+) tokens instead of ([\d.]+)") == [
        locked / PRICE,
        FREE * FLOOR / PRICE,
    ]


@pytest.mark.spec("4.10")
def test_who_cancels_one_of_its_requests_saves_none_of_the_others():
    """Just before an update that lists them all."""
    world = example()
    gone, left = fake(world, 1), fake(world, FREE - 1)
    world.withdraw(gone)
    assert world.update(gone, left) == START
    assert world.shadow.state.lowest == R_D * 10**9 // R_P


@pytest.mark.spec("4.9", "12.4")
def test_an_offer_for_a_moment_an_hour_lowers_it_whoever_else_looks():
    world, units = example(), 200
    world.register(MALLORY, resource=RESOURCE, capacity=units, ask=2**88 - 1)
    world.market.withdrawOffer(RESOURCE, sender=MALLORY)
    totals = world.shadow_market.totals[RESOURCE]
    hours = 0
    while world.price() * 10 > START * 9:
        world.market.publishOffer(
            RESOURCE, units, 2**88 - 1, world.evm.time + WINDOW, False, sender=MALLORY
        )
        totals.published += units
        world.update()
        world.market.withdrawOffer(RESOURCE, sender=MALLORY)
        totals.published -= units
        for _ in range(6):
            world.pass_time(600)
            world.update()
        hours += 1
    assert hours == pytest.approx(33, abs=1)


@pytest.mark.spec("12.4")
def test_lowering_it_takes_stake_for_hours():
    """Supply that nobody will take; the stake comes back with a delay."""
    world, units = example(), 200
    world.register(MALLORY, resource=RESOURCE, capacity=units, ask=2**88 - 1)
    staked = world.market.minerStatus(MALLORY).stake
    world.shadow_market.totals[RESOURCE].published += units
    seconds = 0
    while world.price() * 10 > START * 9:
        world.pass_time(600)
        seconds += 600
        if seconds % WINDOW == 0 or world.price() * 10 <= START * 9:
            world.update()
    found = documented(
        r"([\d.]+) → ([\d.]+) tokens a unit: (\d+) units, ([\d.]+) tokens staked for ([\d.]+) hours"
    )
    lowered = START * 9 // 10 / PRICE
    assert found == [
        START / PRICE,
        lowered,
        units,
        staked / PRICE,
        round(seconds / 3600 + 1, 1),
    ]


def test_the_gas_is_as_documented():
    flows = json.loads((ROOT / "benchmarks" / "gas-snapshot.json").read_text())["flows"]
    dearer = flows["confirmRequest-adaptive-price"] - flows["confirmRequest-signed"]
    found = documented(r"That takes ([\d,]+) gas\. A confirmation takes ([\d,]+) more")
    assert found == [round(flows["updatePrice"], -3), round(dearer, -2)]
    left_out = flows["updatePrice-one-left-out"] - flows["updatePrice"]
    posted = flows["postRequest"] + flows["cancelRequest-posted"]
    found = documented(r"That takes ([\d,]+) gas a request, to its poster ([\d,]+)")
    assert found == [round(left_out, -2), round(posted, -4)]
