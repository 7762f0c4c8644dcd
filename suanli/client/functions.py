"""An executor whose calls run on the market: a `concurrent.futures.Executor` over jobs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from suanli.base import amounts
from suanli.base.errors import SuanliError
from suanli.client.errors import BudgetTooSmall, NobodyTakes
from suanli.client.events import Confirmed, Corrected, JobEvent, Placed, Progressed, TaskAccepted
from suanli.client.options import Options
from suanli.client.report import Report
from suanli.engine import UNIT, Executor, HostError, Limits
from suanli.job import Job, job_of_tasks
from suanli.job.estimating import proposal
from suanli.protocol import new_salt
from suanli.python import Backlog, Batch, Done, FunctionExecutor, answers, task_of

if TYPE_CHECKING:
    from suanli.client.client import Client
    from suanli.client.run.run import Run

P = ParamSpec("P")
R = TypeVar("R")

TARGET = 4.0
"""Seconds: the interpreter's start, which is paid for each task, is a hundredth of it."""
LINGER = 0.1
"""Seconds without another call after which a job begins."""
MEASURE = 10.0
"""Seconds for a call that is tried here, to know what it takes."""
MOST_TASKS = 1_000
SPREAD = 2
"""Tasks for each worker there is: a slow one does not keep all waiting."""


@dataclass(frozen=True)
class ExecutorReport:
    """What an executor's jobs did so far. `cost`: base units paid, `locked`: that deals still
    hold, `units`: billed; `jobs` by id. As text it says what it cost in tokens."""

    jobs: tuple[str, ...]
    tasks: int
    miners: int
    units: int
    cost: int
    locked: int
    decimals: int
    symbol: str

    def __str__(self) -> str:
        miners = f"{self.miners} miner{'' if self.miners == 1 else 's'}"
        cost = f"{amounts.show(self.cost, self.decimals)} {self.symbol}"
        return f"{self.tasks:,} tasks by {miners}, {self.units:,} units cost {cost}"


class MarketExecutor(FunctionExecutor):
    """Calls run on strangers' machines: whoever sells, as for any job. `budget`: tokens; never is
    more locked and spent by all its jobs together.

    Calls that came since the last job began make the next one; `report` says what they cost.
    """

    def __init__(
        self,
        client: Client,
        budget: str | int | Decimal,
        options: Options,
        limits: Limits,
        printed: Callable[[str], None] | None,
        progress: bool | None,
    ) -> None:
        self._market = MarketRunner(client, budget, options, limits)
        super().__init__(self._market, printed, progress)

    @property
    def report(self) -> ExecutorReport:
        """What was done for how much, so far."""
        return self._market.report()


class _OneJob:
    """A job of an executor. Once it ends it is closed, and what it cost is kept."""

    def __init__(self, run: Run) -> None:
        self._run, self._lock = run, threading.Lock()
        self._ended: tuple[int, Report | None] | None = None

    @property
    def reserved(self) -> int:
        """Base units that are locked or spent."""
        with self._lock:
            return self._ended[0] if self._ended else self._run.reserved

    @property
    def exposed(self) -> int:
        """Base units that it may lock or spend."""
        with self._lock:
            if self._ended or self._run.done:
                return self._ended[0] if self._ended else self._run.reserved
            return self._run.budget

    @property
    def report(self) -> Report | None:
        with self._lock:
            return self._ended[1] if self._ended else self._run.report

    def end(self) -> None:
        with self._lock:
            report = None
            with suppress(SuanliError):
                report = self._run.report
            self._ended = (self._run.reserved, report)
            if self._run.finished:
                # Nobody needs it any more, and each job has a copy of up to 120 MB.
                job = self._run.job
                job.blobs.delete(job.manifest.module.digest)
            self._run.close()


class _Progress:
    """What a job waits for, in words."""

    def __init__(self, job: Job) -> None:
        self._tasks, self._size = len(job.manifest.tasks), job.manifest.module.size
        self._asked: set[int] = set()
        self._done: dict[int, int] = {}
        self._taken = False
        self._first = 0.0

    def after(self, event: JobEvent) -> str:
        match event:
            case Placed():
                self._asked.add(event.deal)
                self._first = max(self._first, event.first_use)
            case Confirmed():
                self._asked.discard(event.deal)
                self._taken = True
            case Progressed():
                self._done[event.deal] = event.done
        if self._asked and self._first >= 1:
            size = f"{self._size / 1e6:.0f} MB"
            return f"miners compile the Python first, {size}: about {self._first:.0f} s"
        if self._asked:
            return "miners are asked"
        if not self._taken:
            return "miners are looked for"
        done = min(sum(self._done.values()), self._tasks)
        return f"miners are at work, {done:,} of {self._tasks:,} tasks done"


class _Engines:
    """What runs tasks here, for all jobs of an executor: an interpreter takes seconds to load."""

    def __init__(self, engine: Callable[[bytes], AbstractContextManager[Executor]]) -> None:
        self._engine, self._lock = engine, threading.Lock()
        self._open: dict[bytes, Executor] = {}
        self._ends = ExitStack()

    def of(self, runtime: bytes) -> AbstractContextManager[Executor]:
        with self._lock:
            if runtime not in self._open:
                self._open[runtime] = self._ends.enter_context(self._engine(runtime))
            return nullcontext(self._open[runtime])

    def close(self) -> None:
        self._ends.close()


class MarketRunner:
    """One job at a time has tasks at work; others may still be paid for."""

    linger = LINGER
    target = TARGET
    full = False

    def __init__(
        self, client: Client, budget: str | int | Decimal, options: Options, limits: Limits
    ) -> None:
        self._engines = _Engines(client.engine)
        self._client, self._options = client.with_engine(self._engines.of), options
        self.budget = amounts.parse(budget, client.decimals)
        self.runtime = client.usual_runtime(options)
        self.places = 1
        self.stage = ""
        """What is waited for, in words."""
        self.looked: Callable[[], None] = lambda: None
        self._jobs: list[_OneJob] = []
        self._threads: list[threading.Thread] = []
        most = client.resource(options).max_task_units
        self._limits = replace(limits, fuel=min(limits.fuel, most * UNIT))

    def room(self, running: int) -> int:
        return 0 if running else MOST_TASKS

    def learn(self, backlog: Backlog) -> None:
        """Run a call of each new function here."""
        self.places = SPREAD * self._workers()
        unknown = backlog.unknown()
        if not unknown:
            return
        with self._client.engine(self.runtime) as executor:
            for call in unknown:
                task = task_of(call.function, {call.number: call.data}, self._limits)
                executor.prepare(task.module)
                with suppress(HostError):  # it takes long: then nothing is known of it
                    result = executor.submit(task, timeout=MEASURE).result()
                    if result.ok:
                        found = [*answers(result.stdout)]
                        backlog.learn(call.function, found, result.fuel, result.seconds)

    def start(self, batches: list[tuple[Batch, Done]]) -> None:
        thread = threading.Thread(target=self._run, args=(batches,), name="suanli-market")
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def close(self) -> None:
        """All is paid."""
        for thread in self._threads:
            thread.join()
        self._engines.close()

    def status(self) -> str:
        locked = sum(job.reserved for job in list(self._jobs))
        told = f"{self.show(locked)} of {self.show(self.budget)} locked or spent"
        return f"{told}; {self.stage}" if self.stage else told

    def summary(self) -> str:
        return f"{self.report()} of {self.show(self.budget)}"

    def report(self) -> ExecutorReport:
        found = [report for job in list(self._jobs) if (report := job.report)]
        deals = [deal for report in found for deal in report.deals]
        return ExecutorReport(
            tuple(report.job for report in found),
            sum(report.tasks for report in found),
            len({deal.miner for deal in deals if deal.tasks}),
            sum(report.units for report in found),
            sum(report.cost for report in found),
            sum(report.locked for report in found),
            self._client.decimals,
            self._client.symbol,
        )

    def show(self, amount: int) -> str:
        return self._client.show(amount)

    def _run(self, batches: list[tuple[Batch, Done]]) -> None:
        """One job after the other: those of one interpreter together."""
        groups: dict[bytes, list[tuple[Batch, Done]]] = {}
        waiting = {id(batch): done for batch, done in batches}
        try:
            for batch, done in batches:
                task = task_of(batch.function, {}, self._limits)
                groups.setdefault(task.module.digest, []).append((batch, done))
            for group in groups.values():
                self._job(group, waiting)
            lost: BaseException = HostError("its job ended without a result")
        except SuanliError as error:
            lost = error.with_traceback(None)  # what it says is enough
        except Exception as error:
            # Nobody may be left waiting, whatever went wrong.
            lost = error
        for done in waiting.values():
            done(lost)

    def _job(self, group: Sequence[tuple[Batch, Done]], waiting: dict[int, Done]) -> None:
        limits = self._limits_of([batch for batch, _ in group])
        tasks = [task_of(batch.function, batch.data, limits) for batch, _ in group]
        name = group[0][0].function.name
        job = job_of_tasks(name, tasks, self.runtime, new_salt())
        left = self.budget - sum(job.exposed for job in self._jobs)
        if left <= 0:
            raise BudgetTooSmall(f"the budget of {self.show(self.budget)} is spent or locked")
        run = self._client.submit(job, amounts.exact(left, self._client.decimals), self._options)
        ours = _OneJob(run)
        self._jobs.append(ours)
        try:
            stage = _Progress(job)
            for event in run.events():
                self.stage = stage.after(event)
                self.looked()
                if isinstance(event, TaskAccepted):
                    batch, done = group[event.task]
                    if waiting.pop(id(batch), None):
                        done(event.result)
                elif isinstance(event, Corrected):
                    group[event.task][1](run.task(event.task))
        except BudgetTooSmall as error:
            raise BudgetTooSmall(
                f"these calls may cost {self.show(error.wanted)} at worst, {self.show(left)} of the"
                f" budget are left: give the executor more (budget=…), or allow each call less"
                " (units=…)",
                error.wanted,
            ) from None
        except NobodyTakes as error:
            advice = "Offers come and go: try again, or see suanli market offers."
            raise NobodyTakes(error.tasks, error.reasons, advice) from None
        finally:
            self.stage = ""
            ours.end()

    def _limits_of(self, batches: Sequence[Batch]) -> Limits:
        """What each task of a job may use: much more than is known to be needed."""
        fuel = [batch.fuel for batch in batches]
        if None in fuel:
            return self._limits
        units = proposal([-(-one // UNIT) for one in fuel if one], complete=False)
        return replace(self._limits, fuel=min(self._limits.fuel, units * UNIT))

    def _workers(self) -> int:
        """Of all miners that sell what is needed."""
        client, head = self._client, self._client.market.node.head()
        found = client.candidates(self._options, head, client.verifier(self._options))
        workers = [one.pace.workers for one in found if one.pace and self.runtime in one.runtimes]
        return max(1, sum(workers))
