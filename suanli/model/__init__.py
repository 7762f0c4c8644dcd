"""The market in plain Python: prices, values and lifecycle, equal to the contracts bit for bit.

The tests' shadow, the client's quotes and the simulations all use this one.
"""

from suanli.model.errors import Refused
from suanli.model.prices import (
    MAX_PRICE,
    PRESETS,
    LinearPrice,
    Weights,
    clear,
    linear_price,
    reward,
)
from suanli.model.values import BPS, Payment, Scale, Slash, payment, share_down, slash

__all__ = [
    "BPS",
    "MAX_PRICE",
    "PRESETS",
    "LinearPrice",
    "Payment",
    "Refused",
    "Scale",
    "Slash",
    "Weights",
    "clear",
    "linear_price",
    "payment",
    "reward",
    "share_down",
    "slash",
]
