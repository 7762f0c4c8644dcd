"""What is done in a round, one thing after the other; whatever fails keeps nothing else from it.
Then whether the run is over."""

from __future__ import annotations

from collections.abc import Callable

from suanli.base.errors import SuanliError
from suanli.client.events import Trouble
from suanli.client.records import DealRecord, DealStage, Filing
from suanli.client.run.core import challenging, placing, pleading, watching
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.instructions import Finish, GiveUp, ReadDeal, ReadEnd, Wait
from suanli.client.run.core.state import Round, RunState, case_name, name_of
from suanli.engine import EngineError

DEEP = 30
"""Blocks below which no end is undone any more, as far as we look."""
_PLACING, _MONEY = "placing", "money"


def begin(book: RunBook, event: o.RoundBegun) -> None:
    state = book.state
    state.round = Round(event.head, event.seen)
    _hush(state)
    agenda = state.round.agenda
    for filing in state.open_filings():
        # Whoever is silent before a court loses: nothing keeps us from it.
        agenda.append((case_name(filing), _pleading(book, filing)))
    for record in _to_see_again(state, event.seen):
        agenda.append((name_of(record), _asking(book, ReadEnd(record, event.seen.number))))
    if not state.closing:
        for act in (placing.offer_again, placing.take_from_busy, placing.place_tasks):
            agenda.append((_PLACING, _bound(act, book)))
        agenda.append((_MONEY, _bound(placing.fund, book)))
    agenda.append(("", lambda: _deals(book)))
    go_on(book)


def unreachable(book: RunBook, event: o.Unreachable) -> None:
    """A round in which nothing can be done."""
    state = book.state
    state.round = Round(state.round.head, state.round.seen)
    _hush(state)
    _trouble(book, event.why, event.key)
    _close(book)


def go_on(book: RunBook) -> None:
    """The next thing that there is to do."""
    now = book.state.round
    while now.agenda:
        now.name, act = now.agenda.popleft()
        act()
        if book.out:
            return
    now.name = ""
    if _raise_when_nothing_goes_on(book):
        return
    _close(book)


def failed(book: RunBook, event: o.Failed) -> None:
    now = book.state.round
    if now.name == _PLACING:
        while now.agenda and now.agenda[0][0] == _PLACING:
            now.agenda.popleft()
    if now.name == _MONEY:
        now.funded = False
    if event.passing:
        now.troubled = True
        _trouble(book, event.why, event.key)
    else:
        now.failed[now.name] = event.error


def refuse(book: RunBook, error: SuanliError) -> None:
    """What the core itself finds to be impossible."""
    failed(book, o.Failed(book.now, error, str(error), str(error), passing=False))


def _deals(book: RunBook) -> None:
    now, state = book.state.round, book.state
    # What is called back comes last: each waits for a block.
    live = sorted(state.live(), key=lambda record: record.stage is DealStage.CALLED)
    for record in live:
        if name_of(record) not in state.stuck:
            now.agenda.append((name_of(record), _reading(book, record.number)))


def _reading(book: RunBook, number: int) -> Callable[[], None]:
    def read() -> None:
        record = book.state.records[number]
        if record.stage is not DealStage.ENDED:
            book.do(ReadDeal(record, book.state.round.seen.number))

    return read


def _pleading(book: RunBook, filing: Filing) -> Callable[[], None]:
    return lambda: pleading.look(book, filing)


def _asking(book: RunBook, instruction: ReadEnd) -> Callable[[], None]:
    return lambda: book.do(instruction)


def _bound(act: Callable[[RunBook], None], book: RunBook) -> Callable[[], None]:
    return lambda: act(book)


def _to_see_again(state: RunState, seen: o.At) -> list[DealRecord]:
    """Deals whose end may have been undone: recent ones, and all once when a run begins."""
    return [
        record
        for record in state.records.values()
        if record.stage is DealStage.ENDED
        and (not state.memory[record.number].seen_again or seen.number < record.ended_at + DEEP)
    ]


# Troubles


def _hush(state: RunState) -> None:
    """What was said in the last round is not said again."""
    state.said, state.saying = state.saying, set()


def _trouble(book: RunBook, why: str, key: str) -> None:
    """Tell of it, once as long as it lasts."""
    book.state.saying.add(key)
    if key not in book.state.said:
        book.state.said.add(key)
        book.tell(Trouble(why))


def _raise_when_nothing_goes_on(book: RunBook) -> bool:
    """What failed for good ends the run, but not while other deals still get on."""
    state, now = book.state, book.state.round
    for name, error in now.failed.items():
        if isinstance(error, EngineError):
            state.stuck[name] = error  # it took long, and would again
    every = state.stuck | now.failed
    if not every:
        # What could not be tried may fail as it did before.
        state.failing_since = state.failing_since if now.troubled else None
        return False
    if state.failing_since is None:
        state.failing_since = book.now
    error = next(iter(every.values()))
    others = [record for record in state.live() if name_of(record) not in every]
    goes_on = now.moved or any(record.running for record in others)
    goes_on = goes_on or any(case_name(filing) not in every for filing in state.open_filings())
    goes_on = goes_on or any(challenging.may_be_challenged(state, record) for record in others)
    if not goes_on and book.now - state.failing_since <= state.options.patience:
        goes_on = any(record.stage is DealStage.ACCEPTED for record in others)
    if not goes_on:
        book.do(GiveUp(error))
        return True
    _trouble(book, str(error), str(error))
    return False


# The end


def _close(book: RunBook) -> None:
    book.do(Finish() if _is_over(book) else Wait())


def _is_over(book: RunBook) -> bool:
    state = book.state
    live, done, closing = state.live(), state.done, state.closing
    if state.round.moved or state.open_filings():
        return False
    if any(challenging.may_be_challenged(state, record) for record in live):
        return False
    if not live and (closing or (done and not placing.owed(state))):
        return True
    if done and not closing:
        # Its results are there: whoever still works on some is paid, but not awaited for ever.
        busy = any(record.stage in (DealStage.SIGNED, DealStage.OPEN) for record in live)
        if all(_is_left(state, record) for record in live) and not placing.owed(state):
            return True
    else:
        busy = any(record.running for record in live) or not (done or closing)
    if busy:
        state.settling_since = None
        return False
    # Only payments are awaited: miners collect them in their own time.
    if state.settling_since is None:
        state.settling_since = book.now
    return book.now - state.settling_since > state.options.patience


def _is_left(state: RunState, record: DealRecord) -> bool:
    """Whether its miner is gone, and its money comes back only after a while."""
    left = record.request.duration - watching.elapsed(state, record)
    return watching.is_lost(state, record) and left > state.options.patience
