"""How a deal's money leaves it: paid for what was accepted, else brought back as soon as may be."""

from __future__ import annotations

from suanli.client.events import Trouble
from suanli.client.records import DealRecord, DealStage
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.instructions import DealAct, PostAcceptance
from suanli.protocol import State, Trial, payment

ACCEPTABLE = (State.SUBMITTED, State.CHALLENGED, State.SETTLEABLE)
LATE = "its data came only when the court asked for it"
"""Why a deal that a court took something of is paid all the same."""
TELL_AGAIN = 60.0
"""Seconds after which the relay is given an acceptance once more, should it have lost it."""
UNCOLLECTED = 86_400
"""Seconds after its deadline from which an accepted deal that its miner never collected may be
taken for a default, so that its money is not locked for ever."""


def ended(book: RunBook, record: DealRecord, event: o.DealRead) -> None:
    """As it was claimed or accepted, or as a court left it."""
    if event.state is State.OVERTURNED:
        book.end(record, "overturned", due(book, record, event), record.why)
    else:
        book.end(record, "settled", due(book, record, event), "")


def advance(book: RunBook, record: DealRecord, event: o.DealRead) -> None:
    """Bring a deal that is accepted, or submitted and not, nearer to its end."""
    deal, state, closing = event.deal, event.state, book.state.closing
    assert deal is not None
    if state is State.CHALLENGED and deal.trial is Trial.REVEALED:
        return  # only the court, or its time, ends it now
    if record.stage is not DealStage.ACCEPTED:
        if state is State.SETTLEABLE:
            _settle(book, record, event)
    elif state is State.OVERDUE and closing and event.seen.time > deal.time + UNCOLLECTED:
        claim_default(book, record, "its miner never collected")
    elif state in ACCEPTABLE and book.send(record, DealAct.ACCEPT):
        return  # if the market refuses it, the relay is told
    elif state is State.SETTLEABLE:
        # Only the contract account may accept it there, but anybody may settle it now.
        book.send(record, DealAct.SETTLE)
    else:
        _tell_relay(book, record)


def claim_default(book: RunBook, record: DealRecord, why: str) -> None:
    book.send(book.note(record, why=why), DealAct.DEFAULT)


def sent(book: RunBook, event: o.ActSent) -> None:
    """A transaction of a deal was mined, or refused as when the other side was quicker."""
    record, now = book.state.records[event.number], book.state.round
    now.moved = now.moved or (event.done and event.new)
    if event.act is DealAct.ACCEPT and not event.done and record.stage is DealStage.ACCEPTED:
        _tell_relay(book, record)


def acceptance_posted(book: RunBook, event: o.AcceptancePosted) -> None:
    if event.trouble is not None:
        book.tell(Trouble(event.trouble))
    else:
        book.state.memory[event.number].told_relay = book.now


def due(book: RunBook, record: DealRecord, event: o.DealRead) -> int:
    """Base units, fee included, that settling it pays."""
    request, deal, terms = record.request, event.deal, event.terms
    assert deal is not None
    assert terms is not None
    parted = payment(
        book.state.setting.scale,
        units=request.units,
        bid=request.max_price,
        price=deal.price,
        # What was submitted with an acceptance is not stored.
        units_used=deal.units_paid if any(deal.root) else record.units_used,
        fee_bps=terms.fee_bps,
    )
    return parted.paid + parted.fee


def _settle(book: RunBook, record: DealRecord, event: o.DealRead) -> None:
    """Its window is over, so it will be paid all the same: have the rest back, if there is."""
    rest = record.stage is DealStage.REFUSED and due(book, record, event) < record.lock
    if rest or book.state.closing:
        book.send(record, DealAct.SETTLE)


def _tell_relay(book: RunBook, record: DealRecord) -> None:
    """Give it the acceptance, for its miner to hand in."""
    told = book.memory(record).told_relay
    fresh = told is not None and book.now - told < TELL_AGAIN
    if book.state.setting.has_relay and not record.posted and not fresh:
        book.do(PostAcceptance(record))
