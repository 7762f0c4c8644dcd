"""A requester's channels on chain: opened, looked at, ended, and what comes back of them."""

from __future__ import annotations

from suanli.chain import (
    Market,
    PaymentChannels,
    Sender,
    Token,
    deposit_into,
)
from suanli.lease.errors import LeaseError
from suanli.protocol import Channel, ChannelStatus, ChannelView, Quote, Signed, Signer

WAIT = 300.0


class RequesterChannels:
    """May block; raises ChainError."""

    def __init__(
        self, market: Market, channels: PaymentChannels, sender: Sender, account: Signer
    ) -> None:
        self._market, self._sender, self._account = market, sender, account
        self.channels, self.token = channels, Token(market.node, market.token())

    def require_ours(self) -> None:
        """Raises LeaseError: they are another market's."""
        if self.channels.market() != self._market.address:
            raise LeaseError(
                f"{self.channels.address} are the payment channels of another market: name this"
                " one's (--channels)"
            )

    def next_nonce(self) -> int:
        return self.channels.nonce_of(self._account.address) + 1

    def fund(self, amount: int) -> None:
        """See that so much is available there. Raises LeaseError: the wallet has too little."""
        missing = amount - self.channels.account_of(self._account.address).available
        if missing <= 0:
            return
        if (there := self.token.balance_of(self._account.address)) < missing:
            raise LeaseError(
                f"{self.token.show(amount)} are needed, of which {self.token.show(missing)} are"
                f" missing in the channels, and the wallet has {self.token.show(there)}"
            )
        deposit_into(self.channels, self.token, self._sender, self._account, missing)

    def open(self, signed: Signed[Quote], deposit: int, price: int, key: str) -> Channel:
        """Open the channel, or find that it was opened under this key before."""
        call = self.channels.open(signed.message, signed.signature, deposit, price)
        receipt = self._sender.execute(call, key, WAIT)
        if (record := self.channels.opened(receipt.logs)) is not None:
            return record
        raise LeaseError(f"transaction {receipt.transaction} opened no channel")

    def view(self, record: Channel) -> ChannelView:
        return self.channels.channel_of(record)

    def end(self, record: Channel) -> ChannelView:
        """End its time, so that the rest can come back when the notice is over; again does no
        harm."""
        if self.view(record).status is ChannelStatus.OPEN:
            self._sender.execute(self.channels.close_by_requester(record), timeout=WAIT)
        return self.view(record)

    def close(self, record: Channel) -> ChannelView:
        """Have the rest back, if the notice is over."""
        if self.view(record).status is ChannelStatus.CLOSABLE:
            self._sender.execute(self.channels.close(record), timeout=WAIT)
        return self.view(record)

    def notice_ends(self, record: Channel) -> int:
        """From when on anybody may close it, in seconds since 1970."""
        return self.view(record).ends + self.channels.notice() + 1

    def withdraw(self) -> int:
        """All that is available there, to the account's wallet; base units."""
        amount = self.channels.account_of(self._account.address).available
        if amount:
            call = self.channels.withdraw(self._account.address, amount)
            self._sender.execute(call, timeout=WAIT)
        return amount
