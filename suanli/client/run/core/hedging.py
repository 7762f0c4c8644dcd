"""Which deals are placed a second time, since their miner seems to be gone or is late.

A confirmed deal is paid for what it delivers, doubled or not, and holds its money until its
deadline: doubling takes more of the budget, and what it may take is bounded.
"""

from __future__ import annotations

from suanli.base.text import rough
from suanli.client.records import DealRecord, DealStage
from suanli.client.run.core import watching
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.state import RunState

STRAGGLES = 2.0
"""So many times what is expected of it a deal takes before it is doubled on wish."""
AT_LEAST = 10.0
"""Seconds that it may be late in any case."""
SHARE = 2
"""Without a wish doubled deals hold and cost the budget divided by this at most."""


def most(hedge: bool | None, budget: int) -> int:
    """Base units that doubling may take of a budget in all; `hedge`: see Options."""
    if hedge is None:
        return budget // SHARE
    return budget if hedge else 0


def left(state: RunState) -> int:
    """Base units that doubling may take now."""
    allowed = most(state.options.hedge, state.budget)
    if state.doubling is not None:
        allowed = min(allowed, state.doubling)
    taken = sum(r.reserved for r in state.records.values() if r.doubles is not None)
    return max(0, min(state.left, allowed - taken))


def bound(book: RunBook, worst: int) -> int:
    """What it may take of a job that begins: no more than all of it once more, which may cost
    `worst` base units. From now on it is kept to."""
    state = book.state
    found = max(0, min(most(state.options.hedge, state.budget), state.budget - worst, worst))
    state.doubling = found
    book.set_facts(doubling=str(found))
    return found


def late(state: RunState) -> dict[int, str]:
    """Deals to be doubled, by number, and why."""
    if state.options.hedge is False:
        return {}
    confirmed = [record for record in state.live() if record.stage is DealStage.CONFIRMED]
    return {record.number: why for record in confirmed if (why := _why(state, record))}


def _why(state: RunState, record: DealRecord) -> str:
    silence, elapsed = watching.silence(state, record), watching.elapsed(state, record)
    if watching.is_lost(state, record):
        heard = f"its miner was not heard of for {rough(silence)}"
        return heard if silence else f"it is not done after {rough(elapsed)}"
    expected = _expected(state, record)
    if not state.options.hedge or expected is None:
        return ""
    if elapsed <= max(STRAGGLES * expected, expected + AT_LEAST):
        return ""
    return f"it is not done after {rough(elapsed)}, {rough(expected)} were expected"


def _expected(state: RunState, record: DealRecord) -> float | None:
    """Seconds, by what the job's tasks used so far; by their limit if none is done."""
    used = [kept.leaf.units for kept in state.results.values()]
    if record.seconds is None or not used:
        return record.seconds
    limit = record.request.units / len(record.tasks)
    return record.seconds * sum(used) / len(used) / limit
