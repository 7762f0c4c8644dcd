"""The market in plain Python: its lifecycle, equal to the contracts bit for bit.

The tests' shadow and the simulations use it. Prices and values, which need no market, are in
`suanli.protocol`. How often a task is run again (`chance`) stands here, too: clients draw by it.
"""

from suanli.model.adaptive import Adaptation, AdaptivePrice, Observed
from suanli.model.auditing import (
    LEAST_SLASH,
    SLASH_FACTOR,
    break_even,
    chance,
    slash_share,
)
from suanli.model.channels import ChannelRules, PaymentChannels
from suanli.model.court import Case, Court, CourtRules
from suanli.model.market import Market, Verdict
from suanli.model.multicall import Named
from suanli.model.rewards import ClassWeight, RewardPool, RewardRules
from suanli.model.state import Account, Deal, Miner, Offer, Signature, Totals
from suanli.model.storage import StorageDeals, StorageRules

__all__ = [
    "LEAST_SLASH",
    "SLASH_FACTOR",
    "Account",
    "Adaptation",
    "AdaptivePrice",
    "Case",
    "ChannelRules",
    "ClassWeight",
    "Court",
    "CourtRules",
    "Deal",
    "Market",
    "Miner",
    "Named",
    "Observed",
    "Offer",
    "PaymentChannels",
    "RewardPool",
    "RewardRules",
    "Signature",
    "StorageDeals",
    "StorageRules",
    "Totals",
    "Verdict",
    "break_even",
    "chance",
    "slash_share",
]
