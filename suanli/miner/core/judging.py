"""Taking requests on: looks at those that wait, and at what the market's answer to a confirmation
means."""

from __future__ import annotations

from suanli.miner.core.advance import advance
from suanli.miner.core.book import ASK_AGAIN, Book
from suanli.miner.core.judge import objection
from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import MinerDeal
from suanli.miner.core.stages import Stage

MOST_CHECKS = 4
"""Requests whose data is fetched at once."""
MOST_REVERTS = 3
"""Confirmations of a request that may be mined and fail: each costs gas."""


def judge(book: Book, deal: MinerDeal) -> None:
    """Take it further, put it off, or turn it down."""
    if deal.stage is not Stage.SEEN or deal.taken:
        return
    reason, now = objection(book.state, deal, book.now), book.now
    if reason is not None:
        if reason.final:
            book.drop(deal, reason)
        else:
            book.hold(deal, reason)
    elif now < deal.wait_until <= now + ASK_AGAIN * 2**deal.reverts:
        return
    elif deal.work is None:
        if len(book.busy("check")) < MOST_CHECKS:
            deal.fetched, deal.reason = True, None
            book.move(deal, Stage.CHECKING, "it fits")
            advance(book, deal)
    else:
        deal.reason, deal.bound = None, True
        book.move(deal, Stage.CONFIRMING, "it fits, and its data is here")
        advance(book, deal)


def check_more(book: Book) -> None:
    """There is room: fetch the data of requests that wait for nothing else."""
    for deal in list(book.state.deals.values()):
        if deal.stage is Stage.SEEN and deal.work is None and deal.reason is None:
            if len(book.busy("check")) >= MOST_CHECKS:
                return
            book.safely(judge, book, deal)


def make_room(book: Book) -> bool:
    """Let the oldest request go that just waits; whether there is one."""
    for deal in book.state.deals.values():
        if deal.stage is Stage.SEEN and deal.reason is not None and not deal.bound:
            book.drop(deal, deal.reason)
            return True
    return False


def confirmation_refused(book: Book, deal: MinerDeal, reason: Reason) -> None:
    if reason.code == "reverted":
        deal.reverts += 1
    if deal.reverts >= MOST_REVERTS:
        book.drop(deal, reason)
    elif reason.code == "taken":
        deal.reason = reason  # by whom, the chain tells: perhaps by this miner itself
        book.changed(deal)
    elif reason.final and (reason.code != "signature" or deal.signature):
        book.drop(deal, reason)
    else:  # of a posted request: a reorganization may have taken the post back for now
        book.put_off(deal, reason)
