"""What payment channels keep, as `contracts/types/Channel.sol`. docs/SPECIFICATION.md, 18.

Amounts are base units of the settlement token, prices 10^-18 token per unit, times seconds since
1970.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from suanli.protocol.messages import Quote

RESERVED_PART = 10
"""Part of its price that reserved time costs in any case."""
LONGEST_CHANNEL = 30 * 86_400
"""Furthest that a channel's end may be, in seconds."""


class ChannelStatus(IntEnum):
    """Of a payment channel, as the contract derives it."""

    NONE = 0
    """Never opened, or closed."""
    OPEN = 1
    """Its time runs."""
    ENDING = 2
    """Its time is over, the notice runs: the miner redeems."""
    CLOSABLE = 3
    """Anybody may close it."""


class Channel(NamedTuple):
    """All that was fixed when a channel was opened; it is passed with each call."""

    quote: Quote
    price: int
    opened_at: int
    deposit: int
    """Put in at opening."""
    reserve: int
    """What the lot costs for its whole time if nothing else is paid."""

    @property
    def ends(self) -> int:
        """The last second of its time, unless time is added or the requester ends it."""
        return self.opened_at + self.quote.duration


class Redemption(NamedTuple):
    """A voucher with the channel that it is of."""

    channel: Channel
    amount: int
    signature: bytes
