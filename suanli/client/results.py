"""What a job's tasks left, as kept in its folder: neither chain nor account is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self

from suanli.base.saving import save
from suanli.base.text import plain
from suanli.client.errors import TasksFailed
from suanli.client.failures import remedy
from suanli.client.ledger import Ledger
from suanli.client.records import Kept
from suanli.engine import Executor, Result
from suanli.engine.host import pool_by
from suanli.job import (
    Gathered,
    GatherError,
    Left,
    OutputRecord,
    StoredJob,
    failure,
    gather,
    gather_task,
    gathered_by_program,
    whole,
)
from suanli.schedule import ScheduleError
from suanli.store import DirectoryStore
from suanli.verify import fetch_output, left_in

SHOWN = 5
RECORD = "result.json"
"""What a task's folder says of its end."""


class Results:
    """Iterate over it for accepted results by task. `executor`: what runs tasks again, and the
    program that gathers, by the runtime with an id."""

    def __init__(
        self, folder: Path, executor: Callable[[bytes], AbstractContextManager[Executor]] = pool_by
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
        return self._read(self._kept(self.ledger.results(), task))

    def files(self, partial: bool = False) -> dict[str, bytes]:
        """The job's gathered result, path to content. `partial`: of the tasks that are done and
        good, whatever became of the others.

        Raises:
            TasksFailed: not every task has a good result, or with `partial` none has.
            GatherError, ScheduleError: the outputs can't be gathered as the job asks.
        """
        return whole(self._gathered(partial))

    def save(self, out: str | Path, partial: bool = False) -> list[Path]:
        """Write the gathered result into a folder, piece by piece; returns the paths.

        Raises: as `files`; SaveError for a file that would be outside of the folder.
        """
        return save(out, self._gathered(partial))

    def save_tasks(self, out: str | Path, tasks: Sequence[int] = ()) -> list[Path]:
        """Write what tasks left (all that are done unless told otherwise) into a folder each,
        `task-N`, with the failed ones' too; returns the folders.

        Raises:
            TasksFailed: as `task`.
            SaveError: a file that would be outside of the folder.
        """
        written = []
        found = self.ledger.results()
        for task in tasks or found:
            kept, name = self._kept(found, task), f"task-{task}"
            record, left = self._left(kept)
            files: Gathered = {f"{name}/files/{path}": data for path, data in left.files.items()}
            files |= {f"{name}/stdout": left.stdout, f"{name}/stderr": left.stderr}
            save(out, files | {f"{name}/{RECORD}": [_about(record, kept)]})
            written.append(Path(out) / name)
        return written

    def close(self) -> None:
        """End the workers and close the ledger."""
        self._resources.close()

    def _kept(self, found: Mapping[int, Kept], task: int) -> Kept:
        if not 0 <= task < self.tasks:
            raise TasksFailed(f"job {self.id} has the tasks 0 to {self.tasks - 1}, no {task}")
        if task not in found:
            raise TasksFailed(
                f"task {task} has no accepted result yet: suanli job status {self.id}"
            )
        return found[task]

    def _left(self, kept: Kept) -> tuple[OutputRecord, Left]:
        limits = self.job.manifest.limits
        return left_in(self.job.blobs, kept.leaf, self.job.salt, limits)

    def _read(self, kept: Kept) -> Result:
        limits = self.job.manifest.limits
        return fetch_output(self.job.blobs, kept.leaf, self.job.salt, limits)

    def _require_all(self, found: Mapping[int, Kept]) -> None:
        if len(found) < self.tasks:
            done = f"{len(found)} of {self.tasks} tasks are done"
            if not self.ledger.facts().get("cancelled"):
                raise TasksFailed(f"{done}: suanli job resume {self.id}")
            raise TasksFailed(
                f"job {self.id} was cancelled; {done} and nothing was gathered;"
                f" {self._look_at_them()}"
            )
        if bad := [task for task in range(self.tasks) if not found[task].ok]:
            ends = [self._read(found[task]) for task in bad[:SHOWN]]
            lines = [
                f"task {task} failed: {plain(failure(end))}"
                for task, end in zip(bad[:SHOWN], ends, strict=True)
            ]
            lines.append(f"{len(bad)} of {self.tasks} failed; nothing was gathered")
            lines.append(remedy(ends, self.job.manifest.limits))
            raise TasksFailed("\n".join([*lines, self._look_at_them(bad[0])]))

    def _look_at_them(self, task: int | None = None) -> str:
        """What is there is the requester's, and paid for."""
        first = next(iter(self.ledger.results()), 0) if task is None else task
        return (
            "what is done can be had:\n"
            f"  suanli job results {self.id} --partial  gathers it\n"
            f"  suanli job results {self.id} --by-task  writes each task's outputs\n"
            f"  suanli job logs {self.id} {first}  shows what task {first} printed"
        )

    def _gathered(self, partial: bool) -> Gathered:
        found = self.ledger.results()
        if partial:
            found = {task: kept for task, kept in found.items() if kept.ok}
            if not found:
                raise TasksFailed(f"no task has a good result yet; {self._look_at_them()}")
        else:
            self._require_all(found)
        try:
            return self._gather({task: self._left(kept)[1] for task, kept in found.items()})
        except (GatherError, ScheduleError) as error:
            by_task = f"each task's outputs by itself: suanli job results {self.id} --by-task"
            raise type(error)(f"{error}\n{by_task}") from error

    def _gather(self, left: Mapping[int, Left]) -> Gathered:
        how = self.job.manifest.gather
        if how.module is None:
            return gather(how, left)
        task = gather_task(self.job.manifest, left, self.job.module(how.module))
        return gathered_by_program(how, self.pool.submit(task).result())

    @cached_property
    def pool(self) -> Executor:
        return self._resources.enter_context(self._executor(self.job.manifest.runtime))


def _about(record: OutputRecord, kept: Kept) -> bytes:
    about = {
        "outcome": str(record.outcome),
        "exit_code": record.exit_code,
        "detail": "",
        "units": str(kept.leaf.units),
    }
    return json.dumps(about, indent=2).encode() + b"\n"
