"""price: one linear form, clamped, for the source document's readings and ours."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.protocol import PRESETS, linear_price
from tests.harness.evm import Contract, Evm, reverts
from tests.harness.market import MAX_UINT80, MAX_UINT96, MAX_UINT256, PRICE

ALPHA = PRICE // 10
# The document's example, P0 = 1 and alpha = 0.1, and the same with twice the capacity.
EXAMPLE, DOUBLED = (1_000, 800, 500), (2_000, 800, 500)
EXPECTED = [
    ("printed", EXAMPLE, -79),
    ("first-example", EXAMPLE, -29),
    ("second-example", EXAMPLE, 31),
    ("excess-demand", EXAMPLE, -29),
    ("printed", DOUBLED, 21),
    ("first-example", DOUBLED, 71),
    ("second-example", DOUBLED, -69),
    ("excess-demand", DOUBLED, -29),
]
MAX_WEIGHT = 2**127 - 1
LARGEST_SUPPLY = MAX_UINT80


@cache
def chain() -> Evm:
    return Evm()


def deploy(base: int, weights: tuple[int, ...], floor: int = 0, cap: int = MAX_UINT96) -> Contract:
    return chain().deploy("LinearPriceModel", base, weights, floor, cap)


@cache
def preset(name: str, base: int = PRICE) -> Contract:
    return deploy(base, tuple(weight * ALPHA for weight in PRESETS[name]))


def test_these_are_all_presets():
    assert {name for name, _, _ in EXPECTED} == set(PRESETS)


@pytest.mark.parametrize(("name", "supply", "raw"), EXPECTED)
def test_presets_on_the_documents_example(name, supply, raw):
    assert preset(name).price(*supply) == max(raw, 0) * PRICE


@pytest.mark.parametrize(("name", "supply", "raw"), EXPECTED)
def test_raw_values_show_where_no_floor_hides_them(name, supply, raw):
    # 100 tokens more at the base lift every value above the floor.
    assert preset(name, 101 * PRICE).price(*supply) == (100 + raw) * PRICE


def test_nothing_supplied_or_demanded_costs_the_base():
    assert preset("excess-demand").price(0, 0, 0) == PRICE


@pytest.mark.parametrize(
    ("demanded", "price"), [(0, 100), (9, 100), (10, 100), (11, 101), (29, 119), (30, 120)]
)
def test_clamps_from_below_and_above(demanded, price):
    model = deploy(90, (0, 0, 1), 100, 120)
    assert model.price(0, 0, demanded) == price
    assert model.price(0, 0, 31) == model.price(0, 0, MAX_UINT80) == 120


@pytest.mark.parametrize("weight", [-MAX_WEIGHT, MAX_WEIGHT])
def test_the_largest_weights_and_supplies_do_not_overflow(weight):
    model = deploy(MAX_UINT96, (weight, weight, weight), 7, MAX_UINT96)
    price = model.price(MAX_UINT80, MAX_UINT80, MAX_UINT80)
    assert price == (7 if weight < 0 else MAX_UINT96)


@pytest.mark.parametrize("position", range(3))
def test_supplies_beyond_a_signed_word_are_refused(position):
    supply = [0, 0, 0]
    supply[position] = MAX_UINT256
    with reverts("SafeCastOverflowedUintToInt", MAX_UINT256):
        preset("excess-demand").price(*supply)


prices = st.integers(0, MAX_UINT96) | st.integers(0, 1_000 * PRICE)
weights = st.integers(-MAX_WEIGHT, MAX_WEIGHT) | st.integers(-PRICE, PRICE)
supplies = st.integers(0, LARGEST_SUPPLY) | st.integers(0, 10_000)


@given(
    base=prices,
    weights=st.tuples(weights, weights, weights),
    limits=st.tuples(prices, prices).map(sorted),
    supply=st.tuples(supplies, supplies, supplies),
)
def test_equals_the_python_model_bit_for_bit(base, weights, limits, supply):
    with chain().rollback():
        price = deploy(base, weights, *limits).price(*supply)
    floor, cap = limits
    assert price == linear_price(*supply, base=base, alpha=1, weights=weights, floor=floor, cap=cap)
    assert floor <= price <= cap


@given(name=st.sampled_from(list(PRESETS)), supply=st.tuples(supplies, supplies, supplies))
def test_presets_equal_the_python_model(name, supply):
    expected = linear_price(*supply, base=PRICE, alpha=ALPHA, weights=PRESETS[name])
    assert preset(name).price(*supply) == expected


@given(supply=st.tuples(supplies, supplies, supplies), more=supplies)
def test_excess_demand_rises_with_demand_and_falls_with_supply(supply, more):
    model = preset("excess-demand", 500 * PRICE)
    registered, published, demanded = supply
    price = model.price(*supply)
    assert model.price(registered, published, demanded + more) >= price
    assert model.price(registered, published + more, demanded) <= price
    assert model.price(registered + more, published, demanded) == price
