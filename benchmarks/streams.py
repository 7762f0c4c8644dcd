"""Requesters that have one job run after another, each a `suanli job run` of its own, and compare
what comes with a run of the same job on this machine alone."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.town import Books, Village, write_job
from suanli.client import Ledger
from suanli.devnet import Child
from suanli.engine import runtime_id
from suanli.engine.host import Pool
from suanli.job import load, run_local
from suanli.protocol import NO_SALT

BUDGET = "2000"
"""Tokens of a job."""
SECRET = "what none but the miners may read"
"""In every second job, which is sealed."""
TRIES = 20
"""Times that a job is begun or gone on with before it counts as failed, kills left out."""
ENDS_WITHIN = 300.0
"""Seconds in which a job that is resumed must end."""


@dataclass(frozen=True)
class Work:
    """Of each job: from … to … tasks, of such sizes (see `write_job`), run with these options."""

    tasks: tuple[int, int] = (3, 8)
    sizes: tuple[int, int] = (200, 600)
    options: Sequence[str] = ("--audit", "0.2")


@dataclass
class Job:
    file: Path
    out: Path
    files: dict[str, bytes]
    units: int
    """What it must be and cost: as run on this machine alone."""
    sealed: bool = False
    folder: Path | None = None
    tries: int = 0
    kills: int = 0
    finished: bool = False
    wrong: str = ""
    options: Sequence[str] = ()


@dataclass
class Stream:
    """A requester that has one job run after another. `step` never waits. `next`: the next job's
    work, if it is not as usual."""

    name: str
    town: Village
    rng: random.Random
    pool: Pool
    jobs: list[Job] = field(default_factory=list)
    child: Child | None = None
    work: Work = Work()
    next: Work | None = None
    _not_before: float = 0.0

    @property
    def state(self) -> Path:
        return self.town.folder / self.name

    @property
    def idle(self) -> bool:
        return not self.jobs or self.jobs[-1].finished

    def step(self, goes_on: bool) -> None:
        if self.child is not None:
            if not self.child.running:
                self._ended(self.jobs[-1], self.child.process.returncode, self.child.said())
                self.child = None
        elif self.idle:
            if goes_on:
                self.jobs.append(self._new_job())
                self._begin(self.jobs[-1])
        elif time.monotonic() >= self._not_before:
            self._begin(self.jobs[-1])

    def kill(self) -> bool:
        """Whether there was a command to kill."""
        if self.child is None or not self.child.running:
            return False
        self.child.kill()
        self.jobs[-1].kills += 1
        return True

    def _new_job(self) -> Job:
        folder = self.state / f"job-{len(self.jobs)}"
        secret = SECRET if len(self.jobs) % 2 else ""
        work, self.next = self.next or self.work, None
        file = write_job(folder, self.rng, self.rng.randint(*work.tasks), work.sizes, secret)
        job = load(file, runtime=runtime_id(), salt=NO_SALT)
        alone = run_local(job, self.pool, ahead=2, on_done=lambda index, result: None)
        assert alone.files is not None, "the program of these jobs failed"
        whole = alone.files, alone.units, bool(secret)
        return Job(file, folder / "out", *whole, options=work.options)

    def _begin(self, job: Job) -> None:
        known = {other.folder for other in self.jobs}
        for path in self.state.glob("jobs/*/job.sqlite"):
            if path.parent not in known:
                job.folder = path.parent
        command = ["job", "run", str(job.file), "--budget", BUDGET, *job.options]
        if job.folder is not None:
            command = ["job", "resume", job.folder.name]
        command += ["--state", str(self.state), "--out", str(job.out)]
        self.child = self.town.suanli(self.name, *command, account=self.name)

    def _ended(self, job: Job, code: int, said: str) -> None:
        for path in self.state.glob("jobs/*/job.sqlite"):
            if path.parent not in {other.folder for other in self.jobs}:
                job.folder = path.parent
        if code == 0:
            found = {name: _read(job.out / name) for name in job.files}
            job.finished = True
            job.wrong = "" if found == job.files else "its result differs from the local run's"
        elif code != -signal.SIGKILL:
            job.tries += 1
            job.wrong = f"exit code {code}: {said.strip().rpartition(chr(10))[2]}"
            job.finished = job.tries >= TRIES
            self._not_before = time.monotonic() + 2

    def resume(self, job: Job) -> None:
        """Once more, although it was done; until the command ends."""
        assert job.folder is not None
        command = ["job", "resume", job.folder.name]
        command += ["--state", str(self.state), "--out", str(job.out)]
        child = self.town.suanli(self.name, *command, account=self.name)
        child.process.wait(ENDS_WITHIN)
        self._ended(job, child.process.returncode, child.said())

    def charged_units(self, found: Books) -> Iterator[tuple[Job, int]]:
        """For each job, the units that its settled deals charged."""
        for job in self.jobs:
            if job.folder is None:
                continue
            with closing(Ledger(job.folder / "job.sqlite")) as ledger:
                deals = ledger.deals()
            ids = [self.town.market.domain.request_id(deal.request) for deal in deals]
            yield job, sum(found.charged.get(id_, 0) for id_ in ids)


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
