"""What storage deals keep, as `contracts/types/StorageDeal.sol`. docs/SPECIFICATION.md, 19.

Amounts are base units of the settlement token, times seconds since 1970.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from suanli.protocol.byte_tree import file_leaves
from suanli.protocol.messages import StorageQuote

LONGEST_STORAGE = 365 * 86_400
"""The longest that a deal lasts, in seconds."""
MOST_SAMPLES = 16


class StorageStatus(IntEnum):
    """Of a storage deal, as the contract derives it."""

    NONE = 0
    """Never opened, or ended."""
    KEPT = 1
    """A period runs."""
    DUE = 2
    """A period is over, and the miner may prove it."""
    MISSED = 3
    """A period was not proved in time: anybody may settle."""


class StorageDeal(NamedTuple):
    """All that was fixed when a deal was opened; it is passed with each call."""

    quote: StorageQuote
    pay: int
    """For each period, the fee included."""
    opened_at: int

    def end_of(self, period: int) -> int:
        """When a period is over, the first being 0."""
        return self.opened_at + (period + 1) * self.quote.period


class LeafProof(NamedTuple):
    """A leaf's bytes, and the hashes beside its way to the root, from below."""

    data: bytes
    path: tuple[bytes, ...]


def drawn_leaves(quote: StorageQuote, deal_id: bytes, seed: bytes) -> list[int]:
    """Those that the hash of the named block draws, in order; some may be the same."""
    leaves, types = file_leaves(quote.size), ("bytes32", "bytes32", "uint256")
    numbers = (keccak(encode(types, (seed, deal_id, n))) for n in range(quote.samples))
    return [int.from_bytes(number, "big") % leaves for number in numbers]
