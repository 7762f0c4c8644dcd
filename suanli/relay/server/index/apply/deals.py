"""Requests that were posted, deals, and how they ended."""

from __future__ import annotations

from suanli.chain import events
from suanli.protocol import State, Trial
from suanli.relay.server.index.apply.book import TableBook
from suanli.relay.server.index.apply.market import account
from suanli.relay.server.index.changes import Row
from suanli.relay.server.index.reading import address_id, as_json
from suanli.relay.server.index.tables import DEALS


def posted(book: TableBook, event: events.RequestPosted) -> None:
    book.changes.add(
        DEALS,
        id=event.id,
        state=int(State.POSTED),
        trial=int(Trial.NONE),
        requester=address_id(event.requester),
        resource=event.resource,
        units=event.request.units,
        request=as_json(event.request),
        confirm_by=event.request.confirm_by,
        posted_at=book.at,
    )
    book.demanded(event.resource, event.request.units)


def cancelled(book: TableBook, event: events.RequestCancelled) -> None:
    """Of a signed request, which never came on chain, nothing is known."""
    deal = book.changes.find(DEALS, event.id)
    if deal is not None:
        deal["state"], deal["ended_at"] = int(State.CANCELLED), book.at
        deal["ended_time"] = book.time
        book.demanded(deal["resource"], -deal["units"])


def confirmed(book: TableBook, event: events.RequestConfirmed) -> None:
    deal = book.changes.find(DEALS, event.id)
    if deal is None:
        deal = book.changes.add(
            DEALS,
            id=event.id,
            trial=int(Trial.NONE),
            requester=address_id(event.requester),
            resource=event.resource,
            units=event.units,
        )
        book.demanded(event.resource, event.units)
    deal["state"], deal["miner_id"] = int(State.CONFIRMED), event.miner_id
    deal["price"], deal["deadline"], deal["confirmed_at"] = event.price, event.deadline, book.at
    book.reserved(book.offer(event.miner_id, event.resource), event.units)
    book.miner(event.miner_id)["live"] += 1
    book.traded(event.resource, event.units, event.price)
    account(book, deal["requester"])["deals"] += 1


def submitted(book: TableBook, event: events.ResultSubmitted) -> None:
    deal = book.changes.get(DEALS, event.id)
    deal["state"], deal["submitted_at"] = int(State.SUBMITTED), book.at
    deal["root"], deal["units_used"] = event.root, event.units_used


def trial_changed(book: TableBook, event: events.TrialChanged) -> None:
    book.changes.get(DEALS, event.id)["trial"] = int(event.trial)


def due_set(book: TableBook, event: events.DueSet) -> None:
    book.changes.get(DEALS, event.id)["units_due"] = event.units_due


def frozen(book: TableBook, event: events.DealFrozen) -> None:
    """The court tells the whole request."""
    deal = book.changes.get(DEALS, event.request_id)
    deal["request"] = as_json(event.request)
    deal["confirm_by"] = event.request.confirm_by


def settled(book: TableBook, event: events.RequestSettled) -> None:
    _ended(book, event.id, State.SETTLED, event.paid, event.fee, event.refunded)
    if event.paid:
        book.miner(event.miner_id)["completed"] += 1


def overturned(book: TableBook, event: events.RequestOverturned) -> None:
    deal = _ended(book, event.id, State.OVERTURNED, event.paid, event.fee, event.refunded)
    deal["units_due"] = event.units_due
    book.miner(event.miner_id)["overturned"] += 1


def released(book: TableBook, event: events.RequestReleased) -> None:
    _ended(book, event.id, State.RELEASED, 0, 0, event.refunded)
    book.miner(event.miner_id)["released"] += 1


def annulled(book: TableBook, event: events.RequestAnnulled) -> None:
    _ended(book, event.id, State.ANNULLED, 0, 0, event.refunded)


def defaulted(book: TableBook, event: events.RequestDefaulted) -> None:
    _ended(book, event.id, State.DEFAULTED, 0, 0, event.refunded)
    book.miner(event.miner_id)["defaulted"] += 1


def _ended(book: TableBook, id_: bytes, state: State, paid: int, fee: int, refunded: int) -> Row:
    deal = book.changes.get(DEALS, id_)
    deal.update(
        state=int(state),
        paid=paid,
        fee=fee,
        refunded=refunded,
        ended_at=book.at,
        ended_time=book.time,
    )
    miner = book.miner(deal["miner_id"])
    miner["live"] -= 1
    if paid:
        miner["earned"] += paid
        miner["fees_paid"] += fee
        miner["last_payment_time"] = book.time
    account(book, deal["requester"])["spent"] += paid + fee
    book.unreserved(deal["miner_id"], deal["resource"], deal["units"])
    return deal
