"""Locks and pledges round up, payments, fees and slashes down, and nothing is lost in between."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.protocol import BPS, Refused, Scale, payment, share_down, slash

SCALES = st.integers(6, 24).map(Scale)
UNITS = st.integers(0, 2**64 - 1)
PRICES = st.integers(0, 2**96 - 1)
SHARES = st.integers(0, BPS)


def exact(scale, units, price):
    return Fraction(units * price * 10**scale.decimals, 10**18)


@given(SCALES, UNITS, PRICES)
def test_values_lie_within_one_base_unit_of_the_exact_value(scale, units, price):
    value = exact(scale, units, price)
    assert value <= scale.value_up(units, price) < value + 1
    assert value - 1 < scale.value_down(units, price) <= value


@given(SCALES, UNITS, st.integers(1, 2**96 - 1))
def test_units_up_covers_the_amount(scale, units, price):
    amount = scale.value_down(units, price)
    covered = scale.units_up(amount, price)
    assert covered <= units
    assert exact(scale, covered, price) >= amount > exact(scale, covered - 1, price)


@pytest.mark.parametrize(
    ("decimals", "up", "down"), [(6, 2, 1), (18, 1_000_000_000_001, 1_000_000_000_001)]
)
def test_example_rounding(decimals, up, down):
    """One unit at 1.000000000001 millionths of a token."""
    scale = Scale(decimals)
    assert (scale.value_up(1, 10**12 + 1), scale.value_down(1, 10**12 + 1)) == (up, down)


@pytest.mark.parametrize("decimals", [0, 5, 25, 77])
def test_unusual_decimals_are_refused(decimals):
    with pytest.raises(Refused, match=rf"UnsupportedDecimals\({decimals}\)"):
        Scale(decimals)


@given(st.integers(0, 2**112), SHARES)
def test_a_share_is_at_most_the_whole(amount, bps):
    assert share_down(amount, bps) * BPS <= amount * bps < (share_down(amount, bps) + 1) * BPS


@given(SCALES, UNITS, st.tuples(PRICES, PRICES).map(sorted), st.data())
def test_a_payment_gives_back_all_that_was_locked(scale, units, bounds, data):
    price, bid = bounds
    used = data.draw(st.integers(0, units))
    fee_bps = data.draw(st.integers(0, 1000))
    split = payment(scale, units=units, bid=bid, price=price, units_used=used, fee_bps=fee_bps)
    assert split.locked == scale.value_up(units, bid)
    assert min(split.paid, split.fee, split.refunded) >= 0
    assert split.paid + split.fee <= exact(scale, used, price)


@given(SCALES, UNITS, PRICES, st.integers(1, 2**96 - 1), SHARES, st.integers(0, 2**80 - 1), SHARES)
def test_a_slash_is_divided_without_rest(scale, units, price, stake, bps, cap, court):
    split = slash(
        scale,
        units=units,
        price=price,
        stake_per_unit=stake,
        slash_bps=bps,
        compensation_cap=cap,
        court_bps=court,
    )
    assert split.slashed == share_down(scale.value_down(units, stake), bps)
    assert min(split.compensation, split.court, split.pool) >= 0
    most = min(exact(scale, 1, cap), exact(scale, units, price))
    assert split.compensation <= most
    assert split.compensation in (split.slashed, math.floor(most))
    assert 0 <= split.units_lost <= units
    assert exact(scale, split.units_lost, stake) >= split.slashed
