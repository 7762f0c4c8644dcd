"""Tokens as people write them, and base units as the market counts them."""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact

from suanli.base.errors import SuanliError

MOST = 2**256
"""Above all amounts that a contract can hold, in base units."""
PRICE_DECIMALS = 18
"""Prices are 10^-18 token, whatever the token's decimals."""


_WIDE = Context(prec=200)
"""Digits enough for `MOST` and all decimals of a token: the usual context would round."""
_EXACT = Context(prec=200, traps=[Inexact])
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")
"""Thousands set off by commas, as `show` writes them; any other comma may mean a decimal."""


class InvalidAmount(SuanliError):
    """What is no amount of tokens."""


def parse(text: str | int | Decimal, decimals: int) -> int:
    """Base units of an amount of tokens such as "12.5", "1,000" or Decimal("0.5").

    Raises:
        InvalidAmount: not a positive decimal number, finer than the token is, or of 2^256 and more
            base units; or a float, which can't hold most amounts exactly.
    """
    if isinstance(text, float):
        raise InvalidAmount(
            f"{text!r} is a float, and most amounts are none exactly: give text such as"
            f' "{text!r}", a Decimal or an int'
        )
    plain = text
    if isinstance(text, str) and _GROUPED.fullmatch(text.strip()):
        plain = text.replace(",", "")
    known = isinstance(text, int | str | Decimal) and not isinstance(text, bool)
    try:
        value = Decimal(plain) if known else Decimal("NaN")
        # Compared before it is scaled: a number with a huge exponent takes for ever to write out.
        if value.is_finite() and 0 < value < MOST:
            scaled = value.scaleb(decimals, _EXACT)
            if scaled == scaled.to_integral_value(context=_EXACT) and 0 < scaled < MOST:
                return int(scaled)
    except (ArithmeticError, ValueError):
        pass
    raise InvalidAmount(
        f"{text!r} is no amount of tokens: write a positive number such as 12.5 or 1,000, with at"
        f" most {decimals} decimals"
    )


def exact(amount: int, decimals: int) -> Decimal:
    """Tokens, of which `parse` makes the same base units again."""
    return Decimal(amount).scaleb(-decimals, _WIDE)


def show(amount: int, decimals: int, places: int = 6) -> str:
    """Tokens for people, rounded to `places` decimals; exact if that would leave nothing."""
    value = Decimal(amount).scaleb(-decimals, _WIDE)
    rounded = value.quantize(Decimal(1).scaleb(-places), context=_WIDE)
    if value and not rounded:
        return f"{value.normalize(_WIDE):f}"
    text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_price(price: int) -> str:
    """Tokens a unit, from 10^-18 token per unit."""
    return show(price, PRICE_DECIMALS)
