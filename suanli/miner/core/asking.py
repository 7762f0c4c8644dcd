"""The ask: a fixed price, or one that follows the market's. Pure functions; prices in 10^-18 token
per unit."""

from __future__ import annotations

from dataclasses import dataclass

from suanli.protocol import BPS, MAX_ASK

STEP_BPS = 500
"""An ask that follows is published anew once it is so far from where it should be: each time costs
gas, and the price moves with every deal."""


@dataclass(frozen=True)
class Share:
    """Of the market's price, in basis points."""

    bps: int


Ask = int | Share


def ask_now(ask: Ask, price: int, floor: int, published: int) -> int:
    """What to ask at a market's `price` (0: not known), given what is published (0: nothing)."""
    if not isinstance(ask, Share):
        return ask
    if not price:
        return published or floor
    wanted = min(max(price * ask.bps // BPS, floor, 1), MAX_ASK)
    near = abs(wanted - published) * BPS <= STEP_BPS * wanted
    return published if published >= floor and near else wanted
