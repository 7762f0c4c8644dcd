"""Results that are withheld: their miners may bring them yet, and are paid then. Whoever did the
same tasks meanwhile would be paid, too, and its outputs are the very blobs that are missing: with
them a court finds that nothing is withheld. So those tasks are bought again only once it is clear
that they are not paid for, or that what is paid for does not come."""

from __future__ import annotations

from suanli.client.events import Awaited
from suanli.client.records import DealRecord, DealStage, Filing
from suanli.client.run.core import challenging
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.state import RunState


def awaited(book: RunBook) -> set[int]:
    """Tasks that are not to be bought again yet. Who is in a hurry waits for the court alone."""
    state = book.state
    found = [record for record in state.live() if may_come(book, record)]
    if state.options.hedge:
        found = [record for record in found if _undecided(state, record)]
    for record in found:
        chain, memory = book.memory(record).chain, book.memory(record).case
        if chain is not None and not memory.told_awaited:
            memory.told_awaited = True
            book.tell(Awaited(record.number, record.miner, len(record.tasks)))
    return {task for record in found for task in record.tasks}


def may_come(book: RunBook, record: DealRecord) -> bool:
    """Whether a result that was withheld may come and be paid, and there is a task without one."""
    state, memory = book.state, book.memory(record)
    if record.stage is not DealStage.REFUSED or record.late:
        return False
    if state.results.keys() >= set(record.tasks):
        return False
    filings = _filings(state, record)
    if any(filing.end == challenging.WON for filing in filings):
        return False
    if _undecided(state, record):
        return True
    if filings:
        # Its miner is paid, so jurors have the data, or had no time for it.
        if memory.case.over_since is None:
            memory.case.over_since = book.now
        return book.now - memory.case.over_since <= state.options.patience
    # Of a process that has just begun, the chain was not asked yet.
    may_be_judged = memory.chain is None or challenging.may_be_challenged(state, record)
    return record.withheld and may_be_judged


def _filings(state: RunState, record: DealRecord) -> list[Filing]:
    return [filing for filing in state.filings_of(record.number) if filing.fault.withheld]


def _undecided(state: RunState, record: DealRecord) -> bool:
    return any(filing.open and not filing.end for filing in _filings(state, record))
