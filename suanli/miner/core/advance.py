"""What a deal needs next, at each stage."""

from __future__ import annotations

import hashlib

from suanli.miner.core.book import Book
from suanli.miner.core.deadlines import latest, may_wait, submit_at, window_ends
from suanli.miner.core.defending import defend
from suanli.miner.core.instructions import (
    Act,
    Check,
    PostClaim,
    SendAccepted,
    SendConfirm,
    SendForDeal,
    SendResult,
    StoreLeaves,
    StoreTask,
)
from suanli.miner.core.records import Commitment, MinerDeal
from suanli.miner.core.stages import Stage
from suanli.protocol import ResultError, State, Tree, encode_leaves

MOST_FAILURES = 5
"""Of this machine over one deal, less its successes since, before the deal is given back."""


def advance(book: Book, deal: MinerDeal) -> None:
    """Ask for it."""
    match deal.stage:
        case Stage.CHECKING:
            view = book.state.view
            seen = view.classes.get(deal.request.resource) if view else None
            request = deal.request
            resource, runtime = None, b""
            if seen is not None:
                resource, runtime = seen.resource, seen.runtimes.get(request.runtime, b"")
            book.ask("check", Check(deal.id, request, resource, runtime))
        case Stage.CONFIRMING:
            key = _key(Act.CONFIRM, deal)
            book.send(SendConfirm(Act.CONFIRM, key, deal.id, deal.request, deal.signature))
        case Stage.RUNNING:
            _running(book, deal)
        case Stage.UPLOADED | Stage.OFFERED:
            _waiting(book, deal)
        case Stage.ACCEPTED:
            if latest(book.state, deal) <= book.now <= deal.deadline:
                # Its check by a contract may cost too much gas.
                _submit(book, deal, "the acceptance could not be handed in in time")
            else:
                _send_accepted(book, deal)
        case Stage.SUBMITTING:
            _submitting(book, deal)
        case Stage.RELEASING:
            if book.now <= deal.deadline:
                _send(book, deal, Act.RELEASE)
        case Stage.SUBMITTED | Stage.SETTLING:
            store(book, deal)
            defend(book, deal)
            _submitted(book, deal)


def finish(book: Book, deal: MinerDeal) -> None:
    """All tasks are done: commit to the result."""
    leaves = [deal.leaves[index] for index in range(len(deal.leaves))]
    try:
        tree = Tree(leaves)
    except ResultError as error:  # limits were checked: their sum fits
        raise AssertionError(error) from error
    digest = hashlib.sha256(encode_leaves(leaves)).digest()
    deal.result = Commitment(tree.root, tree.total, digest)
    book.changed(deal)


def store(book: Book, deal: MinerDeal) -> None:
    """Ask for what is not in the requesters' store yet."""
    for index in deal.leaves:
        if index not in deal.stored:
            store_task(book, deal, index)
    if deal.result and not deal.listed and len(deal.stored) == len(deal.leaves):
        leaves = [deal.leaves[index] for index in range(len(deal.leaves))]
        book.ask("list", StoreLeaves(deal.id, leaves, deal.result))


def store_task(book: Book, deal: MinerDeal, index: int) -> None:
    book.ask("store", StoreTask(deal.id, deal.leaves[index]), index)


def _running(book: Book, deal: MinerDeal) -> None:
    store(book, deal)
    due = bool(deal.deadline) and book.now >= latest(book.state, deal)
    if deal.result is not None and deal.listed:
        deal.waiting_since = book.now
        book.move(deal, Stage.UPLOADED, "all tasks are done, outputs and leaves are in the store")
        advance(book, deal)
    elif deal.result is not None and due:
        # Its outputs can follow, its deadline can't.
        _submit(book, deal, "its deadline is near, and its outputs are not all in the store")
    elif deal.failures > MOST_FAILURES:
        book.move(deal, Stage.RELEASING, "this machine failed too often")
        advance(book, deal)
    elif due:
        done = f"{len(deal.leaves):,} of {deal.request.tasks:,} tasks are done"
        book.move(deal, Stage.RELEASING, f"its deadline is near, and {done}")
        advance(book, deal)


def _waiting(book: Book, deal: MinerDeal) -> None:
    """For the requester's acceptance, until patience ends."""
    store(book, deal)
    _claim(book, deal)
    if deal.acceptance:
        book.move(deal, Stage.ACCEPTED, "the requester accepts it")
        _send_accepted(book, deal)
    elif submit_at(book.state, deal) <= book.now <= deal.deadline:
        why = "no acceptance came in time" if deal.lodged else "it was posted on the chain"
        _submit(book, deal, why)


def _submitting(book: Book, deal: MinerDeal) -> None:
    store(book, deal)
    late = "its deadline is over, and its result was not mined"
    if book.now <= deal.deadline:
        _send_result(book, deal)
    elif deal.acceptance:  # it may be handed in late, too
        book.move(deal, Stage.ACCEPTED, late)
    else:
        book.move(deal, Stage.OFFERED if deal.answered else Stage.UPLOADED, late)


def _submitted(book: Book, deal: MinerDeal) -> None:
    chain = deal.chain
    _claim(book, deal)
    ends = window_ends(book.state, deal)
    if chain is None or ends is None or chain.state is not State.SUBMITTED:
        return
    if book.now > ends:
        why = "its court's time is up" if chain.frozen else "its challenge window is over"
        book.move(deal, Stage.SETTLING, why)
        _send(book, deal, Act.SETTLE, book.state.settings.together)


def _claim(book: Book, deal: MinerDeal) -> None:
    if deal.result and deal.listed and deal.lodged and not deal.answered:
        book.ask("answer", PostClaim(deal.id, deal.result))


def _submit(book: Book, deal: MinerDeal, because: str) -> None:
    book.move(deal, Stage.SUBMITTING, because)
    _send_result(book, deal)


def _send_result(book: Book, deal: MinerDeal) -> None:
    assert deal.result is not None
    act, waits = Act.SUBMIT_RESULT, may_wait(book.state, deal, book.now)
    book.send(SendResult(act, _key(act, deal), deal.id, deal.request, deal.result, waits=waits))


def _send_accepted(book: Book, deal: MinerDeal) -> None:
    assert deal.result is not None
    act, waits = Act.SUBMIT_ACCEPTED, may_wait(book.state, deal, book.now)
    of_deal = (_key(act, deal), deal.id, deal.request)
    book.send(SendAccepted(act, *of_deal, deal.result, deal.acceptance, waits=waits))


def _send(book: Book, deal: MinerDeal, act: Act, waits: int = 0) -> None:
    book.send(SendForDeal(act, _key(act, deal), deal.id, deal.request, waits=waits))


def _key(act: Act, deal: MinerDeal) -> str:
    return f"{act}:0x{deal.id.hex()}"
