"""What stake and tokens cover, to the unit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suanli.miner.core import grows
from suanli.miner.staking import Means, an_hours_work
from suanli.protocol import Scale

TOKEN = 10**18
MEANS = Means(free=0, available=0, wallet=0, registered=0, price=2 * TOKEN, decimals=18)


def test_nothing_covers_nothing() -> None:
    assert (MEANS.covered, MEANS.missing(50)) == (0, 100 * TOKEN)


def test_all_that_can_be_staked_counts_and_unbonding_stake_does_not() -> None:
    means = replace(MEANS, free=3 * TOKEN, available=2 * TOKEN, wallet=4 * TOKEN, registered=10)
    assert means.covered == 14
    assert means.missing(14) == 5 * TOKEN
    assert means.missing(10) == 0
    unbonding = replace(MEANS, free=-5 * TOKEN, wallet=7 * TOKEN, registered=10)
    assert (unbonding.covered, unbonding.missing(11)) == (11, 7 * TOKEN)


@pytest.mark.parametrize("decimals", [6, 18, 24])
@pytest.mark.parametrize("money", [0, 1, 999, 10**6, 123_456_789])
def test_one_unit_more_than_is_covered_costs_more_than_there_is(decimals: int, money: int) -> None:
    means = replace(MEANS, wallet=money, price=3 * 10**15 + 7, decimals=decimals)
    scale = Scale(decimals)
    assert scale.value_up(means.covered, means.price) <= money
    assert scale.value_up(means.covered + 1, means.price) > money
    assert means.missing(means.covered) <= money < means.missing(means.covered + 1)


def test_a_daemon_at_work_does_not_stake_what_comes_to_its_account() -> None:
    """It may be its earnings, if they are paid out to itself."""
    means = replace(MEANS, wallet=40 * TOKEN, available=6 * TOKEN, free=4 * TOKEN)
    assert means.running == means.covered == 25
    assert replace(means, registered=10, selling=True).running == 12
    assert replace(means, registered=10, selling=True).covered == 35
    assert replace(means, selling=True).running == 2, "of a class of which none are registered yet"
    elsewhere = replace(means, selling=True, elsewhere=True)
    assert elsewhere.running == 25, "then it can't be"
    assert replace(elsewhere, registered=10).running == 12


def test_small_steps_are_not_worth_their_gas() -> None:
    assert [grows(1_000, aim) for aim in (999, 1_000, 1_010, 1_011, 2_000)] == [
        False,
        False,
        False,
        True,
        True,
    ]
    assert [grows(0, aim) for aim in (0, 1)] == [False, True]


def test_an_hours_work() -> None:
    assert an_hours_work(500.5, 2) == 3_603_600
    assert an_hours_work(0.0001, 1) == 1
