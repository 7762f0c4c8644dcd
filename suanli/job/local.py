"""Run a whole job on an executor of this machine."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from suanli.engine import Executor, Result
from suanli.job.file import Job
from suanli.job.gathering import Left, gather, gather_task, gathered_by_program, whole
from suanli.job.outputs import leaf_of
from suanli.protocol import Leaf, Tree


@dataclass(frozen=True)
class LocalRun:
    """What a job did: `results` by task, `files` the gathered result, `seconds` of wall time.

    `files` is None if tasks failed: then nothing is gathered.
    """

    results: list[Result] = field(repr=False)
    leaves: list[Leaf] = field(repr=False)
    root: bytes
    units: int
    fuel: int
    seconds: float
    files: dict[str, bytes] | None = field(repr=False)

    @property
    def failed(self) -> list[int]:
        return [index for index, result in enumerate(self.results) if not result.ok]


def run_local(
    job: Job, executor: Executor, *, ahead: int, on_done: Callable[[int, Result], None]
) -> LocalRun:
    """Run all tasks, those with most input first, and gather.

    At most `ahead` tasks are handed over and not yet done: that bounds the inputs in memory.
    `on_done` hears of each task as it ends. All outputs are kept in memory.

    Raises:
        DataError: an input changed meanwhile.
        GatherError, ScheduleError: the outputs can't be gathered as asked.
        EngineError: this machine could not run a task.
    """
    begun = time.monotonic()
    found: dict[int, Result] = {}
    for index, result in _results(job, executor, ahead):
        found[index] = result
        on_done(index, result)
    results = [found[index] for index in range(len(found))]
    leaves = [leaf_of(index, result, job.salt) for index, result in enumerate(results)]
    tree = Tree(leaves)
    files = (
        _gathered(job, executor, dict(enumerate(results))) if all(r.ok for r in results) else None
    )
    fuel = sum(result.fuel for result in results)
    seconds = time.monotonic() - begun
    return LocalRun(results, leaves, tree.root, tree.total, fuel, seconds, files)


def _results(job: Job, executor: Executor, ahead: int) -> Iterator[tuple[int, Result]]:
    manifest = job.manifest
    module = job.module(manifest.module)
    by_input = sorted(range(len(manifest.tasks)), key=manifest.input_bytes, reverse=True)
    waiting = iter(by_input)
    under_way: dict[Future[Result], int] = {}
    while True:
        while len(under_way) < ahead and (index := next(waiting, None)) is not None:
            task = manifest.engine_task(index, module, job.read)
            under_way[executor.submit(task)] = index
        if not under_way:
            return
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            yield under_way.pop(future), future.result()


def _gathered(job: Job, executor: Executor, results: Mapping[int, Result]) -> dict[str, bytes]:
    how = job.manifest.gather
    left = {index: Left.of(result) for index, result in results.items()}
    if how.module is None:
        return whole(gather(how, left))
    task = gather_task(job.manifest, left, job.module(how.module))
    return whole(gathered_by_program(how, executor.submit(task).result()))
