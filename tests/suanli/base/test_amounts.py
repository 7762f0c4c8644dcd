"""Tokens as people read and write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.base.amounts import InvalidAmount, parse, show, show_price


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [
        (0, 18, "0"),
        (10**25, 18, "10,000,000"),
        (12_500_000, 6, "12.5"),
        (1_234_567_890, 6, "1,234.56789"),
        (10**18 // 3, 18, "0.333333"),
        (1, 18, "0.000000000000000001"),
        (123 * 10**6, 18, "0.000000000123"),
    ],
)
def test_tokens_are_shown_as_people_write_them(amount: int, decimals: int, text: str) -> None:
    assert show(amount, decimals) == text


def test_a_price_is_never_shown_as_nothing() -> None:
    assert show_price(5) == "0.000000000000000005"


@given(st.integers(1, 10**30), st.integers(6, 24))
def test_what_is_shown_exactly_is_read_back(amount: int, decimals: int) -> None:
    assert parse(show(amount, decimals, decimals), decimals) == amount


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ("1,000", 10**9),
        (" 4,200,000.5 ", 4_200_000_500_000),
        ("1_000", 10**9),
        (Decimal("0.5"), 500_000),
        (3, 3_000_000),
    ],
)
def test_amounts_are_taken_as_people_and_programs_write_them(
    given: str | int | Decimal, amount: int
) -> None:
    assert parse(given, 6) == amount


def test_long_amounts_are_not_rounded() -> None:
    assert parse("1234567890123.000000000000000001", 18) == 1_234_567_890_123 * 10**18 + 1
    assert show(10**40 + 5, 6) == f"{10**34:,}.000005"


def test_a_float_is_refused_with_what_to_write_in_its_place() -> None:
    with pytest.raises(InvalidAmount, match=r'^0\.5 is a float.*such as "0\.5", a Decimal'):
        parse(0.5, 6)  # type: ignore[arg-type]


HUGE = ("1e5000", "1e999999999", "1e-999999999", "1e72", "9" * 5_000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1e",
        "-1",
        "0",
        "nan",
        "inf",
        "0.0000001",
        "1,5",
        "1,00",
        "1000,000",
        "0.000,5",
        ",100",
        "1,000,",
        "ten",
        "1." + "0" * 300 + "1",
        True,
        None,
        *HUGE,
    ],
)
def test_what_is_no_amount_is_named(text: str) -> None:
    with pytest.raises(InvalidAmount, match="is no amount of tokens: write a positive number"):
        parse(text, 6)
