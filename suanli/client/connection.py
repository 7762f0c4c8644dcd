"""A requester's connection to the market: chain, relay, store and account together."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from suanli.base import amounts
from suanli.base.accounts import Account
from suanli.base.text import is_address
from suanli.chain import Block, Fees, Journal, Market, Sender, Token
from suanli.chain.sent import place_of, sent_folder
from suanli.client import offers
from suanli.client.errors import ClientError, DuplicateJob, UnknownJob, UnsuitableJob
from suanli.client.failures import require_some_good
from suanli.client.funds import Funds
from suanli.client.jobs import find, folders, state_folder
from suanli.client.ledger import Ledger
from suanli.client.options import Options
from suanli.client.plan import Candidate, Need, Part, plan
from suanli.client.quote import Quote, expected_cost, worst_cost
from suanli.client.run.run import Run
from suanli.client.terms import Signable, choose
from suanli.client.wallets import require_owner
from suanli.engine import Executor, runtime_id
from suanli.engine.host import Pool
from suanli.job import Estimate, Job, Manifest, StoredJob, estimate, excesses, load
from suanli.job.estimating import SECONDS, chosen, limit_told, limited
from suanli.protocol import Kind, ResourceClass, Scale, new_salt
from suanli.relay import HttpStore, RelayClient, RelayError
from suanli.store import DirectoryStore, Store
from suanli.verify import chance, expected_reruns


class Client:
    """`relay` None: everything goes over the chain. `wallet`: the contract account that buys, for
    which the account signs; then `requester` is that. `store`: blobs that miners reach, too; by
    default the relay's. A context manager."""

    def __init__(
        self,
        market: Market,
        account: Account,
        *,
        relay: RelayClient | None = None,
        store: DirectoryStore | None = None,
        wallet: str | None = None,
        state: str | Path | None = None,
        sent: str | Path | None = None,
        fees: Fees | None = None,
        confirmations: int = 0,
        runtime: bytes | None = None,
        poll: float = 0.5,
        executor: Callable[[], AbstractContextManager[Executor]] = Pool,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if relay is None and store is None:
            raise ClientError(
                "without a relay there must be a store that miners reach, too: name a relay"
                " (--relay), or a folder (--store)"
            )
        if wallet is not None:
            if relay is None:
                raise ClientError(
                    "a contract account buys through a relay, since it can't be made to post"
                    " requests from here: name one (--relay)"
                )
            require_owner(market.node, wallet, account)
        self.market, self.account, self.relay = market, account, relay
        self.requester = wallet or account.address
        self.state = state_folder(state)
        self.jobs_folder = self.state / "jobs"
        # Inputs and results are nobody else's, nor is what decides which tasks are run again.
        self.jobs_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.confirmations, self.executor = confirmations, executor
        self.poll, self.sleep, self.clock = poll, sleep, clock
        self.runtime = runtime or runtime_id()
        self.store: Store = store or HttpStore(relay)  # type: ignore[arg-type]  # one is there
        self.results = store.root / "claims" if store else None
        place = place_of(market.node, account.address, sent_folder(sent))
        self._journal = Journal(place.with_suffix(".sqlite"))
        self.sender = Sender(
            market.node,
            account,
            self._journal,
            fees,
            confirmations=max(1, confirmations),
            poll_every=min(poll, 0.5),
        )
        theirs = place_of(market.node, self.requester, place.parent)
        self.funds = Funds(market, self.sender, account, self.requester, theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self.relay is not None:
            self.relay.close()
        self.funds.close()
        self._journal.close()

    # Jobs

    def quote(
        self,
        job: str | Path | Job,
        options: Options | None = None,
        tried: Estimate | None = None,
        tell: Callable[[str], None] = lambda line: None,
        seconds: float = SECONDS,
    ) -> Quote:
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
        need = self.need(loaded.manifest, options, head)
        found = self.candidates(options, head)
        placed = plan(range(len(loaded.manifest.tasks)), found, need, self.scale, 2**255)
        expected = expected_cost(placed, found, need, tried, self.scale)
        odds = self.audits(options, terms, placed.parts, found)
        counts = [len(part.tasks) for part in placed.parts]
        return Quote(
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
        )

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
        with self.executor() as executor:
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
        self.terms(options)
        if self.relay is not None and self.results is None:
            self.relay.check()
        limit_told = ""
        if not loaded.names_fuel:
            tried = self.estimate(loaded, tell)
            require_some_good(tried, options, loaded.manifest.limits)
            loaded, limit_told = _fitted(loaded, tried)
            tell(limit_told)
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
            symbol=self._symbol,
        )
        ledger.close()
        # Only what is whole is a job: whoever is killed before leaves none.
        (folder / "job.new").rename(folder / "job.sqlite")
        return self.run(folder.name)

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

    @property
    def where(self) -> tuple[int, str, str]:
        """Chain id, market and account: a job belongs to all three."""
        return (self.market.domain.chain_id, self.market.address, self.requester)

    def jobs(self) -> list[Path]:
        """Folders of all jobs."""
        return folders(self.state)

    def blobs(self, folder: Path) -> DirectoryStore:
        return DirectoryStore(folder / "blobs")

    def _allowed(self, job: str | Path | Job, options: Options, head: Block) -> Job:
        """The job, if the class takes it; where its file names no fuel, with the most."""
        if not isinstance(job, Job):
            job = load(job, runtime=self.runtime, salt=new_salt())
        if not job.names_fuel:
            most = self.resource(options).max_task_units
            job = limited(job, min(most, job.manifest.limits.units))
        self.need(job.manifest, options, head)
        return job

    # The market

    @cached_property
    def token(self) -> Token:
        return Token(self.market.node, self.market.token())

    @cached_property
    def decimals(self) -> int:
        return self.token.decimals()

    @cached_property
    def scale(self) -> Scale:
        return Scale(self.decimals)

    def show(self, amount: int) -> str:
        """Base units as tokens."""
        return f"{amounts.show(amount, self.decimals)} {self._symbol}"

    @cached_property
    def _symbol(self) -> str:
        return self.token.symbol()

    def withdraw(self, amount: int | None = None, to: str | None = None) -> int:
        """Take `amount` out of the market, by default what is available and no job promised to
        miners, to another address if one is given; returns base units."""
        if to is not None and not is_address(to):
            raise ClientError(f"{to!r} is no address: it is 0x and 40 hexadecimal digits")
        with self.funds.alone:
            amount = self.funds.free() if amount is None else amount
            if amount:
                call = self.market.withdraw(to or self.requester, amount)
                self.funds.require_key("take money out", [call])
                self.sender.execute(call)
        return amount

    def terms(self, options: Options) -> Signable:
        """The newest open terms that are accepted. Raises UnsuitableJob if there are none."""
        return choose(self.market, options)

    def candidates(self, options: Options, head: Block) -> list[Candidate]:
        """All offers, from the relay's miners or, if it is in trouble, from the chain."""
        if self.relay is not None:
            try:
                return offers.from_relay(self.market, self.relay, options.resource, head.time)
            except RelayError:
                if self.results is None:
                    raise
        return self._registered.offers(options.resource)

    @cached_property
    def _registered(self) -> offers.Registered:
        return offers.Registered.of(self.market, self.state)

    def resource(self, options: Options) -> ResourceClass:
        """The resource class. Raises UnsuitableJob if it is not sold by deals."""
        number = options.resource
        if not 1 <= number <= self.market.resource_count():
            raise UnsuitableJob(f"there is no resource class {number}")
        kind = self.market.resource_class(number)
        if kind.kind is not Kind.JUDGED or kind.retired:
            raise UnsuitableJob(f"class {number} is not sold by deals")
        return kind

    def audits(
        self,
        options: Options,
        terms: Signable,
        parts: Sequence[Part],
        offers: Sequence[Candidate],
    ) -> list[float]:
        """For each part that is planned, the chance of its tasks to be run again here."""
        completed = {offer.miner: offer.completed for offer in offers}
        slashed = terms.slashed(self.resource(options).stake_per_unit)
        return [
            chance(options.audit, len(part.tasks), completed.get(part.miner, 0), part.bid, slashed)
            for part in parts
        ]

    def need(self, manifest: Manifest, options: Options, head: Block) -> Need:
        """What each task needs.

        Raises:
            UnsuitableJob: the class does not take such tasks.
        """
        number, kind, limits = options.resource, self.resource(options), manifest.limits
        for excess in excesses(manifest, kind):
            raise UnsuitableJob(
                f"a task may take {excess.asked:,} {excess.what}, class {number} allows"
                f" {excess.most:,}: {excess.remedy}"
            )
        if not self.market.is_runtime_permitted(number, manifest.runtime):
            raise UnsuitableJob(
                f"class {number} does not permit this engine's runtime id"
                f" {manifest.runtime.hex()[:16]}…: use the version of suanli that it permits"
            )
        return Need(
            manifest.runtime,
            limits.units,
            self.market.price_of(number),
            kind.floor,
            head.time,
            options.confirm_within,
            options.slippage_bps,
            options.most_price,
            options.duration,
            options.verified_only,
        )


def _fitted(job: Job, tried: Estimate) -> tuple[Job, str]:
    """With the limit that an estimate gives where the file names none; and what to say."""
    if job.names_fuel:
        return job, ""
    most = job.manifest.limits.units
    limit = min(tried.units or most, most)
    return limited(job, limit), limit_told(tried, limit)
