"""Room on the disk for what tasks leave: pure functions, in bytes.

Workers have at most so many tasks in hand, whatever the deals; what a task left gives way once it
is in the requesters' store. So room is needed for the largest tasks that may be in hand at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from suanli.engine import Limits
from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import CoreState, MinerDeal
from suanli.miner.core.stages import AT_WORK

BLOCK = 4_096
"""That a file may take up beyond its size."""
HANDED = 2
"""Tasks handed to each worker at once, so that none waits for the next."""


def most_of_task(limits: Limits) -> int:
    """That a task may leave on the disk."""
    written = limits.file_bytes + limits.stdout_bytes + limits.stderr_bytes
    return written + limits.files * BLOCK


def needed(tasks: Iterable[tuple[int, int]], in_hand: int) -> int:
    """For the largest `in_hand` of the tasks, which are given as how many of what size."""
    whole = 0
    for count, size in sorted(tasks, key=lambda item: -item[1]):
        taken = min(count, in_hand)
        whole, in_hand = whole + taken * size, in_hand - taken
    return whole


def needed_for(state: CoreState, deal: MinerDeal | None = None) -> int:
    """For the deals at work, and one more."""
    deals = [d for d in state.live() if d.stage in AT_WORK and d is not deal]
    tasks = [_left(d) for d in (*deals, *([deal] if deal else []))]
    return needed(tasks, HANDED * state.settings.workers)


def _left(deal: MinerDeal) -> tuple[int, int]:
    work = deal.work
    return (work.tasks - len(deal.leaves), work.most_bytes) if work else (0, 0)


def objection(state: CoreState, deal: MinerDeal) -> Reason | None:
    """Whether what a checked request's tasks leave finds room."""
    if deal.work is None or state.room is None or not deal.work.most_bytes:
        return None
    if (wanted := needed_for(state, deal)) <= state.room:
        return None
    count, size = min(deal.work.tasks, HANDED * state.settings.workers), deal.work.most_bytes
    why = f"{count} tasks at once may leave {size} bytes each, this miner has room for {state.room}"
    never = count * size > state.room + state.stored
    if never or wanted == count * size:
        why += ": lower file_bytes, stdout_bytes or files in [limits]"
    return Reason("disk", why, final=never)
