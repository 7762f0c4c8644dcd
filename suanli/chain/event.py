"""What all events of a market have."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
    """Where a log stands: block, its hash, the transaction's hash, and the place in the block."""

    block: int
    index: int
    block_hash: bytes
    transaction: str


@dataclass(frozen=True)
class Event:
    at: Position
