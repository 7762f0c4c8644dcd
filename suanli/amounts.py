"""Tokens as people write them, and base units as the market counts them."""

from __future__ import annotations

from decimal import Decimal

from suanli.errors import SuanliError

MOST = 2**256
"""Above all amounts that a contract can hold, in base units."""
PRICE_DECIMALS = 18
"""Prices are 10^-18 token, whatever the token's decimals."""


class InvalidAmount(SuanliError):
    """Text that is no amount of tokens."""


def parse(text: str | int, decimals: int) -> int:
    """Base units of an amount of tokens such as "12.5".

    Raises:
        InvalidAmount: not a positive decimal number, finer than the token is, or of 2^256 and more
            base units.
    """
    try:
        value = Decimal(text) if isinstance(text, int | str) else Decimal("NaN")
        # Compared before it is scaled: a number with a huge exponent takes for ever to write out.
        if value.is_finite() and 0 < value < MOST:
            scaled = value.scaleb(decimals)
            if scaled == scaled.to_integral_value() and 0 < scaled < MOST:
                return int(scaled)
    except (ArithmeticError, ValueError):
        pass
    raise InvalidAmount(
        f"{text!r} is no amount of tokens: write a positive number such as 12.5, with at most"
        f" {decimals} decimals"
    )


def show(amount: int, decimals: int, places: int = 6) -> str:
    """Tokens for people, rounded to `places` decimals; exact if that would leave nothing."""
    value = Decimal(amount).scaleb(-decimals)
    if value and not round(value, places):
        return f"{value.normalize():f}"
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_price(price: int) -> str:
    return show(price, PRICE_DECIMALS)
