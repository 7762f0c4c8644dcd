"""The jobs in a state folder, of all accounts and markets: neither chain nor account is asked."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from suanli.base import amounts
from suanli.base.database import DatabaseFailed
from suanli.base.errors import SuanliError
from suanli.base.locking import is_held
from suanli.client.errors import JobBusy, OtherVersion, UnknownJob
from suanli.client.ledger import Ledger
from suanli.client.records import DealStage
from suanli.job import StoredJob
from suanli.store import DirectoryStore

ENDS = ("settled", "cancelled", "expired", "released", "annulled", "defaulted", "overturned")
"""Of deals."""
LOCK, LOG = "lock", "log"
"""In a job's folder: held by the process that runs it; what that told."""


class JobState(StrEnum):
    """Waiting: some process has to go on with it. Failed: so did its tasks, or its last run."""

    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True)
class Summary:
    """A job. `begun`: Unix time; `done`, `failed`: tasks with an accepted result, and those of
    them whose program failed; `deals_open`: not over; `cost`, `locked`, `budget` in base units,
    `failure`: why its last run ended, if not well."""

    job: str
    name: str
    digest: str
    begun: float
    state: JobState
    tasks: int
    done: int
    failed: int
    deals_open: int
    cost: int
    locked: int
    budget: int
    failure: str
    chain: int
    market: str
    account: str
    decimals: int
    symbol: str

    def show(self, amount: int) -> str:
        """Base units as tokens."""
        return f"{amounts.show(amount, self.decimals)} {self.symbol}"

    @property
    def line(self) -> str:
        """What became of it, in short."""
        failed = f", {self.failed} of them failed" if self.failed else ""
        done = f"{self.done:,} of {self.tasks:,} tasks done{failed}"
        return f"job {self.job} is {self.state}: {done}, cost {self.show(self.cost)}"


def folders(state: Path) -> list[Path]:
    """Of all jobs, by id."""
    return sorted(path.parent for path in (state / "jobs").glob("*/job.sqlite"))


def summaries(state: Path, tell: Callable[[str], None]) -> list[Summary]:
    """Of all jobs, oldest first; `tell` hears of those that can't be read."""
    found = []
    for folder in folders(state):
        try:
            found.append(summary(folder))
        except (OtherVersion, DatabaseFailed) as error:
            tell(f"job {folder.name} is passed over: {error}")
    return sorted(found, key=lambda job: job.begun)


def find(state: Path, job: str) -> Path:
    """The folder of a job, by its id or the beginning of it. Raises UnknownJob: not just one."""
    there = folders(state)
    found = [path for path in there if job and path.name.startswith(job)]
    if len(found) != 1:
        known = ", ".join(path.name for path in there) or "none yet"
        raise UnknownJob(f"no one job {job!r} in {state / 'jobs'} (there are: {known})")
    return found[0]


def summary(folder: Path) -> Summary:
    with closing(Ledger(folder / "job.sqlite")) as ledger:
        facts, deals, kept = ledger.facts(), ledger.deals(), ledger.results()
    failed = sum(not result.ok for result in kept.values())
    live = [record for record in deals if record.stage is not DealStage.ENDED]
    state = _state(folder, facts, len(kept), failed)
    return Summary(
        folder.name,
        facts["name"],
        facts["job"],
        facts["begun"],
        state,
        facts["tasks"],
        len(kept),
        failed,
        len(live),
        sum(record.cost for record in deals),
        sum(record.lock for record in live),
        int(facts["budget"]),
        facts.get("failure", ""),
        facts["chain"],
        facts["market"],
        facts["account"],
        facts["decimals"],
        facts["symbol"],
    )


def _state(folder: Path, facts: dict[str, Any], done: int, failed: int) -> JobState:
    if is_held(folder / LOCK):
        return JobState.RUNNING
    if done == facts["tasks"]:
        return JobState.FAILED if failed else JobState.DONE
    if facts.get("cancelled"):
        return JobState.CANCELLED
    return JobState.FAILED if facts.get("failure") else JobState.WAITING


def owed(state: Path) -> Counter[bytes]:
    """How many jobs that are not over are for each runtime, by its id; b"": those that can't be
    read."""
    counts: Counter[bytes] = Counter()
    for folder in folders(state):
        try:
            about = summary(folder)
            if about.deals_open or about.state in (JobState.RUNNING, JobState.WAITING):
                blobs = DirectoryStore(folder / "blobs")
                job = StoredJob.open(about.name, bytes.fromhex(about.digest), blobs)
                counts[job.manifest.runtime] += 1
        except SuanliError:
            counts[b""] += 1
    return counts


def date(seconds: float) -> str:
    """Unix time for people, where they are."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def busy(job: str, pid: str) -> JobBusy:
    return JobBusy(
        f"job {job} is being run by another process: suanli job watch {job} follows it, kill {pid}"
        " ends it and loses nothing"
    )
