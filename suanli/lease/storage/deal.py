"""What both sides write down of a storage deal, and what it must be worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suanli.lease.errors import LeaseError
from suanli.lease.storage.shelf import FileId
from suanli.protocol import InvalidMessage, Scale, StorageDeal, StorageQuote, from_json, to_json

QUOTE_LASTS = 300
"""Seconds in which a deal can be opened with a quote."""
TIMES_PAY = 2
"""Periods' pay at the bid that a miner puts behind a deal: what the contract wants at least."""


def deal_to_json(deal: StorageDeal) -> dict[str, Any]:
    return {
        "quote": to_json(deal.quote),
        "pay": str(deal.pay),
        "opened_at": str(deal.opened_at),
    }


def deal_from_json(value: Any) -> StorageDeal:
    """Raises LeaseError."""
    try:
        quote = from_json(StorageQuote, value["quote"])
        return StorageDeal(quote, int(value["pay"]), int(value["opened_at"]))
    except (InvalidMessage, TypeError, KeyError, ValueError) as error:
        raise LeaseError(f"this is no storage deal: {error}") from None


def file_of(quote: StorageQuote) -> FileId:
    return FileId(quote.root, quote.size)


@dataclass(frozen=True)
class Space:
    """What a miner sells of a class: `unit` bytes each; times in seconds; `ask` in 10^-18 token for
    a unit."""

    resource: int
    unit: int
    unit_seconds: int
    least_period: int
    longest: int
    ask: int
    decimals: int

    def units(self, size: int) -> int:
        return -(-size // self.unit)

    def collateral(self, quote: StorageQuote) -> int:
        """Base units."""
        unit_time = quote.units * quote.period
        pay = Scale(self.decimals).rent_up(unit_time, quote.max_price, self.unit_seconds)
        return TIMES_PAY * pay

    def require(self, quote: StorageQuote) -> None:
        """Raises LeaseError: that is not sold."""
        if quote.resource != self.resource:
            raise LeaseError(f"storage is sold in class {self.resource} here, not {quote.resource}")
        if quote.units != self.units(quote.size):
            raise LeaseError(f"{quote.size:,} bytes are {self.units(quote.size)} units here")
        if quote.period < self.least_period:
            raise LeaseError(f"a period is {self.least_period} seconds at least here")
        if quote.period * quote.periods > self.longest:
            raise LeaseError(f"bytes are kept for {self.longest} seconds at most here")
        if quote.max_price < self.ask:
            raise LeaseError("the bid is below what this miner asks for")
        if quote.collateral != self.collateral(quote):
            raise LeaseError(f"the collateral is {self.collateral(quote)} base units here")
