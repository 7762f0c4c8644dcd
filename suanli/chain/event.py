"""What all events have, and those of other contracts than the market."""

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
    """What a contract logged; `at` says where in the chain."""

    at: Position


@dataclass(frozen=True)
class RewardClaimed(Event):
    """Base units that a miner got of an epoch."""

    epoch: int
    miner_id: int
    payout: str
    amount: int
