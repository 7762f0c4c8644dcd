"""Which results are checked by running their tasks again here: so that a lie does not pay, and
nobody can tell which.

Each task of a deal is drawn by itself, with one chance for the whole deal that is fixed when the
deal is signed, and a secret that was drawn with the job: so a restart draws the same. One task of
the job is drawn for certain. docs/requesting.md gives the reasons in numbers.
"""

from __future__ import annotations

import hmac
import os
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future

from suanli.engine import Executor, Result
from suanli.job import Manifest, StoredJob, leaf_of
from suanli.protocol import Leaf

MOST_RUNNING = 2 * len(os.sched_getaffinity(0))
"""Tasks that are run again side by side, or wait for it."""


def drawn(
    secret: bytes, part: int, tasks: Sequence[int], odds: float, good: Sequence[bool], of_job: int
) -> list[int]:
    """Positions in a deal that are run again: those whose program failed, since a claimed failure
    would bill the whole limit, and those that are drawn. `part`: the deal's number; `odds`: its
    chance; `good`: whether each program ended well; `of_job`: tasks of the whole job."""
    one = _certain(secret, of_job) if odds else None
    return [
        position
        for position, task in enumerate(tasks)
        if not good[position] or task == one or _draw(secret, part, task) < odds
    ]


def expected_reruns(deals: Iterable[tuple[int, float]]) -> float:
    """How many tasks are run again in all, for the tasks and the chance of each deal."""
    deals = [deal for deal in deals if deal[0]]
    count = sum(tasks for tasks, _ in deals)
    by_chance = sum(tasks * odds for tasks, odds in deals)
    # The one that is certain may be drawn, too.
    return by_chance + (1 - by_chance / count) if by_chance else 0.0


def rerun(
    job: StoredJob,
    part: Manifest,
    leaves: Sequence[Leaf] | Mapping[int, Leaf],
    chosen: Sequence[int],
    pool: Executor,
) -> Mapping[int, Leaf]:
    """Run chosen tasks again; the right leaf of each that differs, by task.

    Raises:
        EngineError: this machine could not decide.
    """
    module, differing = job.module(part.module), {}
    running: deque[tuple[int, Future[Result]]] = deque()
    for index in [*chosen, None]:
        if index is not None:
            running.append((index, pool.submit(part.engine_task(index, module, job.read))))
        # Their inputs and outputs are held in memory: of a few only.
        while len(running) > (0 if index is None else MOST_RUNNING):
            done, future = running.popleft()
            found = leaf_of(done, future.result(), job.salt)
            if found != leaves[done]:
                differing[done] = found
    return differing


def _certain(secret: bytes, of_job: int) -> int:
    return int.from_bytes(hmac.digest(secret, b"certain", "sha256")) % of_job


def _draw(secret: bytes, part: int, task: int) -> float:
    """From 0 to below 1. Another deal over the same task draws anew: what an earlier one showed
    tells nothing."""
    digest = hmac.digest(secret, b"%d %d" % (part, task), "sha256")
    return int.from_bytes(digest[:6]) / 2**48
