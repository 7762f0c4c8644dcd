"""Tasks that nobody has are offered to miners, and paid for in advance: never above the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from suanli.client.errors import BudgetTooSmall, NobodyTakes
from suanli.client.events import MayDouble, Trouble, Waiting
from suanli.client.failures import require_hope
from suanli.client.plan import Assignment, Candidate, Plan, plan
from suanli.client.records import DealRecord, DealStage
from suanli.client.run.core import awaiting, hedging
from suanli.client.run.core import observations as o
from suanli.client.run.core.barring import barred, reasons
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.instructions import (
    DealAct,
    Deposit,
    Placement,
    Purpose,
    ReadOffers,
    ReadOutputs,
    ReadTerms,
)
from suanli.client.run.core.offering import to_lock, with_our_load
from suanli.client.run.core.state import RunState, name_of

DOUBLE_EVERY = 5.0
"""Seconds between looks for deals to be doubled."""
FIRST = Placement()
PUT_OFF = 10.0
"""Seconds for which a miner may put off what others could take."""


def owed(state: RunState) -> list[DealRecord]:
    """Deals to be offered once more, as many as the budget allows, so that their miners are paid
    after all: they need only do again what they did."""
    latest = {(record.miner, record.tasks): record for record in state.records.values()}
    left, found = state.left, []
    for record in latest.values():
        if record.unpaid and record.lock <= left:
            found.append(record)
            left -= record.lock
    return found


def offer_again(book: RunBook) -> None:
    if owed(book.state):
        _read_offers(book, Purpose.OWED)


def take_from_busy(book: RunBook) -> None:
    """Call back what its miner puts off for a while, if others can take all of it now."""
    waits = False
    for record in book.state.live():
        memory = book.memory(record)
        if record.stage is not DealStage.OPEN or not record.why or record.acceptance:
            memory.put_off_since = None
        elif memory.put_off_since is None:
            memory.put_off_since = book.now
        waits = waits or _is_put_off(book, record)
    if waits:
        _read_offers(book, Purpose.BUSY)


def place_tasks(book: RunBook) -> None:
    """Give tasks that nobody has to miners; if there are none, what miners are late with."""
    state = book.state
    if not _to_place(book):
        state.idle_since = None
        if not state.waiting():
            _double(book)
        return
    bound = state.options.stop_after_failures
    kept = [state.results[task] for task in sorted(state.results)]
    if bound and len(kept) >= bound and not any(result.ok for result in kept):
        book.do(ReadOutputs(kept[:bound]))
    else:
        _read_offers(book, Purpose.TASKS)


def fund(book: RunBook) -> None:
    """Deposit what miners are about to lock."""
    if any(record.stage is DealStage.SIGNED for record in book.state.records.values()):
        book.do(Deposit(to_lock(book.state)))


def outputs_read(book: RunBook, event: o.OutputsRead) -> None:
    """Raises TasksFailed if the first tasks all failed, and alike."""
    setting = book.state.setting
    require_hope(event.first, len(book.state.results), setting.limits, setting.job)
    _read_offers(book, Purpose.TASKS)


def offers_read(book: RunBook, event: o.OffersRead) -> None:
    match event.purpose:
        case Purpose.TASKS:
            _place(book, event)
        case Purpose.OWED:
            _place_owed(book, event)
        case Purpose.BUSY:
            _call_back(book, event)
        case Purpose.DOUBLE:
            _place_double(book, event)


def _read_offers(book: RunBook, purpose: Purpose, number: int = -1) -> None:
    book.do(ReadOffers(purpose, book.state.options, number))


def _plan(
    book: RunBook,
    event: o.OffersRead,
    tasks: Sequence[int],
    barred_: Mapping[int, Mapping[str, str]],
    most: int,
) -> Plan:
    state = book.state
    state.offers = [with_our_load(state, offer) for offer in event.offers]
    found = plan(tasks, state.offers, event.need, state.setting.scale, most, barred_)
    state.scores = found.scores
    state.first_uses = {part.miner: part.first_use for part in found.parts}
    return found


def _add(book: RunBook, assignments: Sequence[Assignment], placement: Placement = FIRST) -> None:
    if assignments:
        book.do(ReadTerms(placement, assignments, book.state.options))


# New tasks


def _to_place(book: RunBook) -> list[int]:
    """Tasks that nobody has, and whose results don't come from whoever withheld them."""
    awaited = awaiting.awaited(book)
    return [task for task in book.state.waiting() if task not in awaited]


def _place(book: RunBook, event: o.OffersRead) -> None:
    state = book.state
    waiting = _to_place(book)
    found = _plan(book, event, waiting, barred(state, waiting), state.left)
    if not state.records:
        _require_budget(state, found)
        most = hedging.bound(book, found.lock + (found.least or 0))
        if most > 0 and found.parts:
            book.tell(MayDouble(most, bool(state.options.hedge)))
    if not found.parts:
        _give_up_in_time(book, found)
        return
    state.idle_since = None
    _add(book, found.parts)


def _require_budget(state: RunState, found: Plan) -> None:
    if not found.unplaced or found.least is None:
        return
    total, show = found.lock + found.least, state.setting.show
    if total > state.left:
        raise BudgetTooSmall(
            f"the job may cost {show(total)} at worst, the budget is {show(state.budget)}:"
            f" raise it (suanli job resume {state.setting.job} --budget TOKENS), lower the job's"
            " limits, or wait for lower prices",
            total,
        )


def _give_up_in_time(book: RunBook, found: Plan) -> None:
    """Offers may come: wait for them a while, but not for ever."""
    state = book.state
    live = [record for record in state.live() if name_of(record) not in state.stuck]
    if any(record.running or record.stage is DealStage.CALLED for record in live):
        state.idle_since = None
        return
    # Nothing is lost by saying at once that a job that never began can't.
    seconds = state.options.patience if state.records else 0.0
    if state.idle_since is None:
        state.idle_since = book.now
        if seconds:
            book.tell(Waiting(len(found.unplaced), tuple(reasons(state, found)), seconds))
    if book.now - state.idle_since <= seconds:
        return
    _require_budget(state, found)
    advice = f"To try again: suanli job resume {state.setting.job}"
    raise NobodyTakes(len(found.unplaced), reasons(state, found), advice)


# What a reorganization undid


def _place_owed(book: RunBook, event: o.OffersRead) -> None:
    known = {offer.miner: offer for offer in event.offers}
    for record in owed(book.state):
        request = record.request
        miner = known.get(record.miner, Candidate(record.miner, 0, 0, 0))
        again = Assignment(
            record.miner,
            request.miner,
            record.tasks,
            request.units,
            request.max_price,
            record.lock,
            record.seconds,
            request.duration,
            event.need.confirm_within_for(miner),
            # A miner keeps its old key as long as a deal may name it.
            seal_to=(miner.public_key or record.seal_to) if event.need.sealed else b"",
        )
        _add(book, [again])


# What busy miners put off


def _is_put_off(book: RunBook, record: DealRecord) -> bool:
    since = book.memory(record).put_off_since
    return since is not None and book.now - since > PUT_OFF


def _call_back(book: RunBook, event: o.OffersRead) -> None:
    state = book.state
    for record in state.live():
        if record.stage is not DealStage.OPEN or not _is_put_off(book, record):
            continue
        shut = barred(state, record.tasks)
        for miners in shut.values():
            miners[record.miner] = record.why
        if not _plan(book, event, record.tasks, shut, state.left).unplaced:
            # It may be about to take them: they go elsewhere once it can't any more.
            book.send(record, DealAct.CANCEL)


# What silent or late miners have


def _double(book: RunBook) -> None:
    late, state = hedging.late(book.state), book.state
    if not late or book.now < state.double_at:
        return
    state.double_at = book.now + DOUBLE_EVERY
    for number in late:
        if _to_double(state, state.records[number], late):
            _read_offers(book, Purpose.DOUBLE, number)


def _to_double(state: RunState, record: DealRecord, late: Mapping[int, str]) -> list[int]:
    """Tasks of a late deal that no other has that is not."""
    had = set(state.results)
    for other in state.live():
        if other.running and other.number not in late:
            had |= set(other.tasks)
    return [task for task in record.tasks if task not in had]


def _place_double(book: RunBook, event: o.OffersRead) -> None:
    state, late = book.state, hedging.late(book.state)
    record = state.records[event.number]
    tasks = _to_double(state, record, late)
    if record.number not in late or not tasks:
        return
    shut = barred(state, tasks)
    for other in state.live():
        if other.running:
            for task in shut.keys() & set(other.tasks):
                shut[task][other.miner] = "it has these tasks"
    found = _plan(book, event, tasks, shut, hedging.left(state))
    why, memory = late[record.number], book.memory(record)
    _add(book, found.parts, Placement(record.number, why))
    if found.unplaced and not memory.told_undoubled:
        memory.told_undoubled = True
        book.tell(
            Trouble(
                f"{len(found.unplaced)} tasks of deal {record.number} can't be placed a second"
                f" time though {why}: {_obstacle(state, found)}"
            )
        )


def _obstacle(state: RunState, found: Plan) -> str:
    if found.least is not None:
        show, left = state.setting.show, hedging.left(state)
        return f"they may cost {show(found.least)}, {show(left)} may be used for that"
    return "; ".join(reasons(state, found, ends=False)) or "there are no other offers"
