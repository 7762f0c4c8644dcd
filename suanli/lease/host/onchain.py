"""A miner's channels on chain: what becomes of them, and how they are closed."""

from __future__ import annotations

import json
from collections.abc import Iterable

from suanli.chain import CursorState, EventCursor, PaymentChannels, Sender, events
from suanli.chain.funding import LOCAL_CHAINS
from suanli.daemon import ChainClock
from suanli.lease.channel import ChannelNews
from suanli.protocol import Channel, ChannelStatus, Domain

_KINDS = (
    events.ChannelOpened,
    events.ChannelToppedUp,
    events.ChannelEnded,
    events.ChannelClosed,
)
TO_CLOSE = 120.0
"""Seconds in which a closing is mined."""


class MinerChannels:
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
        self._channels, self._sender, self._miner = channels, sender, miner
        self._domain, self._node = domain, channels.node
        self._cursor = EventCursor(channels.node, channels.address, only=_KINDS)
        if mark is None:
            # Nobody opens a channel without a quote, which this miner has not given yet.
            self._state = CursorState.from_block(channels.node.head().number)
        else:
            self._state = CursorState.from_json(json.loads(mark))
        self._records = {domain.digest(record.quote): record for record in known}
        self._clock = ChainClock(domain.chain_id in LOCAL_CHAINS)

    def now(self) -> int:
        return self._clock.now()

    def mark(self) -> str:
        return json.dumps(self._state.to_json())

    def news(self) -> list[ChannelNews]:
        found: list[ChannelNews] = []
        while True:
            batch = self._cursor.read(self._state)
            if self._cursor.head is not None:
                self._clock.saw(self._cursor.head)
            if batch.rolled_back_to is not None:
                found += self._looked_at()
            for event in batch.events:
                found += self._told(event)
            self._state = batch.state
            if batch.caught_up:
                return found

    def close(self, record: Channel, amount: int, signature: bytes) -> None:
        call = self._channels.close_by_miner(record, amount, signature)
        key = f"close channel 0x{self._domain.digest(record.quote).hex()} {amount}"
        self._sender.execute(call, key, TO_CLOSE)

    def _told(self, event: object) -> Iterable[ChannelNews]:
        match event:
            case events.ChannelOpened() if event.miner_id == self._miner:
                record = event.record
                self._records[event.channel] = record
                yield ChannelNews(event.channel, record, record.deposit, record.ends)
            case events.ChannelToppedUp() if event.miner_id == self._miner:
                yield ChannelNews(event.channel, deposit=event.deposit, ends=event.ends)
            case events.ChannelEnded() if event.miner_id == self._miner:
                yield ChannelNews(event.channel, over=True)
            case events.ChannelClosed() if event.miner_id == self._miner:
                self._records.pop(event.channel, None)
                yield ChannelNews(event.channel, closed=True)

    def _looked_at(self) -> Iterable[ChannelNews]:
        """After a reorganization, which may have undone an opening."""
        for id_, record in self._records.items():
            view = self._channels.channel_of(record)
            gone = view.status is ChannelStatus.NONE
            yield ChannelNews(id_, None, view.deposit or None, view.ends or None, closed=gone)
