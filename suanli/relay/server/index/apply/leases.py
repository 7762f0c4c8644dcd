"""Payment channels, storage deals, and what miners earn by them."""

from __future__ import annotations

from suanli.chain import events
from suanli.relay.server.index.apply.book import TableBook
from suanli.relay.server.index.reading import address_id
from suanli.relay.server.index.tables import CHANNELS, STORAGE_DEALS


def channel_opened(book: TableBook, event: events.ChannelOpened) -> None:
    record, quote = event.record, event.record.quote
    book.changes.add(
        CHANNELS,
        id=event.channel,
        requester=address_id(event.requester),
        signer=address_id(quote.signer),
        miner_id=event.miner_id,
        resource=quote.resource,
        units=quote.units,
        price=record.price,
        deposit=record.deposit,
        reserve=record.reserve,
        paid=0,
        earned=0,
        fee=0,
        ends=record.ends,
        opened_at=book.at,
    )


def channel_topped_up(book: TableBook, event: events.ChannelToppedUp) -> None:
    channel = book.changes.get(CHANNELS, event.channel)
    channel["deposit"], channel["ends"] = event.deposit, event.ends
    channel["reserve"] = event.reserve


def channel_ended(book: TableBook, event: events.ChannelEnded) -> None:
    channel = book.changes.get(CHANNELS, event.channel)
    channel["ends"] = min(channel["ends"], book.time)
    channel["closable_from"] = event.closable_from


def channel_paid(book: TableBook, event: events.ChannelPaid | events.ChannelClosed) -> None:
    channel = book.changes.get(CHANNELS, event.channel)
    channel["paid"] = event.paid
    channel["earned"] += event.earned
    channel["fee"] += event.fee
    book.miner(event.miner_id)["earned_by_channels"] += event.earned


def channel_closed(book: TableBook, event: events.ChannelClosed) -> None:
    channel_paid(book, event)
    channel = book.changes.get(CHANNELS, event.channel)
    channel["refunded"], channel["closed_at"] = event.refunded, book.at


def storage_opened(book: TableBook, event: events.StorageOpened) -> None:
    record, quote = event.record, event.record.quote
    book.changes.add(
        STORAGE_DEALS,
        id=event.deal,
        requester=address_id(event.requester),
        root=quote.root,
        miner_id=event.miner_id,
        resource=quote.resource,
        period=quote.period,
        periods=quote.periods,
        proved=0,
        samples=quote.samples,
        opened_at=book.at,
        units=quote.units,
        size=quote.size,
        pay=record.pay,
        collateral=quote.collateral,
        earned=0,
    )


def period_proved(book: TableBook, event: events.PeriodProved) -> None:
    deal = book.changes.get(STORAGE_DEALS, event.deal)
    deal["proved"] = event.period + 1
    _earned(book, event.miner_id, deal, event.earned)


def storage_ended(book: TableBook, event: events.StorageEnded) -> None:
    deal = book.changes.get(STORAGE_DEALS, event.deal)
    _earned(book, event.miner_id, deal, event.earned - deal["earned"])
    deal["refunded"], deal["lost"], deal["ended_at"] = event.refunded, event.lost, book.at
    deal["proved"] = event.paid
    miner = book.miner(event.miner_id)
    miner["slashed"] += event.lost


def _earned(book: TableBook, miner_id: int, deal: dict[str, int], more: int) -> None:
    deal["earned"] += more
    book.miner(miner_id)["earned_by_storage"] += more
