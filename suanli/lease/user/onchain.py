"""A requester's channels on chain: opened, looked at, ended, and what comes back of them."""

from __future__ import annotations

from suanli.chain import Market, PaymentChannels, Sender, decode_logs, events
from suanli.lease.channel import added_price
from suanli.lease.depositing import WAIT, Depositor
from suanli.lease.errors import LeaseError
from suanli.protocol import Channel, ChannelStatus, ChannelView, Quote, Signed, Signer


class RequesterChannels(Depositor):
    NAME, SHORT, OPTION = "payment channels", "channels", "--channels"

    def __init__(
        self, market: Market, channels: PaymentChannels, sender: Sender, account: Signer
    ) -> None:
        super().__init__(market, channels, sender, account)
        self.channels = channels

    def open(self, signed: Signed[Quote], deposit: int, price: int, key: str) -> Channel:
        """Open the channel, or find that it was opened under this key before."""
        call = self.channels.open(signed.message, signed.signature, deposit, price)
        receipt = self._sender.execute(call, key, WAIT)
        if (record := self.channels.opened(receipt.logs)) is not None:
            return record
        raise LeaseError(f"transaction {receipt.transaction} opened no channel")

    def top_up(
        self, record: Channel, amount: int, seconds: int, price: int, key: str
    ) -> tuple[int, int | None]:
        """Put in more, unless that was done under this key before: when the time ends then, and
        what a unit costs in the time that was added, in 10^-18 token."""
        call = self.channels.top_up(record, amount, seconds, price)
        receipt = self._sender.execute(call, key, WAIT)
        for event in decode_logs(receipt.logs, self.channels.address):
            if isinstance(event, events.ChannelToppedUp):
                price_then = added_price(receipt.logs, self._market.address, event.channel)
                return event.ends, price_then
        raise LeaseError(f"transaction {receipt.transaction} added nothing")

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
