"""A job on the market, from the first placement to the last payment.

    for result in run: …      # or run.events() for all that happens

The core decides (`suanli.client.run.core`), the performer does, and what changed is in the ledger
in the job's folder before anything is done: whoever opens the folder after a crash goes on where
the other stopped.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from suanli.base import amounts
from suanli.base.database import DatabaseFailed
from suanli.base.errors import SuanliError
from suanli.base.locking import held
from suanli.base.text import plain
from suanli.chain import SignatureRefused
from suanli.client.errors import BudgetTooSmall, ClientError
from suanli.client.events import JobEvent, RelayTold, TaskAccepted
from suanli.client.jobs import LOCK, LOG, busy
from suanli.client.options import Options
from suanli.client.records import DealRecord, Kept
from suanli.client.report import Report, report_of
from suanli.client.results import Results
from suanli.client.run.core import RunCore
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.loading import refresh, state_of
from suanli.client.run.perform import Performer
from suanli.client.run.progress import ProgressLines
from suanli.client.run.ways import Ways
from suanli.client.session import Session
from suanli.engine import Result


class Run:
    """Iterate over it to run the job and get each task's result as it is accepted. `budget` in
    base units: what is locked and spent for the job together is never more."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder, self.id = session, folder, folder.name
        self._results = Results(folder, session.engine)
        self.ledger, self.job = self._results.ledger, self._results.job
        self.core = RunCore(state_of(session, self.id, self.job, self.ledger))
        secret = self.core.state.setting.secret
        ways = Ways(session, self.job, folder, lambda: self._results.pool, secret)
        self._performer = Performer(ways)
        self._is_alone = False

    def __iter__(self) -> Iterator[TaskAccepted]:
        for event in self.events():
            if isinstance(event, TaskAccepted):
                yield event

    # What is known of it

    @property
    def tasks(self) -> int:
        return len(self.job.manifest.tasks)

    @property
    def budget(self) -> int:
        return self.core.state.budget

    @property
    def options(self) -> Options:
        return self.core.state.options

    @property
    def done(self) -> bool:
        """Whether every task has an accepted result."""
        return len(self.ledger.results()) == self.tasks

    @property
    def finished(self) -> bool:
        """Whether it is done, and no deal is open and no case."""
        cases = any(filing.open for filing in self.ledger.filings())
        return self.done and not self.live() and not cases

    @property
    def reserved(self) -> int:
        """Base units of the budget that are locked or spent."""
        return self.ledger.reserved()

    @property
    def report(self) -> Report:
        """What was done by whom for how much, as the chain tells."""
        return report_of(self.session.market, self.id, self.ledger)

    def live(self) -> list[DealRecord]:
        """Deals that are not over."""
        return self.ledger.live()

    def waiting(self) -> list[int]:
        """Tasks without a result that no miner has."""
        return self.core.state.waiting()

    @property
    def cancelled(self) -> bool:
        """Whether nothing new is placed any more."""
        return self.core.state.closing

    # Running

    def events(self) -> Iterator[JobEvent]:
        """Run the job to its end; all that happens. Leave the loop at any time and begin another.

        Raises:
            NobodyTakes, BudgetTooSmall, WalletTooSmall: the job waits; mend it and run again.
            JobBusy: another process runs it.
        """
        with self.alone():
            yield from self._told(self._events())

    def raise_budget(self, budget: str | int | Decimal) -> None:
        """Let the job lock and spend so much in all, from now on.

        Raises:
            InvalidAmount: no amount of tokens.
            BudgetTooSmall: it is not above the present one.
            JobBusy: another process runs it.
        """
        amount = amounts.parse(budget, self.session.decimals)
        if amount <= self.budget:
            raise BudgetTooSmall(
                f"job {self.id} has a budget of {self.show(self.budget)}: name a greater one"
            )
        with self.alone():
            self._observe(o.Chosen(self._now, budget=amount))

    def choose(self, **changes: Any) -> None:
        """Change fields of the job's `Options`, from now on.

        Raises:
            ClientError: a value without meaning, or another class than it was begun in.
            JobBusy: another process runs it.
        """
        options = replace(self.options, **changes)
        if options.seal != self.options.seal:
            raise ClientError(f"job {self.id} is sealed, or not, from its begin on: run it anew")
        if options.resource != self.options.resource:
            raise ClientError(f"job {self.id} is in class {self.options.resource}: run it anew")
        with self.alone():
            self._observe(o.Chosen(self._now, options=options))

    def cancel(self) -> Iterator[JobEvent]:
        """Call back what nobody took and follow what is under way to its end. Nothing changes if
        the job is finished.

        Raises: as `events`.
        """
        with self.alone():
            if self.finished:
                return
            self._observe(o.Chosen(self._now, closing=True))
            yield from self._told(self._events())

    def _told(self, happening: Iterator[JobEvent]) -> Iterator[JobEvent]:
        """The same, written into the job's log, which others may follow; and why it failed."""
        self.ledger.set_facts(failure="")
        progress = ProgressLines(self)
        self.tell(f"begun by process {os.getpid()}")
        try:
            for event in happening:
                self.tell(*progress.lines(event))
                yield event
            self.tell(*progress.rest())
        except SuanliError as error:
            self.ledger.set_facts(failure=str(error))
            self.tell(*map(plain, str(error).split("\n")))
            raise

    def tell(self, *lines: str) -> None:
        """Write lines into the job's log."""
        now = time.strftime("%H:%M:%S")
        with suppress(OSError), (self.folder / LOG).open("a") as log:  # a full disk stops no job
            log.writelines(f"{now} {line}\n" for line in lines)

    def _events(self) -> Iterator[JobEvent]:
        """Rounds, until the core finds that it is over."""
        refresh(self.core.state, self.ledger)
        self._observe(o.Begun(self._now))
        while (yield from self._round()):
            yield from map(RelayTold, self.session.news_of_relays())
            self.session.sleep(self.session.poll)

    def _round(self) -> Generator[JobEvent, None, bool]:
        """Observe, decide, perform; whether there is another round to come."""
        todo = deque(self._observe(self._performer.look()))
        while True:
            if not todo:
                todo.extend(self._observe(o.Continue(self._now)))
            instruction = todo.popleft()
            match instruction:
                case i.Wait():
                    return True
                case i.Finish():
                    return False
                case i.GiveUp(error):
                    raise error
            came = self._performed(instruction, todo)
            if isinstance(came, JobEvent):
                yield came
            elif came is not None:
                # What it leads to comes before what was instructed with it.
                todo.extendleft(reversed(self._observe(came)))

    def _performed(
        self, instruction: i.RunInstruction, todo: deque[i.RunInstruction]
    ) -> o.RunObservation | JobEvent | None:
        try:
            return self._performer.perform(instruction)
        except DatabaseFailed:
            raise
        except SignatureRefused as error:  # a person said no, and is not asked again by itself
            raise SignatureRefused(
                f"{error}. What was signed before stands; suanli job resume {self.id} goes on"
            ) from error
        except (SuanliError, OSError) as error:
            todo.clear()
            return self._performer.failed(error)

    def _observe(self, event: o.RunObservation) -> list[i.RunInstruction]:
        """What is to be done now; all that changed is written down."""
        instructions = self.core.step(event)
        if changes := self.core.take_changes():
            records, results = changes.records.values(), changes.results.values()
            self.ledger.save(records, results, changes.filings.values(), **changes.facts)
        return instructions

    @property
    def _now(self) -> float:
        return self.session.clock()

    # Results

    def results(self) -> Iterator[tuple[Kept, Result]]:
        """Accepted results by task."""
        return iter(self._results)

    def task(self, task: int) -> Result:
        """See `Results.task`."""
        return self._results.task(task)

    def files(self, partial: bool = False) -> dict[str, bytes]:
        """See `Results.files`."""
        return self._results.files(partial)

    def save(self, out: str | Path, partial: bool = False) -> list[Path]:
        """See `Results.save`."""
        return self._results.save(out, partial)

    def save_tasks(self, out: str | Path, tasks: Sequence[int] = ()) -> list[Path]:
        """See `Results.save_tasks`."""
        return self._results.save_tasks(out, tasks)

    def show(self, amount: int) -> str:
        """Base units for people, as "12.5 SLT"."""
        return self.session.show(amount)

    def close(self) -> None:
        """End the workers and close the ledger."""
        self._results.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While no other process may run the job. Raises JobBusy."""
        if self._is_alone:
            yield
            return
        with held(self.folder / LOCK, str(os.getpid()), lambda pid: busy(self.id, pid)):
            self._is_alone = True
            try:
                yield
            finally:
                self._is_alone = False
