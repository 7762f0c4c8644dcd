"""Our part in a case of ours: whoever is silent loses its bond, so it is looked at before all else
in each round, at the newest block. What is due follows from what the court says alone."""

from __future__ import annotations

from dataclasses import replace

from suanli.client.events import CaseEnded, CaseMoved, Challenged
from suanli.client.records import NOT_FILED, DealRecord, DealStage, Filing, FilingStage
from suanli.client.run.core import challenging
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.instructions import (
    CaseAct,
    CloseCase,
    ReadCase,
    RunFaultAgain,
    SendCaseAct,
)
from suanli.client.run.core.state import CaseMemory
from suanli.protocol import CaseOutcome, CasePhase, CaseStatus
from suanli.verify.case_words import case_told, next_told

HASHES = 250
"""Blocks for which the hash of one can be recorded, with some to spare."""
LOST = (CaseOutcome.STANDS, CaseOutcome.NONE)
"""What a filer may appeal against."""


def look(book: RunBook, filing: Filing) -> None:
    book.do(ReadCase(book.state.records[filing.deal], filing))


def case_read(book: RunBook, event: o.CaseRead) -> None:
    """Do what is due."""
    filing = book.state.filings[event.number, event.filing]
    record, status = book.state.records[filing.deal], event.status
    if not filing.open or not (status.phase.is_final or _has_looked(book, record, filing)):
        return
    if status.phase is CasePhase.NONE:
        _not_there(book, record, filing, event)
        return
    filing = _seen(book, filing, event)
    if status.phase.is_final:
        _final(book, record, filing, event)
        return
    act = next_act(status, event.at, event.left or record.stage is DealStage.ENDED)
    if act is None and _may_appeal(filing, event):
        _consider_appeal(book, record, filing, event)
    elif act is CaseAct.ADVANCE and status.phase is CasePhase.QUEUED and not _is_time(book, record):
        return
    elif act is not None:
        _send(book, record, filing, act, status)


def next_act(status: CaseStatus, at: o.At, is_over: bool = False) -> CaseAct | None:
    """What the filer has to do, or anybody should; None: to wait. An appeal is its choice.
    `is_over`: the deal left the court."""
    phase, is_over = status.phase, is_over or at.time > status.deadline
    if is_over or phase is CasePhase.QUEUED:
        return CaseAct.ADVANCE
    if phase is CasePhase.ANSWERING and not status.filer_acted:
        return CaseAct.COMMIT
    if phase is CasePhase.SHOWING and not status.shown:
        return CaseAct.SHOW
    # A node simulates on its newest block, which has to be above the named one to know its hash.
    if phase is not CasePhase.DRAWING or at.number <= status.named:
        return None
    if not any(status.seed) and at.number > status.named + HASHES:
        return CaseAct.RECORD
    if not status.filer_acted:
        return CaseAct.REVEAL
    return CaseAct.DRAW if status.miner_acted else None


def _has_looked(book: RunBook, record: DealRecord, filing: Filing) -> bool:
    """Not in the first round of a process: what was withheld may have come while nobody looked, and
    an acceptance ends the case for less than a jury that finds it there."""
    memory = book.memory(record).case
    before, memory.looked = memory.looked, True
    return before or not filing.fault.withheld or record.stage is not DealStage.REFUSED


def act_sent(book: RunBook, event: o.CaseActSent) -> None:
    """The court refuses what others did just before; of a challenge that it does not take nothing
    is held."""
    filing = book.state.filings[event.number, event.filing]
    book.state.round.moved = book.state.round.moved or event.done
    if event.act is CaseAct.FILE and not event.done and filing.stage is FilingStage.PLANNED:
        _give_up(book, filing, event.why)


def run_again(book: RunBook, event: o.FaultRunAgain) -> None:
    book.state.memory[event.number].case.sure = event.same


def closed(book: RunBook, event: o.CaseClosed) -> None:
    filing = book.state.filings[event.number, event.filing]
    if filing.open:
        _close(book, filing, filing.end, event.cost, event.reward)


def _not_there(book: RunBook, record: DealRecord, filing: Filing, event: o.CaseRead) -> None:
    """It was never sent, or a reorganization took it back. What is not wrong any more is left, but
    looked after as long as it may still get there."""
    if event.at.time <= event.until:
        fault = record.fault if record.stage is DealStage.REFUSED else None
        if fault is None or not fault.same(filing.fault):
            return
        _send(book, record, filing, CaseAct.FILE, event.status)
    else:
        _give_up(book, filing, "its time is over")


def _give_up(book: RunBook, filing: Filing, why: str) -> None:
    book.file(replace(filing, stage=FilingStage.CLOSED, end=NOT_FILED))
    challenging.not_challenged(book, book.state.records[filing.deal], why)


def _seen(book: RunBook, filing: Filing, event: o.CaseRead) -> Filing:
    """Tell what is new."""
    status, memory = event.status, book.state.memory[filing.deal].case
    name = event.case.hex()
    if filing.stage is FilingStage.PLANNED:
        filing = book.file(replace(filing, stage=FilingStage.FILED))
        book.tell(Challenged(filing.deal, name, filing.deposit))
    told = status.phase, status.round, status.second, status.deadline
    if told != memory.told and not status.phase.is_final:
        memory.told = told
        book.tell(CaseMoved(filing.deal, name, case_told(status)))
    return filing


def _final(book: RunBook, record: DealRecord, filing: Filing, event: o.CaseRead) -> None:
    """Its end is known; the deal's may have to wait until nobody can challenge it any more."""
    phase, docket = event.status.phase, event.docket
    end = phase.name.lower()
    if filing.end != end:
        filing = book.file(replace(filing, end=end))
        if waits := next_told(event.status, docket, event.at.time):
            told = f"{case_told(event.status)}; {waits}"
            book.tell(CaseMoved(filing.deal, event.case.hex(), told))
    is_due = not docket.open and event.at.time > docket.filing_until
    if docket.frozen and not docket.finished and phase is not CasePhase.VOID and is_due:
        if _is_time(book, record):
            _send(book, record, filing, CaseAct.FINISH, event.status)
    elif docket.finished or not _brings_more(event):
        book.do(CloseCase(record, filing, docket.finished))


def _brings_more(event: o.CaseRead) -> bool:
    """Whether the filer gets something once the deal is finished: who won, and whose case made a
    miner bring what it had withheld."""
    status = event.status
    cured = status.withheld and event.docket.cured and status.phase is CasePhase.REJECTED
    return cured or status.phase is CasePhase.UPHELD


def _may_appeal(filing: Filing, event: o.CaseRead) -> bool:
    status = event.status
    lost = status.phase is CasePhase.DECIDED and status.outcome in LOST
    # What jurors could fetch is not withheld, whatever is seen from here.
    return lost and filing.fault.right is not None and status.round < 2


def _consider_appeal(book: RunBook, record: DealRecord, filing: Filing, event: o.CaseRead) -> None:
    """Only if the task, run once more, leaves what was shown. Until the court has it, so that no
    killed process and no node that is away loses it."""
    memory = book.memory(record).case
    if challenging.is_doubtful(book.state):
        return
    if memory.sure is None:
        book.do(RunFaultAgain(record, filing))
        return
    deposit = event.status.deposit + event.appeal
    if memory.sure and deposit - filing.deposit <= book.state.bond_left(deposit):
        if not filing.appealed or deposit > filing.deposit:
            filing = book.file(replace(filing, appealed=True, deposit=deposit))
        _send(book, record, filing, CaseAct.APPEAL, event.status)


def _send(
    book: RunBook, record: DealRecord, filing: Filing, act: CaseAct, status: CaseStatus
) -> None:
    step = (status.phase, status.round, int(status.second), status.deadline, status.revealed)
    book.do(SendCaseAct(record, filing, act, status.round, "-".join(f"{n:d}" for n in step)))


def _is_time(book: RunBook, record: DealRecord) -> bool:
    memory: CaseMemory = book.memory(record).case
    if book.now < memory.tried + challenging.TRY_AGAIN:
        return False
    memory.tried = book.now
    return True


def _close(book: RunBook, filing: Filing, end: str, cost: int, reward: int) -> None:
    filing = book.file(replace(filing, stage=FilingStage.CLOSED, end=end, cost=cost, reward=reward))
    book.tell(CaseEnded(filing.deal, filing.number, end, cost, reward))
