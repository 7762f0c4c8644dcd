"""The time that a deal may take: never less than it can take."""

from __future__ import annotations

import heapq
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.miner.core import CoreState, MinerDeal
from suanli.miner.core.judge import (
    GWEI,
    HANDED,
    MOST_HANDED,
    Load,
    handed_out,
    objection,
    seconds_needed,
)
from suanli.schedule import Pace
from tests.harness.simulation import (
    PRICE,
    REQUESTER,
    SETTINGS,
    START,
    changed,
    id_of,
    request,
    view,
)

loads = st.builds(
    lambda tasks, size, deadline: Load(tasks * size, size, deadline),
    tasks=st.integers(1, 12),
    size=st.integers(1, 40),
    deadline=st.integers(1, 5),
)


def finished(load: Load, others: list[Load], workers: int, handed: int, chance: Random) -> float:
    """When workers that take tasks by deadline, one unit a second, are done with `load`.

    At the start so many tasks of less urgent deals were `handed` out, as far as may be. `load`
    comes last among equals.
    """
    idle = [0.0] * workers
    less = [size for other in others if other.deadline > load.deadline for size in tasks_of(other)]
    chance.shuffle(less)
    for size in less[: min(handed, HANDED * workers)]:
        heapq.heappush(idle, heapq.heappop(idle) + size)
    last = 0.0
    queue = sorted((o for o in others if o.deadline <= load.deadline), key=lambda o: o.deadline)
    for one in [*queue, load]:
        for size in tasks_of(one):
            end = heapq.heappop(idle) + size
            heapq.heappush(idle, end)
            last = max(last, end) if one is load else last
    return last


def tasks_of(load: Load) -> list[int]:
    return [load.task_units] * (load.units // load.task_units)


def test_what_is_short_by_its_limit_is_handed_out_by_the_dozen() -> None:
    pace = Pace(2, 900.0)
    assert handed_out(100_000, pace) == handed_out(450, pace) == 2 * HANDED
    assert handed_out(10, pace) == 2 * 90
    assert handed_out(1, pace) == 2 * MOST_HANDED
    later = Load(1_000, 10, 99)
    assert seconds_needed(Load(10, 10, 9), [later], pace) == (1_000 / 2 + 10) / 900
    assert seconds_needed(Load(10, 10, 9), [Load(90_000, 10, 99)], pace) == (900 + 10) / 900


@given(
    loads,
    st.lists(loads, max_size=5),
    st.integers(1, 6),
    st.integers(0, 12),
    st.randoms(use_true_random=False),
)
def test_no_order_of_work_takes_longer(
    load: Load, others: list[Load], workers: int, handed: int, chance: Random
) -> None:
    took = finished(load, others, workers, handed, chance)
    assert took <= seconds_needed(load, others, Pace(workers, 1.0)) + 1e-9


def test_it_is_not_above_what_it_may_take() -> None:
    assert seconds_needed(Load(100, 100, 9), [], Pace(4, 10.0)) == 10.0, "one task, counted once"
    two = Pace(2, 10.0)
    assert seconds_needed(Load(1_000, 10, 9), [], two) == 50.5
    urgent, later = Load(200, 10, 1), Load(5_000, 40, 99)
    assert seconds_needed(Load(1_000, 10, 9), [urgent, later], two) == 68.5
    assert seconds_needed(Load(1_000, 10, 9), [urgent, Load(80, 40, 99)], two) == 64.5
    assert seconds_needed(Load(0, 10, 9), [urgent], two) == 10.0, "done, and behind the urgent one"


@pytest.mark.parametrize(
    ("settings", "changes", "why"),
    [
        ({"ask": 3 * PRICE}, {}, "price: asks 3 tokens a unit, the bid is 2"),
        ({"least": 300 * PRICE}, {}, "price: pays 200 tokens at most, 300 are the least here"),
        (
            {},
            {"funds": {REQUESTER: PRICE // 2}},
            f"money: {REQUESTER} has 0.5 tokens available in the market, 200 are needed",
        ),
        (
            {"max_fee": 100 * GWEI},
            {"gas": 10**15},
            "gas: this miner has 0.001 ether for gas, 0.0012 are kept for results",
        ),
    ],
)
def test_requesters_read_amounts_as_tokens(
    settings: dict[str, int], changes: dict[str, Any], why: str
) -> None:
    state = CoreState(changed(SETTINGS, **settings), view=view(**changes))
    deal = MinerDeal(id_of(request()), request(), b"\x01", True, START)
    assert str(objection(state, deal, START)) == why
