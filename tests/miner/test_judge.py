"""The time that a deal may take: never less than it can take."""

from __future__ import annotations

import heapq
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from suanli.miner.judge import Load, seconds_needed
from tests.miner.simulation import SETTINGS

loads = st.builds(
    lambda tasks, size, deadline: Load(tasks * size, size, deadline),
    tasks=st.integers(1, 12),
    size=st.integers(1, 40),
    deadline=st.integers(1, 5),
)


def finished(load: Load, others: list[Load], workers: int, held: int) -> float:
    """When workers that take tasks by deadline, one unit a second, are done with `load`.

    At the start `held` of them hold a task of the least urgent deals. `load` comes last among
    equals.
    """
    idle = [0.0] * workers
    less = [size for other in others if other.deadline > load.deadline for size in tasks_of(other)]
    for index, size in enumerate(sorted(less, reverse=True)[: min(held, workers)]):
        idle[index] = float(size)
    heapq.heapify(idle)
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


@given(loads, st.lists(loads, max_size=5), st.integers(1, 6), st.integers(0, 6))
def test_no_order_of_work_takes_longer(
    load: Load, others: list[Load], workers: int, held: int
) -> None:
    settings = replace(SETTINGS, workers=workers, speed=1.0)
    assert finished(load, others, workers, held) <= seconds_needed(load, others, settings) + 1e-9


def test_it_is_not_far_above_what_it_takes() -> None:
    settings = replace(SETTINGS, workers=2, speed=10.0)
    assert seconds_needed(Load(1_000, 10, 9), [], settings) == 51.0
    urgent, later = Load(200, 10, 1), Load(5_000, 40, 99)
    assert seconds_needed(Load(1_000, 10, 9), [urgent, later], settings) == 65.0
