"""Rounding, and that what is held covers what is paid and slashed, proved for all amounts.

What is proved is the model's own code, run on symbols; that the contracts compute the same is what
the tests beside the model show. Units have 64 bits, prices 96, shares are in basis points.
"""

from __future__ import annotations

from typing import Any

import pytest

from suanli.protocol import Scale
from suanli.protocol.values import payment, share_down, slash
from tests.proofs.symbolic import Statement, Whole, paths, prove, whole

UNITS, PRICE, BPS = 2**64 - 1, 2**96 - 1, 10_000
MAX_FEE = 1_000
EVERY = pytest.mark.parametrize(
    "scale", [Scale(count) for count in range(6, 25)], ids=lambda s: str(s.decimals)
)


class Amounts:
    """Any amounts within their bounds."""

    def __init__(self, **bounds: tuple[int, int]) -> None:
        self.known: list[Any] = []
        self.named: dict[str, Whole] = {}
        for name, (least, most) in bounds.items():
            self.named[name], known = whole(name, least, most)
            self.known += known

    def __getitem__(self, name: str) -> Whole:
        return self.named[name]

    def given(self, *statements: Any) -> None:
        self.known += [statement.term for statement in statements]

    def follows(self, *claims: Any) -> None:
        prove(self.known, *claims)


@EVERY
def test_values_round_up_where_locked_and_down_where_paid(scale):
    a = Amounts(units=(0, UNITS), price=(0, PRICE))
    up = scale.value_up(a["units"], a["price"])
    down = scale.value_down(a["units"], a["price"])
    a.follows(down >= 0, up >= down, up <= down + 1)


@EVERY
def test_products_fit_in_256_bits(scale):
    """Of the market's intermediate results the largest, where nothing checks."""
    largest = UNITS * PRICE * 10 ** max(scale.decimals - 18, 0)
    amount = 2**112 - 1
    assert largest + 10**12 < 2**256
    assert max(largest, amount) * BPS < 2**256
    assert amount * 10 ** max(18 - scale.decimals, 0) + PRICE * 10**6 < 2**256


@EVERY
def test_a_payment_is_covered_by_its_lock(scale):
    a = Amounts(
        units=(1, UNITS), used=(0, UNITS), bid=(1, PRICE), price=(0, PRICE), fee=(0, MAX_FEE)
    )
    a.given(a["used"] <= a["units"], a["price"] <= a["bid"])
    # A product grows with its factors: a step that z3 needs to be told.
    a.follows(a["units"] * a["bid"] >= a["used"] * a["bid"])
    a.follows(a["used"] * a["bid"] >= a["used"] * a["price"])
    a.given(a["units"] * a["bid"] >= a["used"] * a["price"])
    split = payment(
        scale,
        units=a["units"],
        bid=a["bid"],
        price=a["price"],
        units_used=a["used"],
        fee_bps=a["fee"],
    )
    a.follows(split.refunded >= 0)
    due = Amounts(due=(0, 2**112), fee=(0, MAX_FEE))
    fee = share_down(due["due"], due["fee"])
    due.follows(fee >= 0, fee <= due["due"])


@EVERY
def test_parts_of_an_amount_never_exceed_it(scale):
    a = Amounts(amount=(0, 2**112 - 1), bps=(0, BPS))
    share = share_down(a["amount"], a["bps"])
    a.follows(share >= 0, share <= a["amount"])


@EVERY
def test_pledges_of_parts_cover_the_collateral_of_each(scale):
    """Deals reserve parts of a capacity: what can be slashed of them is pledged."""
    a = Amounts(one=(0, UNITS), other=(0, UNITS), stake=(1, PRICE))
    one, other = (scale.value_down(a[name], a["stake"]) for name in ("one", "other"))
    a.follows(scale.value_up(a["one"] + a["other"], a["stake"]) >= one + other)


@EVERY
def test_units_lost_cover_the_slash_and_belong_to_the_deal(scale):
    """units x stake is at least what is slashed, and no more than the deal's units go."""
    a = Amounts(units=(1, UNITS), stake=(1, PRICE), slashed=(1, 2**112 - 1))
    a.given(a["slashed"] <= scale.value_down(a["units"], a["stake"]))
    lost = scale.units_up(a["slashed"], a["stake"])
    a.follows(scale.value_down(lost, a["stake"]) >= a["slashed"], lost >= 1)
    a.follows(lost <= a["units"])


@EVERY
def test_after_a_slash_the_stake_still_covers_the_pledge(scale):
    """The pledge falls by at least what the stake falls."""
    a = Amounts(kept=(0, UNITS), lost=(0, UNITS), stake=(1, PRICE), slashed=(0, 2**112 - 1))
    a.given(a["slashed"] <= scale.value_down(a["lost"], a["stake"]))
    before = scale.value_up(a["kept"] + a["lost"], a["stake"])
    after = scale.value_up(a["kept"], a["stake"])
    a.follows(before - after >= a["slashed"])


@EVERY
def test_a_slash_is_divided_without_rest(scale):
    """And no share is below zero, whatever is smallest."""

    def divided() -> Any:
        return slash(
            scale,
            units=a["units"],
            price=a["price"],
            stake_per_unit=a["stake"],
            slash_bps=a["slash"],
            compensation_cap=a["cap"],
            court_bps=a["court"],
        )

    a = Amounts(
        units=(1, UNITS),
        price=(0, PRICE),
        stake=(1, PRICE),
        slash=(0, BPS),
        cap=(0, 2**80 - 1),
        court=(0, BPS),
    )
    collateral = scale.value_down(a["units"], a["stake"])
    for assumed, split in paths(divided):
        known = a.known + assumed
        prove(known, split.compensation >= 0, split.court >= 0, split.pool >= 0)
        prove(known, split.slashed <= collateral)


def test_a_false_claim_is_found_out():
    a = Amounts(units=(0, UNITS), price=(0, PRICE))
    claim: Statement = a["units"] * a["price"] >= a["units"]
    with pytest.raises(AssertionError, match=r"price = 0"):
        a.follows(claim)
