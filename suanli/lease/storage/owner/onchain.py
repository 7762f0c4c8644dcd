"""A requester's storage deals on chain."""

from __future__ import annotations

from suanli.chain import ContractError, Market, Sender, StorageDeals
from suanli.lease.depositing import WAIT, Depositor
from suanli.lease.errors import LeaseError
from suanli.protocol import Signed, Signer, StorageDeal, StorageQuote, StorageStatus, StorageView


class QuoteSpent(LeaseError):
    """It can't be opened with this quote any more: another is to be asked for."""


class OwnerDeals(Depositor):
    NAME, SHORT, OPTION = "storage deals", "storage deals", "--storage"

    def __init__(
        self, market: Market, deals: StorageDeals, sender: Sender, account: Signer
    ) -> None:
        super().__init__(market, deals, sender, account)
        self._deals, self.address = deals, deals.address

    def now(self) -> int:
        return self._market.node.head().time

    def open(self, signed: Signed[StorageQuote], key: str) -> StorageDeal:
        """Open the deal, or find that it was opened under this key before. Raises QuoteSpent."""
        call = self._deals.open(signed.message, signed.signature)
        try:
            receipt = self._sender.execute(call, key, WAIT)
        except ContractError as error:
            if error.name in ("StorageQuoteExpired", "StorageNonceTooLow"):
                raise QuoteSpent(f"the quote is spent: {error}") from error
            raise
        if (record := self._deals.opened(receipt.logs)) is not None:
            return record
        raise LeaseError(f"transaction {receipt.transaction} opened no deal")

    def was_sent(self, key: str) -> bool:
        """Whether a deal was opened under this key, or may be."""
        return self._sender.find(key) is not None

    def view(self, deal: StorageDeal) -> StorageView:
        return self._deals.standing_of(deal)

    def end(self, deal: StorageDeal) -> None:
        """What is not paid comes back; of a missed deal the collateral, too. Again does no harm."""
        status = self.view(deal).status
        if status is StorageStatus.MISSED:
            self._sender.execute(self._deals.settle(deal), timeout=WAIT)
        elif status is not StorageStatus.NONE:
            self._sender.execute(self._deals.close_by_requester(deal), timeout=WAIT)
