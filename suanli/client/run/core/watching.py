"""How far the deals are that miners confirmed, and how long nothing was heard of them."""

from __future__ import annotations

from suanli.client.events import FellSilent, Progressed
from suanli.client.records import DealRecord, DealStage
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.instructions import AskProgress
from suanli.client.run.core.state import Heard, RunState

ASK_EVERY = 4.0
"""Seconds between questions about a deal; miners tell at least every 12 that they are there."""
QUIET, QUIET_AGAIN = 30.0, 60.0
"""Seconds of silence that are told, and after which they are told again."""
LOST = 60.0
"""Seconds of silence after which a miner is taken to be gone."""
OVERTIME = 2.0
"""So many times what a deal can take, where its miner can't be heard of."""


def look(book: RunBook, record: DealRecord, event: o.DealRead) -> None:
    """Ask for news of a confirmed deal."""
    deal, memory = event.deal, book.memory(record)
    assert deal is not None
    if memory.heard is None:
        memory.heard = Heard(book.now - ASK_EVERY)
    known = memory.heard
    known.elapsed = event.seen.time - (deal.time - record.request.duration)
    if book.now >= known.asked + ASK_EVERY and _can_be_heard(book.state, record):
        book.do(AskProgress(record))


def told(book: RunBook, event: o.ProgressRead) -> None:
    record = book.state.records[event.number]
    memory = book.memory(record)
    known, chain = memory.heard, memory.chain
    if (
        known is None
        or chain is None
        or chain.deal is None
        or record.stage is not DealStage.CONFIRMED
    ):
        return
    passed, known.asked = book.now - known.asked, book.now
    if event.told is None:
        return  # it may well have told
    left, tasks = chain.deal.time - chain.seen.time, len(record.tasks)
    news = next((said for said in event.told if said.issued > known.issued), None)
    if news is None:
        known.silent += passed
        _quiet(book, record, known, left)
        return
    known.silent, known.told = 0.0, 0.0
    known.issued, known.done = news.issued, min(news.done, tasks)
    rest = known.elapsed / known.done * (tasks - known.done) if known.done else None
    book.tell(Progressed(record.number, record.miner, known.done, tasks, rest, left))


def is_lost(state: RunState, record: DealRecord) -> bool:
    """Whether its miner seems to be gone."""
    known = state.memory[record.number].heard
    if known is None or record.stage is not DealStage.CONFIRMED:
        return False
    if _can_be_heard(state, record):
        return known.silent >= LOST
    return record.seconds is not None and known.elapsed > OVERTIME * record.seconds + LOST


def elapsed(state: RunState, record: DealRecord) -> int:
    """Seconds since it was confirmed, by the chain's clock."""
    known = state.memory[record.number].heard
    return known.elapsed if known else 0


def silence(state: RunState, record: DealRecord) -> float:
    """Seconds for which nothing was heard of it."""
    known = state.memory[record.number].heard
    return known.silent if known else 0.0


def _can_be_heard(state: RunState, record: DealRecord) -> bool:
    """Of what was posted the relay does not know."""
    return state.setting.has_relay and not record.posted


def _quiet(book: RunBook, record: DealRecord, known: Heard, left: int) -> None:
    after = known.told + QUIET_AGAIN if known.told else QUIET
    if known.silent >= after:
        known.told = known.silent
        tasks = len(record.tasks)
        book.tell(FellSilent(record.number, record.miner, known.silent, known.done, tasks, left))
