"""The chain, as a keeper of bytes sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from suanli.protocol import LeafProof, StorageDeal, StorageView


@dataclass(frozen=True)
class DealNews:
    """A deal was opened (`record`), or something else became of it."""

    id: bytes
    record: StorageDeal | None = None


REORGANIZED = DealNews(b"")
"""Anything may have been undone."""


class DealsPort(Protocol):
    """All but `now` may block, and raise ChainError. What is sent is sent once for each period,
    and mined when the call returns. `final`: blocks after which nothing is undone."""

    final: int

    def news(self) -> Sequence[DealNews]:
        """What became of this miner's deals since it was asked last; noted with `mark`."""

    def mark(self) -> str: ...

    def now(self) -> int:
        """The chain's time, in seconds since 1970."""

    def block(self) -> int:
        """The newest one's number, as contracts see it."""

    def nudge(self) -> None:
        """A block is awaited: a chain that makes them on demand makes one."""

    def view(self, deal: StorageDeal) -> StorageView: ...

    def leaves(self, deal: StorageDeal) -> Sequence[int]:
        """Those that the named block draws."""

    def name(self, deal: StorageDeal, period: int) -> None: ...

    def prove(self, deal: StorageDeal, period: int, proofs: Sequence[LeafProof]) -> None: ...

    def settle(self, deal: StorageDeal) -> None: ...

    def price(self) -> int:
        """What the model makes of a unit now, in 10^-18 token."""

    def free_collateral(self) -> int:
        """Of this miner's purse, in base units."""

    def money_of(self, requester: str) -> int:
        """What it could pay a deal with, in base units."""
