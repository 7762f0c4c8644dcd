"""The requester's side as one thing: quote, submit, go on with jobs, over a session."""

from __future__ import annotations

import copy
import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from suanli.base import amounts
from suanli.chain import Block, IdentityVerifier
from suanli.client.bonds import judgeable
from suanli.client.errors import DuplicateJob, UnknownJob, UnsuitableJob
from suanli.client.failures import require_some_good
from suanli.client.functions import MarketExecutor
from suanli.client.jobs import find, folders
from suanli.client.ledger import Ledger
from suanli.client.options import SEALED_TOLD, Options
from suanli.client.plan import Assignment, Candidate, plan
from suanli.client.quote import CourtQuote, JobQuote, expected_cost, worst_cost
from suanli.client.run.run import Run
from suanli.client.session import Session
from suanli.client.terms import Signable
from suanli.daemon.clock import trouble_at
from suanli.engine import Executor
from suanli.engine.host import packing
from suanli.job import Estimate, Job, StoredJob, estimate, load
from suanli.job.estimating import SECONDS, chosen, limit_told, limited
from suanli.protocol import new_salt
from suanli.python import limits_of
from suanli.store import DirectoryStore
from suanli.verify import chance, expected_reruns

NO_MINER = 0
"""One against whom there are no cases."""


class Client(Session):
    """A requester's connection to a market, as `suanli.client.connect` makes it; a context manager.

    `quote` says what a job would cost, `submit` begins one and `run` finds it again, `executor`
    takes Python functions. Jobs are kept in folders of their own below the folder `state`: another
    process goes on with one by its id. `account` signs and pays; `requester` is whom the market
    knows, which is the account's address or its wallet's.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        """`market` (`suanli.chain.Market`) and `account` (`suanli.protocol.Signer`), then by
        name: `relay` (`suanli.relay.Relays`; None: everything goes over the chain), `store` (blobs
        that miners reach, too; by default the relay's), `wallet` (address of the contract account
        that buys), `state` and `sent` (folders of jobs and of what was sent), `fees`
        (`suanli.chain.Fees`), `confirmations` (blocks that make a transaction final), `runtime`
        (32 bytes: the only one to use), `poll` (seconds between looks at chain and relay).

        Raises:
            ClientError: neither relay nor store, or a wallet that the account does not own.
        """
        super().__init__(*given, **named)
        self.jobs_folder = self.state / "jobs"
        # Inputs and results are nobody else's, nor is what decides which tasks are run again.
        self.jobs_folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def quote(
        self,
        job: str | Path | Job,
        options: Options | None = None,
        tried: Estimate | None = None,
        tell: Callable[[str], None] = lambda line: None,
        seconds: float = SECONDS,
    ) -> JobQuote:
        """What a job would cost now, and who would take it; nothing moves. A few of its tasks run
        here for at most `seconds`, unless they were `tried` before; `tell` hears of it. With 0 what
        is expected stays unknown.

        Raises:
            JobFileError, UnsuitableJob, InvalidAmount: as `submit`.
        """
        options = options or Options()
        head = self.market.node.head()
        loaded = self._allowed(job, options, head)
        terms = self.terms(options)
        tried = tried or self.estimate(loaded, tell, seconds)
        loaded, limit_told = _fitted(loaded, tried)
        options = self._sealing(options, loaded)
        verifier = IdentityVerifier.of(self.market, terms.terms.identity_verifier)
        need = self.need(loaded.manifest, options, head, verifier)
        found = self.candidates(options, head, verifier)
        placed = plan(range(len(loaded.manifest.tasks)), found, need, self.scale, 2**255)
        expected = expected_cost(placed, found, need, tried, self.scale)
        odds = self._audits(options, terms, placed.parts, found)
        counts = [len(part.tasks) for part in placed.parts]
        return JobQuote(
            loaded,
            need.price,
            placed,
            tuple(found),
            need,
            terms,
            tried,
            limit_told,
            worst_cost(placed),
            expected,
            expected_reruns(zip(counts, odds, strict=True)),
            self.token.balance_of(self.requester),
            self.market.account_of(self.requester).available,
            self._court_quote(terms),
        )

    def _court_quote(self, terms: Signable) -> CourtQuote | None:
        court = self.court_at(terms.terms.court)
        if court is None:
            return None
        rules, appeal = court.rules(), court.appeal_deposit_of(NO_MINER)
        deposit = court.deposit_of(0, rules.jury, NO_MINER)
        return CourtQuote(judgeable(court), deposit, appeal, rules.seat_fee)

    def estimate(
        self,
        job: Job,
        tell: Callable[[str], None] = lambda line: None,
        seconds: float = SECONDS,
    ) -> Estimate:
        """What a few tasks of a job use, tried here for so many seconds at most."""
        tasks = len(job.manifest.tasks)
        if not seconds:
            return Estimate(tasks, {}, (), 0.0)
        count = len(chosen(job.manifest))
        tell(f"trying {count} of {tasks:,} tasks here, at most {seconds:.0f} s")
        fuel = None if job.names_fuel else job.manifest.limits.fuel
        workers = len(os.sched_getaffinity(0))
        with self.engine(job.manifest.runtime) as executor:
            return estimate(job, executor, workers=workers, fuel=fuel, seconds=seconds)

    def submit(
        self,
        job: str | Path | Job,
        budget: str | int | Decimal,
        options: Options | None = None,
        tell: Callable[[str], None] = lambda line: None,
        **more: Any,
    ) -> Run:
        """A run of the job: iterate over it. `job`: a job file, or what `suanli.job.load` made of
        one. `budget`: tokens such as "12.5", a Decimal or an int; never is more locked and spent
        together. `more`: fields of `Options`. If the job's file names no fuel, a few tasks run here
        first to find how much they need, and `tell` hears what came of it.

        With `seal` (of `Options`, or of the file) relays and stores still see the program, who
        deals with whom, units, numbers of tasks, and sizes and times of blobs. Each miner reads
        inputs, arguments, environment and results of its tasks all the same. A dispute over a wrong
        result publishes one task's inputs, and arguments and environment of its deal; one over a
        withheld result all of that deal. `tell` hears of it before anything moves.

        Raises:
            JobFileError: the job file is wrong, with lines.
            UnsuitableJob: the class's limits or runtimes do not allow it, or no terms are accepted.
            InvalidAmount: `budget` is no amount.
            TasksFailed: all tasks that were tried here failed.
            DuplicateJob: the very same was submitted before.
            RelayError: the relay is away or in trouble, and there is no store in its place.
        """
        options = options or Options(**more)
        amount = amounts.parse(budget, self.decimals)
        head = self.market.node.head()
        loaded = self._allowed(job, options, head)
        options = self._sealing(options, loaded)
        if options.seal:
            for line in SEALED_TOLD:
                tell(line)
        self.terms(options)
        if self.relay is not None and self.results is None:
            self.relay.check()
        ahead = None if self.relay is None else self.relay.ahead
        if wrong := trouble_at(head, self.market.domain.chain_id, ahead):
            tell(wrong)
        limit_told = ""
        if not loaded.names_fuel:
            tried = self.estimate(loaded, tell)
            require_some_good(tried, options, loaded.manifest.limits)
            loaded, limit_told = _fitted(loaded, tried)
            tell(limit_told)
        packing.hold("requester", self.state, tell)
        folder = self.jobs_folder / loaded.digest.hex()[:12]
        if (folder / "job.sqlite").exists():
            raise DuplicateJob(
                f"job {folder.name} was submitted before: suanli job resume {folder.name} goes on"
                " with it; to run it once more load it with another salt"
            )
        folder.mkdir(exist_ok=True)  # whoever was killed before left no job in it
        StoredJob.keep(loaded, self.blobs(folder))
        ledger = Ledger(folder / "job.new")
        ledger.set_facts(
            name=loaded.name,
            job=loaded.digest.hex(),
            tasks=len(loaded.manifest.tasks),
            budget=str(amount),
            options=options.to_json(),
            secret=secrets.token_hex(32),
            block=head.number,
            chain=self.market.domain.chain_id,
            market=self.market.address,
            account=self.requester,
            begun=time.time(),
            decimals=self.decimals,
            symbol=self.symbol,
        )
        ledger.close()
        # Only what is whole is a job: whoever is killed before leaves none.
        (folder / "job.new").rename(folder / "job.sqlite")
        return self.run(folder.name)

    def executor(
        self,
        budget: str | int | Decimal,
        options: Options | None = None,
        *,
        units: int | None = None,
        memory: int | None = None,
        printed: Callable[[str], None] | None = None,
        progress: bool | None = None,
        **more: Any,
    ) -> MarketExecutor:
        """A `concurrent.futures.Executor` of Python functions (docs/python.md) that never locks and
        spends more than `budget`, as `submit` takes it, in all. A call may use so many `units` and
        bytes of `memory`; by default what the class allows, and 1 GiB. `printed` gets what
        functions print, by default this process's output; `progress`: whether to show a line on
        stderr, by default on terminals and in notebooks. `more`: fields of `Options`; with `seal`,
        functions, arguments and results travel sealed, and what `submit` says of it holds.

        Raises:
            InvalidAmount: `budget` is no amount.
            UnsuitableJob: the class is not sold by deals.
        """
        limits = limits_of(units, memory)
        return MarketExecutor(self, budget, options or Options(**more), limits, printed, progress)

    def with_engine(self, engine: Callable[[bytes], AbstractContextManager[Executor]]) -> Client:
        """The same connection, with something else that runs tasks here. Not to be closed."""
        other = copy.copy(self)
        other.engine = engine
        return other

    def run(self, job: str) -> Run:
        """A job that was submitted before, by its name or the beginning of it.

        Raises:
            UnknownJob: none, or several; or it is another account's or market's.
        """
        folder = find(self.state, job)
        made = Run(self, folder)
        facts = made.ledger.facts()
        if (theirs := (facts["chain"], facts["market"], facts["account"])) != self.where:
            made.close()
            chain, market, account = theirs
            raise UnknownJob(
                f"job {folder.name} is of account {account} at market {market} on chain {chain}:"
                " name these (--account, or --for if it is a contract; --market; --rpc)"
            )
        return made

    def jobs(self) -> list[Path]:
        """Folders of all jobs."""
        return folders(self.state)

    def blobs(self, folder: Path) -> DirectoryStore:
        """What the job in this folder needs and has got."""
        return DirectoryStore(folder / "blobs")

    def _allowed(self, job: str | Path | Job, options: Options, head: Block) -> Job:
        """The job, if the class takes it; where its file names no fuel, with the most."""
        if not isinstance(job, Job):
            usual, named = self.usual_runtime(options), partial(self.usual_runtime, options)
            job = load(job, runtime=usual, named=named, salt=new_salt())
        if not job.names_fuel:
            most = self.resource(options).max_task_units
            job = limited(job, min(most, job.manifest.limits.units))
        self.need(job.manifest, options, head)
        self.require_runnable(job.manifest.runtime)
        return job

    def _sealing(self, options: Options, job: Job) -> Options:
        """As the options or the job's file want it."""
        if not (options.seal or job.seal):
            return options
        if self.relay is None:
            raise UnsuitableJob(
                "a sealed job takes a relay, where miners tell the keys that it is sealed to: name"
                " one (--relay)"
            )
        return replace(options, seal=True)

    def _audits(
        self,
        options: Options,
        terms: Signable,
        parts: Sequence[Assignment],
        offers: Sequence[Candidate],
    ) -> list[float]:
        """For each part that is planned, the chance of its tasks to be run again here."""
        completed = {offer.miner: offer.completed for offer in offers}
        slashed = terms.slashed(self.resource(options).stake_per_unit)
        return [
            chance(options.audit, len(part.tasks), completed.get(part.miner, 0), part.bid, slashed)
            for part in parts
        ]


def _fitted(job: Job, tried: Estimate) -> tuple[Job, str]:
    """With the limit that an estimate gives where the file names none; and what to say."""
    if job.names_fuel:
        return job, ""
    most = job.manifest.limits.units
    limit = min(tried.units or most, most)
    return limited(job, limit), limit_told(tried, limit)
