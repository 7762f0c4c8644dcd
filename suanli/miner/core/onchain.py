"""What the chain says of a deal: it counts, whatever was thought before."""

from __future__ import annotations

from suanli.miner.core import resting
from suanli.miner.core.advance import advance
from suanli.miner.core.book import Book
from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import MinerDeal, OnChain
from suanli.miner.core.stages import FREE, Stage
from suanli.protocol import State

KEPT = 600
"""Seconds for which an ended or lost deal is watched: a reorganization may bring it back."""
GRACE = 60
"""Seconds after `confirm_by` in which a confirmation may still turn up."""
OPEN = frozenset({State.NONE, State.POSTED})


def see(book: Book, deal: MinerDeal, chain: OnChain) -> None:
    before, deal.chain = deal.chain, chain
    if chain.state in OPEN:
        _unconfirmed(book, deal)
    elif chain.state is State.CANCELLED or not chain.mine:
        _left_to_others(book, deal)
    elif chain.state is State.CONFIRMED:
        if not deal.since and book.state.view is not None:
            deal.since = book.state.view.block
        _confirmed(book, deal)
    elif chain.state is State.SUBMITTED:
        if deal.stage is not Stage.SETTLING:
            deal.ended = 0
            book.move(deal, Stage.SUBMITTED, "the result is on the chain")
    elif deal.stage is not Stage.ENDED:
        book.rest(resting.after_end(book.state.rest, deal, chain.state, book.now))
        deal.ended = book.now
        book.move(deal, Stage.ENDED, f"it is {ending(deal)} on the chain")
    if deal.chain != before:
        book.changed(deal)
    if deal.id in book.state.deals:
        advance(book, deal)


def ending(deal: MinerDeal) -> str:
    return deal.chain.state.name.lower() if deal.chain else "unknown"


def _confirmed(book: Book, deal: MinerDeal) -> None:
    """Confirmed by this miner; or again so, after a reorganization took the end back."""
    deal.taken = 0
    again = deal.stage in (Stage.SUBMITTED, Stage.SETTLING, Stage.ENDED)
    if not again and deal.stage not in FREE and deal.stage is not Stage.CONFIRMING:
        return
    if again:
        deal.ended, deal.waiting_since = 0, book.now
    how = "confirmed, after blocks were undone" if again else "confirmed on the chain"
    if deal.work is None:
        # Only a stranger's key or a lost journal can lead here.
        deal.reason = Reason("data", "confirmed, but its data was never checked")
        book.move(deal, Stage.RELEASING, deal.reason.text)
    else:
        book.move(deal, Stage.UPLOADED if again and deal.result else Stage.RUNNING, how)


def _unconfirmed(book: Book, deal: MinerDeal) -> None:
    deal.taken = 0
    if deal.stage in FREE:
        return
    if deal.stage is not Stage.CONFIRMING:
        # What is done is kept; what was never checked is as it was before.
        deal.ended = 0
        back = Stage.SEEN if deal.work is None else Stage.CONFIRMING
        book.move(deal, back, "blocks were undone, and its confirmation with them")
        if deal.work is None:
            return
    if book.now > deal.request.confirm_by + GRACE:
        book.drop(deal, Reason("expired", "the confirmation was not mined in time"))


def _left_to_others(book: Book, deal: MinerDeal) -> None:
    if deal.stage is Stage.ENDED:
        return
    if deal.chain is not None and deal.chain.state is State.CANCELLED:
        reason = Reason("cancelled", "the requester cancelled it")
    else:
        reason = Reason("taken", "another miner confirmed it")
    if not deal.bound or (deal.taken and book.now >= deal.taken + KEPT):
        book.drop(deal, reason)
    elif not deal.taken:
        # A reorganization may let this miner's confirmation be mined in place of theirs.
        deal.taken, deal.reason = book.now, reason
        book.move(deal, Stage.SEEN, reason.text)
        book.changed(deal)
