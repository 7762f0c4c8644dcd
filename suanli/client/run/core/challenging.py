"""Whether a refused result is brought before the court of its deal: within the bonds' budget, and
if it brings more than it costs."""

from __future__ import annotations

from suanli.client.events import NotChallenged
from suanli.client.records import DealRecord, DealStage, Filing, FilingStage
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.instructions import CaseAct, ProveFalse, ReadStakes, SendCaseAct
from suanli.client.run.core.standing import can_be_challenged, submitted_in
from suanli.client.run.core.state import RunState
from suanli.protocol import State

NUMBERS = 16
"""Challenges of one deal that a court takes of one filer."""
WON, LOST = "upheld", "rejected"
"""Ends of a challenge."""
LAST = 4
"""While others do the same tasks, or the store is away, it is said only in the last of so many
parts of the window that data is withheld: it may come, and then the deposit is lost."""
TRY_AGAIN = 5.0
"""Seconds after which it is looked again at what was not worth it, or was refused."""


def consider(book: RunBook, record: DealRecord, event: o.DealRead) -> bool:
    """Look whether a refused result is to be challenged; False if there is nothing to be done."""
    fault = record.fault
    if fault is None or not can_be_challenged(event):
        return False
    if (fault.root, fault.units_used) != submitted_in(event) or _was_tried(book.state, record):
        return False
    if fault.withheld and _may_come_by_itself(book.state, record, event):
        return False
    if fault.proof is not None:
        book.do(ProveFalse(record, fault))
        return True
    number, memory = len(book.state.filings_of(record.number)), book.memory(record).case
    if number == NUMBERS or book.now < memory.tried + TRY_AGAIN:
        return False
    memory.tried = book.now
    book.do(ReadStakes(record, number))
    return True


def stakes_read(book: RunBook, event: o.StakesRead) -> None:
    """File it, unless that can't be, or is not worth it."""
    record = book.state.records[event.number]
    fault = record.fault
    if record.stage is not DealStage.REFUSED or fault is None or _was_tried(book.state, record):
        return
    if event.at.time >= event.until:
        not_challenged(book, record, "its time is over")
        return
    if why := _objection(book.state, event):
        not_challenged(book, record, why)
        return
    number = len(book.state.filings_of(record.number))
    book.memory(record).case.looked = True
    filing = Filing(
        record.number, number, fault, FilingStage.PLANNED, event.at.number, event.deposit
    )
    book.do(SendCaseAct(record, book.file(filing), CaseAct.FILE, 0, ""))


def not_challenged(book: RunBook, record: DealRecord, why: str) -> None:
    """Tell of it, once."""
    memory = book.memory(record).case
    if memory.unworthy != why:
        memory.unworthy = why
        book.tell(NotChallenged(record.number, why))


def false_proved(book: RunBook, event: o.FalseProved) -> None:
    book.state.round.moved = book.state.round.moved or event.done


def may_be_challenged(state: RunState, record: DealRecord) -> bool:
    """Whether a refused result is to be watched, since it may yet go before a court."""
    event = state.memory[record.number].chain
    if record.stage is not DealStage.REFUSED or event is None or not event.court:
        return False
    if record.late:
        return False
    is_free = record.fault is not None and record.fault.proof is not None
    if not is_free and (state.options.bond == 0 or state.memory[record.number].case.unworthy):
        return False
    return event.state is State.CONFIRMED or (
        can_be_challenged(event) and not _was_tried(state, record)
    )


def is_doubtful(state: RunState) -> bool:
    """Whether a case was lost in which two juries contradicted what was run again here."""
    return any(
        filing.end == LOST and filing.appealed and filing.fault.right is not None
        for filing in state.filings.values()
    )


def _was_tried(state: RunState, record: DealRecord) -> bool:
    """Whether one of our challenges says so already, is not decided yet, or was won."""
    fault, mine = record.fault, state.filings_of(record.number)
    if any((filing.open and not filing.end) or filing.end == WON for filing in mine):
        return True
    return fault is not None and any(filing.fault.same(fault) for filing in mine)


def _may_come_by_itself(state: RunState, record: DealRecord, event: o.DealRead) -> bool:
    """Whether the rest of its tasks is with other miners, or will be at once, whose outputs would
    be the same blobs, or nobody could be asked for them; and there will be time to challenge it
    if they don't come."""
    assert event.deal is not None
    assert event.terms is not None
    rest = set(record.tasks) - state.results.keys()
    working = {task for other in state.live() if other.running for task in other.tasks}
    window = event.terms.challenge_window
    late = event.deal.time + window - window // LAST
    elsewhere = bool(rest) and (bool(state.options.hedge) or rest <= working)
    return (elsewhere or state.memory[record.number].case.away) and event.seen.time < late


def _objection(state: RunState, event: o.StakesRead) -> str:
    show = state.setting.show
    if state.options.bond == 0:
        return "--bond 0 challenges nothing"
    if is_doubtful(state):
        return (
            "an appeal's jury found a result right that this machine finds wrong, so that it may be"
            " this machine that errs: nothing more of this job is challenged from here"
        )
    left = state.bond_left(event.deposit + event.appeal)
    if event.deposit > left:
        return (
            f"a challenge holds {show(event.deposit)}, and {show(max(0, left))} of the bonds'"
            " budget is left: raise it with --bond"
        )
    cost = max(0, event.jurors - event.slashed)
    if event.due <= cost:
        return (
            f"its jurors would cost {show(cost)} more than is slashed, and the result is paid"
            f" {show(event.due)} at most"
        )
    return ""
