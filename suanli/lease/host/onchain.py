"""A miner's channels on chain: what becomes of them, and how they are closed."""

from __future__ import annotations

from collections.abc import Iterable

from suanli.chain import Event, PaymentChannels, Sender, events
from suanli.lease.channel import ChannelNews, added_price
from suanli.lease.follower import Follower
from suanli.protocol import Channel, ChannelStatus, Domain

_KINDS = (
    events.ChannelOpened,
    events.ChannelToppedUp,
    events.ChannelEnded,
    events.ChannelClosed,
)
TO_CLOSE = 120.0
"""Seconds in which a closing is mined."""


class MinerChannels(Follower[ChannelNews]):
    """A `ChannelsPort`. `mark`: what an earlier one noted."""

    def __init__(
        self,
        channels: PaymentChannels,
        domain: Domain,
        sender: Sender,
        miner: int,
        known: Iterable[Channel] = (),
        mark: str | None = None,
    ) -> None:
        super().__init__(channels.node, channels.address, _KINDS, domain.chain_id, mark)
        self._channels, self._sender, self._miner = channels, sender, miner
        self._domain = domain
        self._records = {domain.digest(record.quote): record for record in known}

    def close(self, record: Channel, amount: int, signature: bytes) -> None:
        call = self._channels.close_by_miner(record, amount, signature)
        key = f"close channel 0x{self._domain.digest(record.quote).hex()} {amount}"
        self._sender.execute(call, key, TO_CLOSE)

    def forget(self, record: Channel) -> None:
        self._records.pop(self._domain.digest(record.quote), None)

    def _told(self, event: Event) -> Iterable[ChannelNews]:
        match event:
            case events.ChannelOpened() if event.miner_id == self._miner:
                record = event.record
                self._records[event.channel] = record
                yield ChannelNews(event.channel, record, record.deposit, record.ends)
            case events.ChannelToppedUp() if event.miner_id == self._miner:
                receipt = self._channels.node.receipt(event.at.transaction)
                logs = receipt.logs if receipt is not None else ()  # undone meanwhile
                price = added_price(logs, self._domain.market, event.channel)
                yield ChannelNews(event.channel, None, event.deposit, event.ends, price)
            case events.ChannelEnded() if event.miner_id == self._miner:
                yield ChannelNews(event.channel, over=True)
            case events.ChannelClosed() if event.miner_id == self._miner:
                yield ChannelNews(event.channel, closed=True)

    def _looked_at(self) -> Iterable[ChannelNews]:
        for id_, record in self._records.items():
            view = self._channels.channel_of(record)
            gone = view.status is ChannelStatus.NONE
            yield ChannelNews(id_, None, view.deposit or None, view.ends or None, closed=gone)
