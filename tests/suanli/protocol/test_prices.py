"""The linear price: the source document's example, and the contract bit for bit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.protocol import MAX_PRICE, PRESETS, LinearPrice, Refused, clear, linear_price, reward
from tests.harness.evm import Evm, Reverted

TOKEN = 10**18
SUPPLY = st.integers(0, 2**80 - 1)
PRICE = st.integers(0, MAX_PRICE)
WEIGHT = st.integers(-(2**127) + 1, 2**127 - 1)


@pytest.mark.parametrize(
    ("preset", "at_1000", "at_2000"),
    [
        ("printed", -79, 21),
        ("first-example", -29, 71),
        ("second-example", 31, -69),
        ("excess-demand", -29, -29),
    ],
)
def test_source_documents_example(preset, at_1000, at_2000):
    """R_p = 800, R_d = 500, P0 = 1, alpha = 0.1, floor 0."""
    for total, expected in ((1000, at_1000), (2000, at_2000)):
        price = linear_price(
            total, 800, 500, base=TOKEN, alpha=TOKEN // 10, weights=PRESETS[preset]
        )
        assert price == max(expected, 0) * TOKEN


def test_floor_and_cap_bound_the_price():
    form = {"base": 5, "alpha": 1, "weights": PRESETS["excess-demand"], "floor": 3, "cap": 8}
    assert [linear_price(0, 0, demanded, **form) for demanded in (0, 3, 4)] == [5, 8, 8]
    assert [linear_price(0, published, 0, **form) for published in (2, 3)] == [3, 3]


def test_impossible_models_are_refused_as_by_the_contract():
    with pytest.raises(Refused, match=r"FloorAboveCap\(2, 1\)"):
        LinearPrice(0, (0, 0, 0), 2, 1)
    with pytest.raises(Refused, match=r"WeightTooLarge\("):
        LinearPrice(0, (0, -(2**127), 0))
    with pytest.raises(ValueError, match="2\\^96"):
        LinearPrice(MAX_PRICE + 1, (0, 0, 0))


@given(
    base=PRICE,
    weights=st.tuples(WEIGHT, WEIGHT, WEIGHT),
    bounds=st.tuples(PRICE, PRICE).map(sorted),
    supplies=st.lists(st.tuples(SUPPLY, SUPPLY, SUPPLY), min_size=1, max_size=5),
)
def test_equals_the_contract(base, weights, bounds, supplies):
    contract = Evm().deploy("LinearPriceModel", base, list(weights), *bounds)
    model = LinearPrice(base, weights, *bounds)
    for supply in supplies:
        assert contract.price(*supply) == model.price(*supply)
        assert bounds[0] <= model.price(*supply) <= bounds[1]


@given(base=PRICE, alpha=st.integers(0, 10**24), supply=st.tuples(SUPPLY, SUPPLY, SUPPLY))
@pytest.mark.parametrize("preset", PRESETS)
def test_presets_equal_the_contract(preset, base, alpha, supply):
    weights = PRESETS[preset]
    contract = Evm().deploy("LinearPriceModel", base, [alpha * w for w in weights], 7, MAX_PRICE)
    expected = linear_price(*supply, base=base, alpha=alpha, weights=weights, floor=7)
    assert contract.price(*supply) == expected


@given(
    weights=st.tuples(*[st.integers(-(2**127) - 2, 2**127 + 2)] * 3),
    bounds=st.tuples(PRICE, PRICE),
)
def test_refuses_what_the_contract_refuses(weights, bounds):
    def error(make):
        try:
            make()
        except (Refused, Reverted) as refusal:
            return refusal.name, refusal.arguments
        return None

    expected = error(lambda: LinearPrice(1, weights, *bounds))
    assert expected == error(lambda: Evm().deploy("LinearPriceModel", 1, list(weights), *bounds))


@given(st.tuples(SUPPLY, SUPPLY, SUPPLY), st.integers(1, 10**6))
def test_only_excess_demand_rises_with_demand_and_falls_with_supply(supply, more):
    total, published, demanded = supply
    model = LinearPrice(10**20, PRESETS["excess-demand"])
    assert model.price(total, published, demanded + more) >= model.price(*supply)
    assert model.price(total, published + more, demanded) <= model.price(*supply)


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"excess-demand"}))
def test_the_document_forms_move_against_the_market(preset):
    """Each of them falls with demand, or rises with supply offered."""
    model = LinearPrice(10**20, PRESETS[preset])
    before = model.price(1000, 800, 500)
    falls_with_demand = model.price(1000, 800, 501) < before
    rises_with_supply = model.price(1000, 801, 500) > before
    assert falls_with_demand or rises_with_supply


@given(PRICE, st.tuples(PRICE, PRICE).map(sorted))
def test_a_deal_clears_within_ask_and_bid(price, bounds):
    ask, bid = bounds
    cleared = clear(price, ask, bid)
    assert ask <= cleared <= bid
    assert cleared == price or cleared in bounds


@given(SUPPLY, SUPPLY, PRICE)
def test_reward_rounds_down_and_stays_below_the_price(published, demanded, price):
    amount = reward(published, demanded, price)
    assert amount <= price
    if published:
        exact = published * price
        assert amount * (published + demanded) <= exact < (amount + 1) * (published + demanded)
    else:
        assert amount == 0


def test_reward_example():
    """R_p = 800, R_d = 500, P = 31 tokens: 800 * 31 / 1300."""
    assert reward(800, 500, 31 * TOKEN) == 19_076_923_076_923_076_923
