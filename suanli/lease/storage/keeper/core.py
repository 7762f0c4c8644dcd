"""What a miner owes a deal, by what the chain says of it. Pure."""

from __future__ import annotations

from enum import Enum

from suanli.protocol import StorageStatus, StorageView

HASHES = 256
"""Blocks for which the chain tells a hash."""


class Duty(Enum):
    WAIT = "wait"
    NAME = "name the block"
    PROVE = "prove"
    LAPSED = "the hash is gone: the period can't be proved any more"
    SETTLE = "settle"
    OVER = "there is no such deal"


def duty(view: StorageView, block: int) -> Duty:
    """`block`: the newest one's number, as contracts see it."""
    if view.status is StorageStatus.NONE:
        return Duty.OVER
    if view.status is StorageStatus.MISSED:
        return Duty.SETTLE
    if view.status is StorageStatus.KEPT:
        return Duty.WAIT
    if not view.named:
        return Duty.NAME
    # What is called is simulated as if in the newest block.
    if block <= view.named:
        return Duty.WAIT
    return Duty.PROVE if block + 1 <= view.named + HASHES else Duty.LAPSED
