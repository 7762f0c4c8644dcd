"""One deal's next step, decided by what the chain says of it: so a restart needs no memory of what
was under way, and a reorganization is nothing special."""

from __future__ import annotations

from suanli.base.text import plain
from suanli.client.events import Confirmed, FellBack, Rejected, Trouble
from suanli.client.records import EXPIRED, NO_ANSWER, PASSING, DealRecord, DealStage
from suanli.client.run.core import awaiting, judging, payment, rounds
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.instructions import AskRejection, DealAct, Lodge, Post
from suanli.protocol import State

MONEY = "money"
"""Code of rejections that a deposit ends."""
ENDS = {
    State.CANCELLED: "cancelled",
    State.RELEASED: "released",
    State.ANNULLED: "annulled",
    State.DEFAULTED: "defaulted",
    State.OVERTURNED: "overturned",
}
UNCONFIRMED = (State.NONE, State.POSTED, State.EXPIRED)
BEFORE = (DealStage.SIGNED, DealStage.OPEN, DealStage.CALLED)
"""Stages before a miner took the tasks."""
_OFFERED = (DealStage.SIGNED, DealStage.OPEN)
LATE_BLOCKS, LATE_LEAST, LATE_SECONDS = 5, 5, 60
"""A request ends so many blocks after its time, or seconds of the chain's clock if these are over
first: the block that was late may be replaced by one in time that confirms it."""


def read(book: RunBook, event: o.DealRead) -> None:
    """Do what is to be done about a deal now."""
    record = book.state.records[event.number]
    if record.stage is DealStage.ENDED:
        return
    book.memory(record).chain = event
    if event.state is State.OVERTURNED:
        # The court may have left something to pay.
        if payment.due(book, record, event) and awaiting.may_come(book, record):
            judging.judge(book, record, event)
        else:
            payment.ended(book, record, event)
    elif event.state in ENDS:
        book.end(record, ENDS[event.state], 0, record.why)
    elif event.state in UNCONFIRMED:
        _unconfirmed(book, record, event)
    else:
        _confirmed(book, record, event)


def end_read(book: RunBook, event: o.EndRead) -> None:
    """Follow a deal that ended once more, if a reorganization undid its end."""
    record, state = book.state.records[event.number], event.state
    if record.stage is not DealStage.ENDED:
        return
    book.memory(record).seen_again = True
    over = record.end in PASSING and event.seen.time > record.request.confirm_by
    if ENDS.get(state) == record.end or (state is State.NONE and over):
        return
    if state is State.SETTLED and record.end == "settled":
        return
    stage = DealStage.REFUSED
    if not record.refused:
        stage = DealStage.SIGNED if record.acceptance else DealStage.CALLED
        if state not in UNCONFIRMED:
            stage = DealStage.OPEN
    book.move(record, stage, cost=0, end="", why="")
    book.tell(
        Trouble(
            f"deal {record.number}: a reorganization undid its end ({record.end}); it is followed"
            " again"
        )
    )


# Until a miner takes it


def _unconfirmed(book: RunBook, record: DealRecord, event: o.DealRead) -> None:
    state, seen = event.state, event.seen
    if record.stage in (DealStage.CONFIRMED, DealStage.ACCEPTED):
        # Reorganized away, perhaps with the deposit: once that is there, it is opened anew.
        book.move(record, DealStage.SIGNED)
        return
    if record.stage in _OFFERED and not record.acceptance and _is_superfluous(book, record):
        record = book.move(record, DealStage.CALLED, why="its tasks are done")
    late = seen.time > record.request.confirm_by
    unwanted = record.stage in (DealStage.REFUSED, DealStage.CALLED)
    unwanted = unwanted or (book.state.closing and not record.acceptance)
    if late and state is State.NONE:
        if _is_late_for_good(book, record, seen):
            book.end(record, EXPIRED, 0, record.why or NO_ANSWER)
    elif late or unwanted:
        # Void the request, so that no miner can take it any more.
        book.send(record, DealAct.CANCEL)
    elif record.stage is DealStage.SIGNED:
        if book.state.round.funded:
            _open(book, record)
    elif state is State.NONE and book.state.setting.has_relay:
        book.do(AskRejection(record))


def _is_superfluous(book: RunBook, record: DealRecord) -> bool:
    """Whether others brought all results after all, and it does not pay for what was undone."""
    state = book.state
    if not state.results.keys() >= set(record.tasks):
        return False
    same = [r for r in state.records.values() if (r.miner, r.tasks) == (record.miner, record.tasks)]
    return not any(other.unpaid for other in same if other.number < record.number)


def _is_late_for_good(book: RunBook, record: DealRecord, seen: o.At) -> bool:
    memory = book.memory(record)
    if memory.late_block is None:
        memory.late_block = seen.number
    late = seen.time - record.request.confirm_by
    enough = seen.number >= memory.late_block + LATE_BLOCKS and late >= LATE_LEAST
    return enough or late > LATE_SECONDS


def _open(book: RunBook, record: DealRecord) -> None:
    """Show the miner the request: at the relay, or on the chain."""
    if book.state.setting.has_relay and not record.posted:
        book.do(Lodge(record))
    else:
        _post(book, record)


def _post(book: RunBook, record: DealRecord) -> None:
    book.do(Post(book.note(record, posted=True)))


def not_lodged(book: RunBook, event: o.NotLodged) -> None:
    record = book.state.records[event.number]
    if record.stage is not DealStage.SIGNED:
        return
    if event.refused:
        book.tell(Trouble(event.why))
    elif not book.state.setting.can_post:
        rounds.failed(book, o.Failed(book.now, event.error, event.why, event.why, passing=True))
    else:
        book.tell(FellBack(event.why))
        _post(book, record)


def opened(book: RunBook, event: o.Opened) -> None:
    record = book.state.records[event.number]
    if record.stage is DealStage.SIGNED:
        book.move(record, DealStage.OPEN)


def rejection_read(book: RunBook, event: o.RejectionRead) -> None:
    """What is refused for good is called back, and its tasks may go elsewhere at once."""
    record, rejection = book.state.records[event.number], event.rejection
    if rejection is None or record.stage is not DealStage.OPEN:
        return
    why = plain(rejection.reason)
    final = rejection.is_final and not record.acceptance
    if final or why != record.why:
        book.tell(Rejected(record.number, record.miner, why, final))
    if why.startswith(MONEY) and not final:
        # A reorganization may have undone the deposit: it is looked after with what is new.
        book.move(record, DealStage.SIGNED, why=why)
    elif final:
        book.move(record, DealStage.CALLED, why=why)
    elif why != record.why:
        book.note(record, why=why)


# From confirmation on


def _confirmed(book: RunBook, record: DealRecord, event: o.DealRead) -> None:
    deal = event.deal
    assert deal is not None
    if record.stage in BEFORE:
        # What was accepted before a reorganization still is.
        stage = DealStage.ACCEPTED if record.acceptance else DealStage.CONFIRMED
        record = book.move(record, stage, why="")
        book.tell(Confirmed(record.number, record.miner, deal.price, deal.time))
    judging.judge(book, record, event)
