"""update: what was observed and how long ago, and what is left out as hollow."""

from dataclasses import replace

import pytest

from suanli.model.adaptive import exp
from tests.harness.adaptive import (
    ADAPTATION,
    FOR_SALE,
    RESOURCE,
    SPEED,
    TARGET,
    WINDOW,
    AdaptiveWorld,
)
from tests.harness.evm import reverts
from tests.harness.market import CAROL, CPU, PRICE, STRANGER

ONE = 10**18


def grown(price: int, distance: int, seconds: int) -> int:
    return price * exp(SPEED * seconds * distance // 10**9) // ONE


def fallen(price: int, distance: int, seconds: int) -> int:
    return price * ONE // exp(SPEED * seconds * distance // 10**9)


@pytest.mark.spec("4.8")
def test_anybody_may_and_all_see_it(world):
    world.ask_for(500)
    world.pass_time(60)
    receipt = world.price_model.update([], sender=STRANGER)
    assert receipt.value == fallen(PRICE, TARGET - 500_000_000, 60)
    event = receipt.event("PriceUpdated")
    assert event.args == {"price": receipt.value, "utilization": 500_000_000, "leftOut": 0}


def test_a_model_of_a_class_that_is_not_there(world):
    parameters = (TARGET, SPEED, WINDOW, PRICE, PRICE, PRICE)
    model = world.evm.deploy("AdaptivePriceModel", world.market.address, 9, *parameters)
    with reverts("UnknownResource", 9):
        model.update([], sender=STRANGER)


@pytest.mark.spec("4.7")
def test_full_use_doubles_the_price_in_a_week(world):
    world.ask_for(FOR_SALE)
    start = world.settle_in()
    for _ in range(7 * 24):
        world.pass_time(WINDOW)
        world.update()
    assert world.price() == pytest.approx(2 * start, rel=0.01)


@pytest.mark.spec("4.7")
def test_more_than_full_use_is_full_use(world):
    world.ask_for(7 * FOR_SALE)
    start = world.settle_in()
    world.pass_time(1_000)
    assert world.update() == grown(start, 10**9 - TARGET, 1_000)


@pytest.mark.spec("4.7")
def test_without_demand_it_falls(world):
    start = world.settle_in()
    world.pass_time(1_000)
    assert world.update() == fallen(start, TARGET, 1_000)


@pytest.mark.spec("4.7")
def test_at_the_target_it_stays(world):
    world.ask_for(800)
    start = world.settle_in()
    world.pass_time(WINDOW)
    assert world.update() == start == PRICE


@pytest.mark.spec("4.7")
def test_how_often_it_is_updated_does_not_matter(world):
    """But for roundings."""
    world.ask_for(950)
    world.settle_in()
    with world.evm.rollback():
        state = world.shadow.state
        world.pass_time(WINDOW)
        at_once = world.update()
        world.shadow.state, world.shadow_market.time = state, state.updated_at
    for _ in range(360):
        world.pass_time(10)
        often = world.update()
    assert abs(often - at_once) <= at_once * 360 * 5 // ONE


@pytest.mark.spec("4.7")
def test_one_update_makes_up_for_one_window(world):
    start = world.settle_in()
    world.pass_time(50 * WINDOW)
    expected = fallen(start, TARGET, WINDOW)
    assert world.price() == world.update() == expected
    assert world.price() == expected


@pytest.mark.spec("4.7")
def test_the_largest_step_is_nearly_e():
    """Where all of the series' terms count; up, and down again."""
    extreme = replace(ADAPTATION, target=1, speed=ONE // 60, window=60, start=PRICE)
    world = AdaptiveWorld(extreme)
    world.ask_for(FOR_SALE)
    for _ in range(3):
        before = world.shadow.state.price
        world.pass_time(60)
        world.update()
    x = ONE // 60 * 60 * (10**9 - 1) // 10**9
    assert world.price() == before * exp(x) // ONE
    assert world.price() == pytest.approx(before * 2.718281828 * (1 - 1e-9), rel=1e-9)
    lower = AdaptiveWorld(replace(extreme, target=10**9 - 1))
    start = lower.shadow.state.price
    lower.pass_time(60)
    assert lower.update() == start * ONE // exp(x)


@pytest.mark.spec("4.7")
def test_the_price_stays_between_floor_and_cap():
    floor, cap = 95 * PRICE // 100, 105 * PRICE // 100
    world = AdaptiveWorld(replace(ADAPTATION, floor=floor, cap=cap))
    for _ in range(10):
        world.pass_time(WINDOW)
        world.update()
    assert world.price() == floor
    world.ask_for(FOR_SALE)
    for _ in range(40):
        world.pass_time(WINDOW)
        world.update()
    assert world.price() == cap


@pytest.mark.spec("4.9")
def test_one_low_observation_counts_until_the_next_window_ends(world):
    asked = world.ask_for(FOR_SALE)
    start = world.settle_in()
    world.withdraw(asked)
    world.ask_for(700)
    world.update()
    world.ask_for(300)
    for _ in range(12):
        world.pass_time(WINDOW // 6)
        expected = fallen(world.shadow.state.price, TARGET - 700_000_000, WINDOW // 6)
        assert world.update() == expected < start
    world.pass_time(600)
    assert world.update() == grown(expected, 10**9 - TARGET, 600)


@pytest.mark.spec("4.9")
def test_a_window_without_updates_says_nothing(world):
    """The last observation before it holds on."""
    world.ask_for(790)
    world.settle_in()
    world.ask_for(210)
    for windows in (20, 1):
        world.pass_time(windows * WINDOW)
        expected = fallen(world.shadow.state.price, TARGET - 790_000_000, WINDOW)
        assert world.update() == expected
    world.pass_time(WINDOW)
    assert world.update() == grown(expected, 10**9 - TARGET, WINDOW)


def test_what_is_not_for_sale_and_not_wanted_says_nothing():
    world = AdaptiveWorld(for_sale=0)
    start = world.settle_in()
    world.pass_time(WINDOW)
    assert world.update() == start
    world.ask_for(1)
    world.settle_in()
    world.pass_time(WINDOW)
    assert world.update() > start


@pytest.mark.spec("4.10")
def test_bids_below_the_price_can_be_left_out(world):
    world.ask_for(800)
    hollow = [world.ask_for(50, maxPrice=PRICE - 1), world.ask_for(150, maxPrice=PRICE // 100)]
    start = world.settle_in()
    world.pass_time(600)
    assert world.update(*hollow) == start
    assert world.shadow.state.lowest == 800_000_000


@pytest.mark.spec("4.10")
def test_what_expired_can_be_left_out(world):
    request = world.ask_for(FOR_SALE, confirmBy=world.evm.time + 100)
    world.pass_time(100)
    world.update(request)
    assert world.shadow.state.lowest == TARGET
    world.pass_time(1)
    world.update(request)
    assert world.shadow.state.lowest == 0


def listed(world, case):
    """Something that counts as demand, or is none."""
    low = {"maxPrice": PRICE // 2}
    match case:
        case "it can trade at the price":
            return world.ask_for(10, maxPrice=PRICE)
        case "it was never posted":
            return world.request(requester=CAROL, resource=RESOURCE, units=10, **low)
        case "it was cancelled":
            request = world.ask_for(10, **low)
            world.withdraw(request)
            return request
        case "it is of another class":
            request = world.request(requester=CAROL, resource=CPU, **low)
            world.market.postRequest(request, sender=CAROL)
            return request
        case "it is a live deal":
            request = world.ask_for(10, **low)
            world.register("0x" + "77" * 20, resource=RESOURCE, capacity=10, published=10)
            world.market.confirmRequest(request, b"", sender="0x" + "77" * 20)
            return request
    raise AssertionError(case)


@pytest.mark.parametrize(
    "case",
    [
        "it can trade at the price",
        "it was never posted",
        "it was cancelled",
        "it is of another class",
        "it is a live deal",
    ],
)
@pytest.mark.spec("4.10")
def test_what_else_is_listed_makes_no_update_fail_and_leaves_nothing_out(world, case):
    """Nobody can make an update fail by what it does just before."""
    world.ask_for(500, maxPrice=PRICE)
    other, hollow = listed(world, case), world.ask_for(200, maxPrice=PRICE // 2)
    world.pass_time(60)
    (_, published, demanded, _) = world.market.supplyOf(RESOURCE)
    receipt = world.price_model.update(world.by_id([other, hollow]), sender=STRANGER)
    counted = demanded - 200
    assert receipt.event("PriceUpdated").args == {
        "price": fallen(PRICE, TARGET - counted * 10**9 // published, 60),
        "utilization": counted * 10**9 // published,
        "leftOut": 200,
    }


@pytest.mark.spec("4.10")
def test_each_request_is_left_out_once(world):
    low = [world.ask_for(10, maxPrice=PRICE // 2) for _ in range(2)]
    first, second = world.by_id(low)
    for wrong in ([first, first], [second, first]):
        with reverts("NotAscending", world.request_id(first)):
            world.price_model.update(wrong, sender=STRANGER)
    world.update(first, second)
