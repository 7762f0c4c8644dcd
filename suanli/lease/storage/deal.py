"""What both sides write down of a storage deal, and what it must be worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from suanli.base.amounts import show
from suanli.lease.errors import LeaseError
from suanli.lease.storage.shelf import FileId
from suanli.lease.storage.tree import tree_bytes
from suanli.protocol import InvalidMessage, Scale, StorageDeal, StorageQuote, from_json, to_json

QUOTE_LASTS = 300
"""Seconds in which a deal can be opened with a quote."""
TIMES_PAY = 2
"""Periods' pay at the bid that a miner puts behind a deal: what the contract wants at least."""
GAS_PERIOD, GAS_LEAF = 75_000, 37_000
"""What a period takes its miner: to name the block and prove, and each leaf of 1 GB shown."""


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
    a unit; `proof` and `leaf` in base units: what a period pays at least, and for each leaf shown
    besides, or its proof would cost the miner more; `most`: bytes of an account, with their trees,
    that are taken before they are paid."""

    resource: int
    unit: int
    unit_seconds: int
    least_period: int
    longest: int
    ask: int
    decimals: int
    proof: int
    leaf: int
    most: int

    def units(self, size: int) -> int:
        return -(-size // self.unit)

    def takes(self, size: int) -> bool:
        return size + tree_bytes(size) <= self.most

    def collateral(self, quote: StorageQuote) -> int:
        """Base units."""
        return TIMES_PAY * self.pay(quote.units, quote.period, quote.max_price)

    def pay(self, units: int, period: int, price: int) -> int:
        """Base units for a period."""
        return Scale(self.decimals).rent_up(units * period, price, self.unit_seconds)

    def require_pay(self, units: int, period: int, samples: int, price: int) -> None:
        """Raises LeaseError: too little for the gas that its proofs take."""
        pay, least = self.pay(units, period, price), self.proof + samples * self.leaf
        if pay < least:
            paid, wanted = (show(amount, self.decimals, 18) for amount in (pay, least))
            raise LeaseError(
                f"{period} seconds pay {paid} tokens, and a proof of {samples} leaves {wanted} at"
                " least: name longer periods (--period) or fewer leaves (--leaves)"
            )

    def require(self, quote: StorageQuote) -> None:
        """Raises LeaseError: that is not sold."""
        if quote.resource != self.resource:
            raise LeaseError(f"storage is sold in class {self.resource} here, not {quote.resource}")
        if not self.takes(quote.size):
            raise LeaseError(f"{self.most:,} bytes, trees included, are taken unpaid at most here")
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
