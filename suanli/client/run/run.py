"""A job on the market, from the first placement to the last payment.

    for result in run: …      # or run.events() for all that happens

The ledger in the job's folder is written before anything is done, so that whoever opens the folder
after a crash goes on where the other stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suanli.base import amounts
from suanli.base.errors import SuanliError
from suanli.base.locking import held
from suanli.base.text import plain
from suanli.chain import BadAnswer, Block
from suanli.client.errors import BudgetTooSmall, ClientError
from suanli.client.events import Event, TaskDone
from suanli.client.jobs import LOCK, LOG, busy
from suanli.client.ledger import Kept, Part, Stage
from suanli.client.options import Options
from suanli.client.report import Report, report_of
from suanli.client.results import Results
from suanli.client.run.attempts import TRANSIENT, Attempts
from suanli.client.run.context import Context
from suanli.client.run.deals import DEEP, Deals
from suanli.client.run.placing import Placing
from suanli.client.run.progress import Progress
from suanli.engine import EngineError, Result

if TYPE_CHECKING:
    from suanli.client.connection import Client


class Run:
    """Iterate over it to run the job and get each task's result as it is accepted. `budget` in
    base units: what is locked and spent for the job together is never more."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client, self.folder, self.id = client, folder, folder.name
        self._clock = client.clock
        self._results = Results(folder, client.executor)
        self.ledger, self.job = self._results.ledger, self._results.job
        facts = self.ledger.facts()
        self.budget = int(facts["budget"])
        self.options = Options.from_json(facts["options"])
        self._attempts = Attempts()
        self._stuck: dict[str, SuanliError | OSError] = {}
        self._failing_since: float | None = None
        self._seen_again: set[int] = set()
        self._is_alone = False
        self._context = Context(
            client.market,
            client.account,
            client.sender,
            client.relay,
            client.store,
            client.results,
            self.job,
            self.ledger,
            folder,
            self.options,
            client.scale,
            lambda: self._results.pool,
            bytes.fromhex(facts["secret"]),
            client.clock,
            client.sleep,
            closing=bool(facts.get("cancelled")),
            wallet=client.requester if client.requester != client.account.address else None,
        )
        self.deals = Deals(self._context)
        self.placing = Placing(
            self.id,
            client,
            self.job,
            self.ledger,
            self.options,
            self.budget,
            self.deals.watching,
            client.clock,
        )

    def __iter__(self) -> Iterator[TaskDone]:
        for event in self.events():
            if isinstance(event, TaskDone):
                yield event

    # What is known of it

    @property
    def tasks(self) -> int:
        return len(self.job.manifest.tasks)

    @property
    def done(self) -> bool:
        """Whether every task has an accepted result."""
        return len(self.ledger.results()) == self.tasks

    @property
    def finished(self) -> bool:
        """Whether it is done and no deal is open."""
        return self.done and not self.live()

    @property
    def reserved(self) -> int:
        """Base units of the budget that are locked or spent."""
        return self.ledger.reserved()

    @property
    def report(self) -> Report:
        """What was done by whom for how much, as the chain tells."""
        return report_of(self.client.market, self.id, self.ledger)

    def live(self) -> list[Part]:
        """Deals that are not over."""
        return self.ledger.live()

    def waiting(self) -> list[int]:
        """Tasks without a result that no miner has."""
        return self.placing.waiting()

    @property
    def cancelled(self) -> bool:
        """Whether nothing new is placed any more."""
        return self._context.closing

    # Running

    def events(self) -> Iterator[Event]:
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
        amount = amounts.parse(budget, self.client.decimals)
        if amount <= self.budget:
            raise BudgetTooSmall(
                f"job {self.id} has a budget of {self.show(self.budget)}: name a greater one"
            )
        with self.alone():
            self.ledger.set_facts(budget=str(amount), doubling=None)
            self.budget = self.placing.budget = amount

    def choose(self, **changes: Any) -> None:
        """Change fields of the job's `Options`, from now on.

        Raises:
            ClientError: a value without meaning, or another class than it was begun in.
            JobBusy: another process runs it.
        """
        options = replace(self.options, **changes)
        if options.resource != self.options.resource:
            raise ClientError(f"job {self.id} is in class {self.options.resource}: run it anew")
        with self.alone():
            self.ledger.set_facts(options=options.to_json(), doubling=None)
            self.options = self._context.options = self.placing.options = options

    def cancel(self) -> Iterator[Event]:
        """Call back what nobody took and follow what is under way to its end. Nothing changes if
        the job is finished.

        Raises: as `events`.
        """
        with self.alone():
            if self.finished:
                return
            if not self.done:
                self.ledger.set_facts(cancelled=True)
            self._context.closing = True
            yield from self._told(self._events())

    def _told(self, happening: Iterator[Event]) -> Iterator[Event]:
        """The same, written into the job's log, which others may follow; and why it failed."""
        self.ledger.set_facts(failure="")
        progress = Progress(self)
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

    def _events(self) -> Iterator[Event]:
        self.placing.begun_at = len(self.ledger.parts())
        self._stuck, self._failing_since = {}, None
        self.placing.stuck = set()
        self._seen_again = set()
        while True:
            yield from self._step()
            if self._is_over():
                return
            self.client.sleep(self.client.poll)

    def _is_over(self) -> bool:
        live = self.live()
        if self._context.moved:
            return False
        if not live and self.cancelled:
            return True
        if not live and self.done and not self.placing.owed():
            return True
        busy = any(part.running for part in live) or not (self.done or self.cancelled)
        if self.done and not self.cancelled:
            # Its results are there: whoever still works on some is paid, but not awaited for ever.
            busy = any(part.stage in (Stage.SIGNED, Stage.OPEN) for part in live)
            if all(self._is_left(part) for part in live) and not self.placing.owed():
                return True
        if busy:
            self._settling_since = None
            return False
        # Only payments are awaited: miners collect them in their own time.
        if self._settling_since is None:
            self._settling_since = self._clock()
        return self._clock() - self._settling_since > self.options.patience

    def _is_left(self, part: Part) -> bool:
        """Whether its miner is gone, and its money comes back only after a while."""
        watching = self.deals.watching
        left = part.request.duration - watching.elapsed(part)
        return watching.is_lost(part) and left > self.options.patience

    _settling_since: float | None = None

    def _step(self) -> Iterator[Event]:
        """Do everywhere what is to be done now; whatever fails keeps nothing else from it."""
        self._attempts.begin()
        self._context.moved = False
        tried = self._attempts.tried
        try:
            head = self.client.market.node.head()
            seen = self._confirmed_block(head)
        except TRANSIENT as error:
            yield from self._attempts.trouble(error)
            return
        for part in self._to_see_again(seen):
            if (yield from tried(_name(part), self.deals.look_again(part, seen))):
                self._seen_again.add(part.number)
        funded = True
        if not self.cancelled:
            yield from tried("placing", self.placing.place(head))
            funded = yield from tried("money", self.placing.fund())
        # What is called back comes last: each waits for a block.
        for part in sorted(self.live(), key=lambda part: part.stage is Stage.CALLED):
            if _name(part) not in self._stuck:
                yield from tried(_name(part), self.deals.advance(part, seen, funded))
        yield from self._context.asked_of_wallet()
        yield from self._raise_when_nothing_goes_on()

    def _confirmed_block(self, head: Block) -> Block:
        """The block to judge by."""
        if not self.client.confirmations:
            return head
        number = max(0, head.number - self.client.confirmations)
        found = self.client.market.node.block(number)
        if found is None:
            raise BadAnswer("eth_getBlockByNumber", f"block {number} below the newest is missing")
        return found

    def _to_see_again(self, seen: Block) -> list[Part]:
        """Parts whose end may have been undone: recent ones, and all once when a run begins."""
        return [
            part
            for part in self.ledger.parts()
            if part.stage is Stage.ENDED
            and (part.number not in self._seen_again or seen.number < part.ended_at + DEEP)
        ]

    def _raise_when_nothing_goes_on(self) -> Iterator[Event]:
        """What failed for good ends the run, but not while other deals still get on."""
        for name, error in self._attempts.failed.items():
            if isinstance(error, EngineError):
                self._stuck[name] = error  # it took long, and would again
        self.placing.stuck = {p.number for p in self.ledger.parts() if _name(p) in self._stuck}
        failed = self._stuck | self._attempts.failed
        if not failed:
            self._failing_since = None
            return
        if self._failing_since is None:
            self._failing_since = self._clock()
        error = next(iter(failed.values()))
        others = [part for part in self.live() if _name(part) not in failed]
        goes_on = self._context.moved or any(part.running for part in others)
        if not goes_on and self._clock() - self._failing_since <= self.options.patience:
            goes_on = any(part.stage is Stage.ACCEPTED for part in others)
        if not goes_on:
            raise error
        yield from self._attempts.trouble(error)

    # Results

    def results(self) -> Iterator[tuple[Kept, Result]]:
        """Accepted results by task."""
        return iter(self._results)

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
        return self.client.show(amount)

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


def _name(part: Part) -> str:
    return f"deal {part.number}"
