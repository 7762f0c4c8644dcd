"""price: what an update would make of it now; equal to the Python model base unit for base unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.model import Adaptation
from suanli.model.adaptive import WHOLE
from tests.harness.adaptive import FOR_SALE, RESOURCE, WINDOW, AdaptiveWorld
from tests.harness.market import MAX_UINT96, PRICE, Request


@pytest.mark.spec("4.8")
def test_is_what_an_update_would_make_of_it(world):
    world.ask_for(900)
    world.settle_in()
    for seconds in (0, 1, 599, WINDOW, 2 * WINDOW):
        world.pass_time(seconds)
        assert world.price() == world.update() == world.price()


def test_deals_are_made_at_it(world):
    miner = "0x" + "77" * 20
    world.register(miner, resource=RESOURCE, capacity=50)
    world.shadow_market.totals[RESOURCE].published += 50
    world.ask_for(1_000)
    world.settle_in()
    world.pass_time(WINDOW)
    bid = {"maxPrice": 3 * PRICE, "units": 10}
    request = world.ask_for(bid["units"], **{k: bid[k] for k in ("maxPrice",)})
    totals = world.shadow_market.totals[RESOURCE]
    expected = world.shadow.price(0, totals.published, totals.demanded - 10)
    assert world.market.confirmRequest(request, b"", sender=miner).value == expected > PRICE


@st.composite
def adaptations(draw) -> Adaptation:
    window = draw(st.integers(60, 86_400))
    floor = draw(st.integers(10**9, PRICE))
    cap = draw(st.integers(floor, MAX_UINT96) | st.integers(floor, 3 * PRICE))
    fastest = 10**18 // window
    return Adaptation(
        target=draw(st.integers(1, WHOLE - 1)),
        speed=draw(st.integers(1, fastest) | st.integers(fastest // 2, fastest)),
        window=window,
        start=draw(st.integers(floor, cap)),
        floor=floor,
        cap=cap,
    )


STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(0, 90_000)),
    st.tuples(st.just("ask"), st.integers(1, 1_500)),
    st.tuples(st.just("ask low"), st.integers(1, 1_500)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("sell"), st.integers(1, FOR_SALE)),
    st.tuples(st.just("update"), st.booleans()),
    st.tuples(st.just("price"), st.none()),
)


def take(world: AdaptiveWorld, live: list[Request], low: list[Request], step: str, value) -> None:
    match step:
        case "wait":
            world.pass_time(value)
        case "ask":
            live.append(world.ask_for(value, maxPrice=MAX_UINT96 // 2**20))
        case "ask low":
            low.append(world.ask_for(value, maxPrice=PRICE // 100))
        case "cancel" if live or low:
            pool = live or low
            world.withdraw(pool.pop(value % len(pool)))
        case "sell":
            world.sell(value)
        case "update":
            listed = [*low, *live] if value else []
            assert world.adaptation.floor <= world.update(*listed) <= world.adaptation.cap
        case "price":
            world.price()


@given(adaptations(), st.lists(STEPS, max_size=25))
def test_equals_the_python_model(adaptation, steps):
    world = AdaptiveWorld(adaptation)
    live, low = [], []
    for step, value in steps:
        take(world, live, low, step, value)
    world.update()
    assert world.price() == world.shadow.state.price
