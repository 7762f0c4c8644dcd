"""A miner's storage deals on chain: what becomes of them, and how they are proved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from suanli.chain import Event, RpcError, Sender, StorageDeals, Token, events
from suanli.lease.follower import Follower
from suanli.lease.storage.keeper.ports import REORGANIZED, DealNews
from suanli.protocol import Domain, LeafProof, StorageDeal, StorageView

_KINDS = events.StorageOpened, events.StorageEnded
FINAL = 64
"""Blocks that no reorganization is expected to undo."""
TO_SEND = 120.0
"""Seconds in which a transaction is mined."""


class MinerDeals(Follower[DealNews]):
    """A `DealsPort`. `mark`: what an earlier one noted."""

    def __init__(
        self,
        deals: StorageDeals,
        token: Token,
        domain: Domain,
        sender: Sender,
        miner: int,
        price: Callable[[], int],
        mark: str | None = None,
    ) -> None:
        super().__init__(deals.node, deals.address, _KINDS, domain.chain_id, mark)
        self._deals, self._token, self._sender, self._miner = deals, token, sender, miner
        self._domain, self.price = domain, price
        self.final = 0 if self._is_local else FINAL

    def block(self) -> int:
        return self._node.head().evm_number

    def nudge(self) -> None:
        if self._is_local:
            with suppress(RpcError):  # it makes blocks by itself
                self._node.request("evm_mine")

    def view(self, deal: StorageDeal) -> StorageView:
        return self._deals.standing_of(deal)

    def leaves(self, deal: StorageDeal) -> Sequence[int]:
        return self._deals.leaves_of(deal)

    def name(self, deal: StorageDeal, period: int) -> None:
        self._send(self._deals.name_block(deal), f"name {self._id(deal)} {period}")

    def prove(self, deal: StorageDeal, period: int, proofs: Sequence[LeafProof]) -> None:
        self._send(self._deals.prove(deal, proofs), f"prove {self._id(deal)} {period}")

    def settle(self, deal: StorageDeal) -> None:
        self._send(self._deals.settle(deal), f"settle {self._id(deal)}")

    def free_collateral(self) -> int:
        return self._deals.purse_of(self._miner)[0]

    def money_of(self, requester: str) -> int:
        here = self._deals.account_of(requester).available
        return here + self._token.balance_of(requester)

    def _send(self, call: object, key: str) -> None:
        self._sender.execute(call, key, TO_SEND)  # type: ignore[arg-type]

    def _id(self, deal: StorageDeal) -> str:
        return "0x" + self._domain.digest(deal.quote).hex()

    def _told(self, event: Event) -> Iterable[DealNews]:
        match event:
            case events.StorageOpened() if event.miner_id == self._miner:
                yield DealNews(event.deal, event.record)
            case events.StorageEnded() if event.miner_id == self._miner:
                yield DealNews(event.deal)

    def _looked_at(self) -> Iterable[DealNews]:
        yield REORGANIZED
