"""The market in plain Python: prices, values and lifecycle, equal to the contracts bit for bit.

The tests' shadow, the client's quotes and the simulations all use this one. Prices and values need
no market; `Market` is the lifecycle on top of them.
"""

from suanli.model.digests import Domain
from suanli.model.errors import Refused
from suanli.model.market import Market
from suanli.model.prices import (
    MAX_PRICE,
    PRESETS,
    LinearPrice,
    Weights,
    clear,
    linear_price,
    reward,
)
from suanli.model.records import (
    ZERO_ADDRESS,
    ZERO_DIGEST,
    Account,
    Address,
    Deal,
    Kind,
    Miner,
    Offer,
    Request,
    ResourceClass,
    Signature,
    State,
    Terms,
    Totals,
)
from suanli.model.values import BPS, Payment, Scale, Slash, payment, share_down, slash

__all__ = [
    "BPS",
    "MAX_PRICE",
    "PRESETS",
    "ZERO_ADDRESS",
    "ZERO_DIGEST",
    "Account",
    "Address",
    "Deal",
    "Domain",
    "Kind",
    "LinearPrice",
    "Market",
    "Miner",
    "Offer",
    "Payment",
    "Refused",
    "Request",
    "ResourceClass",
    "Scale",
    "Signature",
    "Slash",
    "State",
    "Terms",
    "Totals",
    "Weights",
    "clear",
    "linear_price",
    "payment",
    "reward",
    "share_down",
    "slash",
]
