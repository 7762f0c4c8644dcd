"""A requester's storage deals on chain."""

from __future__ import annotations

from suanli.chain import ContractError, Market, Sender, StorageDeals, Token, deposit_into
from suanli.lease.errors import LeaseError
from suanli.protocol import Signed, Signer, StorageDeal, StorageQuote, StorageStatus, StorageView

WAIT = 300.0


class QuoteSpent(LeaseError):
    """It can't be opened with this quote any more: another is to be asked for."""


class OwnerDeals:
    """May block; raises ChainError."""

    def __init__(
        self, market: Market, deals: StorageDeals, sender: Sender, account: Signer
    ) -> None:
        self._market, self._sender, self._account = market, sender, account
        self._deals, self.token = deals, Token(market.node, market.token())
        self.address = deals.address

    def require_ours(self) -> None:
        """Raises LeaseError: they are another market's."""
        if self._deals.market() != self._market.address:
            raise LeaseError(
                f"{self.address} are the storage deals of another market: name this one's"
                " (--storage)"
            )

    def now(self) -> int:
        return self._market.node.head().time

    def next_nonce(self) -> int:
        return self._deals.nonce_of(self._account.address) + 1

    def fund(self, amount: int) -> None:
        """See that so much is available there. Raises LeaseError: the wallet has too little."""
        missing = amount - self._deals.account_of(self._account.address).available
        if missing <= 0:
            return
        show = self.token.show
        if (there := self.token.balance_of(self._account.address)) < missing:
            raise LeaseError(
                f"{show(amount)} are needed, of which {show(missing)} are missing in the storage"
                f" deals, and the wallet has {show(there)}"
            )
        deposit_into(self._deals, self.token, self._sender, self._account, missing)

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

    def withdraw(self) -> int:
        """All that is available there, to the account's wallet; base units."""
        amount = self._deals.account_of(self._account.address).available
        if amount:
            call = self._deals.withdraw(self._account.address, amount)
            self._sender.execute(call, timeout=WAIT)
        return amount
