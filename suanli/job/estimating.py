"""What a job's tasks need, learned by running a few of them here.

Fuel is the same on every machine: what a task used here it will use anywhere. A task that passes
its limit fails and is billed all of it, while a limit that is too high only has more money locked
for a while. So the limit that is proposed is generous.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from suanli.base.text import plain
from suanli.engine import UNIT, Executor, Limits, Outcome, Result, TaskTimeout
from suanli.job.file import Job
from suanli.job.gathering import failure
from suanli.job.manifest import Manifest

SECONDS = 10.0
"""Wall time for an estimate that nobody asked for."""
LARGEST, RANDOM = 2, 4
"""Tasks that are tried besides the first and the last: those with most input, and random ones."""
GENEROUS, COMPLETE = 4.0, 1.5
"""Times the most that was used: if some of the tasks were tried, and if all were."""
LEAST = 10
"""Units that are always allowed: what a small task needs varies most."""


@dataclass(frozen=True)
class Estimate:
    """`results` of the tasks that ended here, by number; `late`: those that were stopped at the
    bound of `seconds` wall time; `tasks` of the whole job."""

    tasks: int
    results: Mapping[int, Result] = field(repr=False)
    late: tuple[int, ...]
    seconds: float

    @property
    def measured(self) -> list[int]:
        """Units of each task whose need is known: it ended by itself."""
        return list(self.units_by_task.values())

    @property
    def failed(self) -> dict[int, str]:
        """Why tasks failed, by number."""
        return {i: plain(failure(r)) for i, r in self.results.items() if not r.ok}

    @property
    def units_by_task(self) -> dict[int, int]:
        """Units that each task used, as far as that is known."""
        return {i: r.units for i, r in self.results.items() if r.outcome is Outcome.EXITED}

    @property
    def told(self) -> str:
        """What was tried, for people."""
        tried = f"{len(self.results) + len(self.late)} of {self.tasks:,} tasks tried here"
        if self.late:
            return f"of {tried} {len(self.late)} did not end in {self.seconds:.0f} s"
        if not (units := self.measured):
            return tried
        mean = sum(units) / len(units)
        return f"{tried}: {count(round(mean))} each on average, {max(units):,} at most"

    @property
    def units(self) -> int | None:
        """The limit to write, in units; None if too little is known."""
        starved = any(r.outcome is Outcome.OUT_OF_FUEL for r in self.results.values())
        if self.late or starved or not self.measured:
            return None
        return proposal(self.measured, complete=len(self.results) == self.tasks)

    def mean_units(self, limit: int) -> float | None:
        """Units that a task is billed on average under a limit; None if nothing is known."""
        if self.late or not self.results:
            return None
        return sum(min(r.units, limit) for r in self.results.values()) / len(self.results)

    def to_json(self) -> dict[str, Any]:
        return {
            "tasks": self.tasks,
            "measured": {str(task): units for task, units in self.units_by_task.items()},
            "failures": {str(task): why for task, why in self.failed.items()},
            "late": list(self.late),
            "task_units": self.units,
        }

    @property
    def mean_seconds(self) -> float | None:
        """Of one task on one core here."""
        if self.late or not self.results:
            return None
        return sum(r.seconds for r in self.results.values()) / len(self.results)


def proposal(measured: Sequence[int], *, complete: bool) -> int:
    """The limit, in units, for tasks of which some, or all (`complete`), used so many units.

    The most times `GENEROUS` or `COMPLETE`, at least `LEAST`, rounded up to two digits.
    """
    wanted = max(LEAST, ceil(max(measured) * (COMPLETE if complete else GENEROUS)))
    step = int("1" + "0" * (len(str(wanted)) - 2))
    return -(-wanted // step) * step


def count(units: int) -> str:
    return f"{units:,} unit{'' if units == 1 else 's'}"


def fuel_line(units: int) -> str:
    """What to write into [limits]."""
    return f"fuel = {units * UNIT:_}"


def chosen(manifest: Manifest) -> list[int]:
    """Tasks to try, those with most input first; always the same ones of a job."""
    count = len(manifest.tasks)
    by_input = sorted(range(count), key=manifest.input_bytes, reverse=True)
    others = random.Random(count).sample(range(count), min(RANDOM, count))
    return list(dict.fromkeys([*by_input[:LARGEST], 0, count - 1, *others]))


def estimate(
    job: Job,
    executor: Executor,
    *,
    workers: int,
    seconds: float = SECONDS,
    fuel: int | None = None,
    on_done: Callable[[int], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> Estimate:
    """Try tasks for at most `seconds`, each with `fuel`, by default as much as a job file that
    names none allows, or more if it names more; `on_done` hears the number of each.

    Raises:
        DataError: an input changed meanwhile.
        EngineError: this machine could not run a task.
    """
    limits = job.manifest.limits
    limits = replace(limits, fuel=fuel or max(limits.fuel, Limits().fuel))
    generous = replace(job, manifest=replace(job.manifest, limits=limits))
    executor.prepare(job.module(job.manifest.module))  # compiling is no task's time
    begun, results, late = clock(), {}, []
    for index, result in _results(generous, executor, workers, begun + seconds, clock):
        if result is None:
            late.append(index)
        else:
            results[index] = result
        on_done(index)
    found = dict(sorted(results.items()))
    return Estimate(len(job.manifest.tasks), found, tuple(sorted(late)), clock() - begun)


def _results(
    job: Job, executor: Executor, workers: int, until: float, clock: Callable[[], float]
) -> Iterator[tuple[int, Result | None]]:
    """Results as they come; None for a task that was stopped."""
    module = job.module(job.manifest.module)
    waiting = chosen(job.manifest)[::-1]
    under_way: dict[Future[Result], int] = {}
    result: Result | None
    while True:
        while waiting and len(under_way) < workers and (left := until - clock()) > 0:
            index = waiting.pop()
            task = job.manifest.engine_task(index, module, job.read)
            under_way[executor.submit(task, timeout=left)] = index
        if not under_way:
            return
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            index = under_way.pop(future)
            try:
                result = future.result()
            except TaskTimeout:
                result = None
            yield index, result


def limited(job: Job, units: int) -> Job:
    """The job with a limit of so many units for each task."""
    limits = replace(job.manifest.limits, fuel=units * UNIT)
    return replace(job, manifest=replace(job.manifest, limits=limits))


def limit_told(found: Estimate, limit: int) -> str:
    """In one line, what the estimate made of a job file that names no fuel; `limit` in units."""
    tried = len(found.results) + len(found.late)
    if found.units is None:
        return (
            f"no fuel in [limits], and {_unknown(found, tried)}: each task may use the most,"
            f" {limit:,} units"
        )
    return (
        f"no fuel in [limits]: {tried} tasks tried here used at most {count(max(found.measured))},"
        f" so each may use {limit:,} ({fuel_line(limit)})"
    )


def _unknown(found: Estimate, tried: int) -> str:
    if found.late or not tried:
        return found.told
    first = min(found.failed)
    return f"of {tried} tasks tried here task {first} failed: {found.failed[first]}"
