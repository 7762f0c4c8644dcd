"""Figures, of a record made by hand."""

import math

import pytest

from suanli.simulate import Record, Sample

HOURLY = [1.0, 2.0, 1.0, 2.0]


def record() -> Record:
    found = Record()
    for hour, price in enumerate(HOURLY, 1):
        found.samples.append(Sample(hour, price, 100, 90, 80, 0))
    return found


def test_of_the_price():
    figures = record().figures(fee_bps=0)
    assert figures.price == 1.5
    assert figures.change == pytest.approx(math.log(2))
    assert figures.swing == 2.0


def test_of_what_was_sold_and_what_not():
    found = record()
    found.sold(30, 2 * 10**18, 3 * 10**18, 10**18)
    found.lost(10, unmet=True)
    found.lost(60, unmet=False)
    figures = found.figures(fee_bps=100)
    assert figures.utilization == 0.8
    assert (figures.unmet, figures.priced_out) == (0.25, 0.6)
    assert figures.income == pytest.approx(60 * 0.99 / (4 / 24) / 100)
    assert figures.surplus == pytest.approx(60 / (4 / 24))
    assert figures.capacity == 100


def test_a_market_in_which_nothing_happened():
    figures = record().figures(fee_bps=0)
    assert (figures.unmet, figures.priced_out, figures.income, figures.surplus) == (0, 0, 0, 0)


def test_the_first_day_is_left_out_of_prices():
    found = record()
    found.samples += [Sample(24 + hour, 3.0, 200, 90, 50, 0) for hour in range(1, 5)]
    figures = found.figures(fee_bps=0)
    assert (figures.price, figures.swing, figures.change) == (3.0, 1.0, 0.0)
    assert (figures.utilization, figures.capacity) == (0.25, 200)


def test_without_supply_all_is_used():
    assert Sample(1, 1.0, 0, 5, 0, 5).utilization == 1.0
