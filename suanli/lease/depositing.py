"""A requester's money in a contract that sells what miners lease."""

from __future__ import annotations

from suanli.chain import Market, PaymentChannels, Sender, StorageDeals, Token, deposit_into
from suanli.lease.errors import LeaseError
from suanli.protocol import Signer

WAIT = 300.0
"""Seconds in which a transaction is mined."""


class Depositor:
    """Made for one contract: `NAME`, in short `SHORT`, is what users call it, `OPTION` names it.
    May block; raises ChainError."""

    NAME = SHORT = OPTION = ""

    def __init__(
        self,
        market: Market,
        contract: PaymentChannels | StorageDeals,
        sender: Sender,
        account: Signer,
    ) -> None:
        self._market, self._contract = market, contract
        self._sender, self._account = sender, account
        self.token = Token(market.node, market.token())

    def require_ours(self) -> None:
        """Raises LeaseError: it is another market's."""
        if self._contract.market() != self._market.address:
            raise LeaseError(
                f"{self._contract.address} are the {self.NAME} of another market: name this one's"
                f" ({self.OPTION})"
            )

    def next_nonce(self) -> int:
        return self._contract.nonce_of(self._account.address) + 1

    def fund(self, amount: int) -> None:
        """See that so much is available there. Raises LeaseError: the wallet has too little."""
        missing = amount - self._contract.account_of(self._account.address).available
        if missing <= 0:
            return
        show = self.token.show
        if (there := self.token.balance_of(self._account.address)) < missing:
            raise LeaseError(
                f"{show(amount)} are needed, of which {show(missing)} are missing in the"
                f" {self.SHORT}, and the wallet has {show(there)}"
            )
        deposit_into(self._contract, self.token, self._sender, self._account, missing)

    def withdraw(self) -> int:
        """All that is available there, to the account's wallet; base units."""
        amount = self._contract.account_of(self._account.address).available
        if amount:
            call = self._contract.withdraw(self._account.address, amount)
            self._sender.execute(call, timeout=WAIT)
        return amount
