"""The tasks of deals at work: handing them out, and what comes of them."""

from __future__ import annotations

from suanli.miner.core import observations as o
from suanli.miner.core.advance import advance, finish, store_task
from suanli.miner.core.book import Book
from suanli.miner.core.defending import ran_again
from suanli.miner.core.instructions import RunTask
from suanli.miner.core.judge import handed_out, load_of
from suanli.miner.core.lines import Told
from suanli.miner.core.reasons import Reason
from suanli.miner.core.stages import Stage

FIRST_REST, LONGEST_REST = 10, 300
"""Seconds after a failure in which no task of the deal is begun; doubled with each."""


def done(book: Book, event: o.TaskDone) -> None:
    index = event.leaf.index
    if (event.id, index) in book.busy("again"):
        _done_again(book, event)
        return
    deal = book.answered("run", event, index)
    if deal is None or deal.work is None or index >= deal.work.tasks or index in deal.leaves:
        return
    deal.leaves[index] = event.leaf
    if book.state.room is not None:  # until it is looked at again
        book.state.room -= deal.work.most_bytes
    deal.failures = max(deal.failures - 1, 0)
    book.leaf_changed(deal, index)
    if len(deal.leaves) == deal.work.tasks:
        finish(book, deal)
        advance(book, deal)
    elif deal.stage is Stage.RUNNING:
        store_task(book, deal, index)


def _done_again(book: Book, event: o.TaskDone) -> None:
    deal = book.answered("again", event, event.leaf.index)
    if deal is not None:
        same = deal.leaves.get(event.leaf.index) == event.leaf
        ran_again(book, deal, event.leaf.index, same)
        advance(book, deal)


def failed(book: Book, event: o.TaskFailed) -> None:
    if (event.id, event.index) in book.busy("again"):
        if (deal := book.answered("again", event, event.index)) is not None:
            ran_again(book, deal, event.index, None)
        return
    deal = book.answered("run", event, event.index)
    if deal is None:
        return
    state = book.state
    state.handed[deal.id] = min(state.handed.get(deal.id, 0), event.index)
    why = f"task {event.index}: {event.reason}"
    if book.now >= state.rests.get(deal.id, 0):  # what fails at the same time counts once
        state.rests[deal.id] = book.now + min(FIRST_REST * 2**deal.failures, LONGEST_REST)
        deal.failures += 1
        if deal.stage is Stage.RUNNING:
            book.tell(deal, Told.TASK, why)
    deal.reason = Reason("machine", why)
    book.changed(deal)
    advance(book, deal)


def stored(book: Book, event: o.TaskStored) -> None:
    deal = book.answered("store", event, event.index)
    if deal is None or event.index not in deal.leaves:
        return
    deal.stored.add(event.index)
    book.leaf_changed(deal, event.index)
    if len(deal.stored) == len(deal.leaves):
        advance(book, deal)


def leaves_stored(book: Book, event: o.LeavesStored) -> None:
    deal = book.answered("list", event)
    if deal is None or deal.result is None or len(deal.stored) < len(deal.leaves):
        return
    deal.listed = True
    book.changed(deal)
    advance(book, deal)


def feed(book: Book) -> None:
    """Hand out tasks, earliest deadline first."""
    state, now = book.state, book.now
    running = [
        deal
        for deal in state.deals.values()
        if deal.stage is Stage.RUNNING and now >= state.rests.get(deal.id, 0)
    ]
    if not running:
        return
    pace, busy = state.settings.pace, book.busy("run")
    running.sort(key=lambda deal: (load_of(deal, now).deadline, deal.id))
    for deal in running:
        if deal.work is None:
            continue
        work, first = deal.work, state.handed.get(deal.id, 0)
        most = handed_out(work.task_units, pace)
        while first < work.tasks and len(busy) < most and _fits(book, work.most_bytes):
            if first not in deal.leaves:
                book.ask("run", RunTask(deal.id, deal.request.job, first), first)
            first += 1
        state.handed[deal.id] = first
        if first < work.tasks:
            return


def _fits(book: Book, size: int) -> bool:
    """Whether a task more would find room for what it leaves; one is always tried."""
    room, in_hand = book.state.room, len(book.busy("run"))
    return room is None or not in_hand or (in_hand + 1) * size <= room
