"""What a job's tasks left, as kept in its folder: neither chain nor account is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self

from suanli.client.errors import TasksFailed
from suanli.client.ledger import Kept, Ledger
from suanli.client.stored import StoredJob
from suanli.client.verification import fetch_output
from suanli.engine import Executor, Pool, Result
from suanli.job import GatherError, gather, gather_task, gathered_by_program
from suanli.job.gathering import failure
from suanli.job.saving import save
from suanli.schedule import ScheduleError
from suanli.store import DirectoryStore
from suanli.text import plain

SHOWN = 5
RECORD = "result.json"
"""What a task's folder says of its end."""


class Results:
    """Iterate over it for accepted results by task."""

    def __init__(
        self, folder: Path, executor: Callable[[], AbstractContextManager[Executor]] = Pool
    ) -> None:
        self.id = folder.name
        self._executor, self._resources = executor, ExitStack()
        self.ledger = Ledger(folder / "job.sqlite")
        self._resources.callback(self.ledger.close)
        facts = self.ledger.facts()
        blobs = DirectoryStore(folder / "blobs")
        self.job = StoredJob.open(facts["name"], bytes.fromhex(facts["job"]), blobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[tuple[Kept, Result]]:
        for kept in self.ledger.results().values():
            yield kept, self._read(kept)

    @property
    def tasks(self) -> int:
        return len(self.job.manifest.tasks)

    def task(self, task: int) -> Result:
        """What a task left. Raises TasksFailed: nothing of it was accepted, or there is none."""
        if not 0 <= task < self.tasks:
            raise TasksFailed(f"job {self.id} has the tasks 0 to {self.tasks - 1}, no {task}")
        kept = self.ledger.results().get(task)
        if kept is None:
            raise TasksFailed(
                f"task {task} has no accepted result yet: suanli job status {self.id}"
            )
        return self._read(kept)

    def files(self, partial: bool = False) -> dict[str, bytes]:
        """The job's gathered result, path to content. `partial`: of the tasks that are done and
        good, whatever became of the others.

        Raises:
            TasksFailed: not every task has a good result, or with `partial` none has.
            GatherError, ScheduleError: the outputs can't be gathered as the job asks.
        """
        found = {kept.task: result for kept, result in self}
        if partial:
            found = {task: result for task, result in found.items() if result.ok}
            if not found:
                raise TasksFailed(f"no task has a good result yet; {self._look_at_them()}")
        else:
            self._require_all(found)
        try:
            return self._gathered(found)
        except (GatherError, ScheduleError) as error:
            by_task = f"each task's outputs by itself: suanli job results {self.id} --by-task"
            raise type(error)(f"{error}\n{by_task}") from error

    def save(self, out: str | Path, partial: bool = False) -> list[Path]:
        """Write the gathered result into a folder; returns the paths.

        Raises: as `files`; SaveError for a file that would be outside of the folder.
        """
        return list(save(out, self.files(partial)))

    def save_tasks(self, out: str | Path, tasks: Sequence[int] = ()) -> list[Path]:
        """Write what tasks left (all that are done unless told otherwise) into a folder each,
        `task-N`, with the failed ones' too; returns the folders.

        Raises:
            TasksFailed: as `task`.
            SaveError: a file that would be outside of the folder.
        """
        written = []
        for task in tasks or self.ledger.results():
            result, name = self.task(task), f"task-{task}"
            files = {f"{name}/files/{path}": data for path, data in result.files.items()}
            streams = {"stdout": result.stdout, "stderr": result.stderr, RECORD: _record(result)}
            save(out, files | {f"{name}/{path}": data for path, data in streams.items()})
            written.append(Path(out) / name)
        return written

    def close(self) -> None:
        """End the workers and close the ledger."""
        self._resources.close()

    def _read(self, kept: Kept) -> Result:
        limits = self.job.manifest.limits
        return fetch_output(self.job.blobs, kept.leaf, self.job.salt, limits)

    def _require_all(self, found: dict[int, Result]) -> None:
        if len(found) < self.tasks:
            done = f"{len(found)} of {self.tasks} tasks are done"
            if not self.ledger.facts().get("cancelled"):
                raise TasksFailed(f"{done}: suanli job resume {self.id}")
            raise TasksFailed(
                f"job {self.id} was cancelled; {done} and nothing was gathered;"
                f" {self._look_at_them()}"
            )
        if bad := [task for task in range(self.tasks) if not found[task].ok]:
            lines = [f"task {task} failed: {plain(failure(found[task]))}" for task in bad[:SHOWN]]
            lines.append(f"{len(bad)} of {self.tasks} failed; nothing was gathered")
            raise TasksFailed("\n".join([*lines, self._look_at_them(bad[0])]))

    def _look_at_them(self, task: int | None = None) -> str:
        """What is there is the requester's, and paid for."""
        first = next(iter(self.ledger.results()), 0) if task is None else task
        return (
            f"what is done can be had: suanli job results {self.id} --partial gathers it, --by-task"
            f" writes each task's outputs, suanli job logs {self.id} {first} shows what task"
            f" {first} printed"
        )

    def _gathered(self, found: dict[int, Result]) -> dict[str, bytes]:
        how, limits = self.job.manifest.gather, self.job.manifest.limits
        if how.module is None:
            return gather(how, found)
        task = gather_task(how, found, self.job.module(how.module), limits)
        return gathered_by_program(how, self.pool.submit(task).result())

    @cached_property
    def pool(self) -> Executor:
        return self._resources.enter_context(self._executor())


def _record(result: Result) -> bytes:
    about = {
        "outcome": str(result.outcome),
        "exit_code": result.exit_code,
        "detail": result.detail,
        "units": str(result.units),
    }
    return json.dumps(about, indent=2).encode() + b"\n"
