"""Miners and requesters on one chain with one relay and one store, second by second: both cores in
one process, everything else drawn from one seed."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import dataclass, field

from suanli.client.options import Options
from suanli.client.records import DealStage
from suanli.protocol import Request, State, payment
from tests.harness.both.chain import REWARDS, TOKEN, TREASURY, Chain
from tests.harness.both.miner import Manner, Miner
from tests.harness.both.relay import Relay, Store
from tests.harness.both.requester import Funds, Job

LIVE = (State.POSTED, State.CONFIRMED, State.SUBMITTED)
LONGEST = 40_000
"""Seconds after which whatever is not over never is."""


@dataclass(frozen=True)
class JobPlan:
    """`budget` in tokens a task; `vanishes`: after so many seconds its requester is gone."""

    tasks: int = 4
    budget: int = 100
    audit: float = 0.3
    hedge: bool | None = None
    duration: int | None = None
    starts: int = 0
    vanishes: int | None = None
    kills: float = 0.0
    confirmations: int = 0
    can_post: bool = False
    is_wallet: bool = False


@dataclass(frozen=True)
class Plan:
    """`trouble`: of relay, store and node, 0 to 1; `depth`: of reorganizations, in blocks."""

    seed: int
    miners: tuple[Manner, ...]
    jobs: tuple[JobPlan, ...]
    accounts: int = 1
    trouble: float = 0.0
    depth: int = 0
    reorganizations: float = 0.0


@dataclass
class Town:
    plan: Plan
    tasks: dict[bytes, tuple[int, ...]] = field(default_factory=dict)
    """By a deal's digest: which of the job's tasks it has; `whole`: the job's own."""
    whole: dict[bytes, bytes] = field(default_factory=dict)
    requests: dict[bytes, Request] = field(default_factory=dict)
    owners: dict[bytes, Job] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        plan = self.plan
        self.random, self.trouble = random.Random(plan.seed), plan.trouble
        self.numbers = itertools.count()
        self.checked: dict[str, tuple[int, int]] = {}
        """By job, at which version of the chain and after how many observations."""
        self.chain = Chain(random.Random(self.random.random()), plan.depth)
        self.relay = Relay(random.Random(self.random.random()), plan.trouble)
        self.store = Store(random.Random(self.random.random()), plan.trouble)
        self.accounts = [f"0x{n + 1:040x}" for n in range(plan.accounts)]
        self.funds = {account: Funds(self, account) for account in self.accounts}
        for account in self.accounts:
            self.chain.market.wallets[account] = 10**6 * TOKEN
        self.miners = [
            Miner(self, f"0x{n + 1:02x}{'bb' * 19}", manner) for n, manner in enumerate(plan.miners)
        ]
        self.minted = self._tokens()
        for number, wanted in enumerate(plan.jobs):
            options = Options(
                audit=wanted.audit, hedge=wanted.hedge, duration=wanted.duration, no_court=True
            )
            job = Job(
                self,
                self.accounts[number % plan.accounts],
                wanted.tasks,
                wanted.budget * wanted.tasks * TOKEN,
                options,
                kills=wanted.kills,
                confirmations=wanted.confirmations,
                can_post=wanted.can_post,
                is_wallet=wanted.is_wallet,
            )
            job.wakes += wanted.starts
            self.jobs.append(job)

    def id_of(self, request: Request) -> bytes:
        return self.chain.market.request_id(request)

    # Driving

    def second(self) -> None:
        chain = self.chain
        chain.second()
        if self.plan.reorganizations and self.random.random() < self.plan.reorganizations:
            chain.reorganize()
        self.relay.second(chain.now)
        for miner in self.miners:
            miner.second()
        for job, wanted in zip(self.jobs, self.plan.jobs, strict=True):
            if wanted.vanishes is not None and chain.now >= job.begun + wanted.vanishes:
                job.gone = True
            job.second()
            self._check_budget(job)

    def run(self) -> None:
        """Until every job is over, one way or the other; then until nothing is owed any more."""
        begun = self.chain.now
        while not all(job.over or job.gone for job in self.jobs):
            self.second()
            assert self.chain.now < begun + LONGEST, "a job does not end"
        self._settle()
        self.check()

    def _settle(self) -> None:
        """Requesters that are there go on, then give up what is left; troubles are over."""
        self.trouble = self.relay.trouble = self.store.trouble = 0.0
        self.plan_is_quiet()
        begun, day = self.chain.now, 90_000
        for job in self.jobs:
            job.kills = 0.0
            if self.chain.reorganizations and not job.gone:
                job.start()  # what was undone after its end is found by whoever looks again
        while self._owed() or any(map(self._is_left, self.jobs)):
            for job in self.jobs:
                if self._is_left(job) and job.over and self.chain.now >= job.wakes + 20:
                    job.cancel()
            self.second()
            if begun + 1_000 < self.chain.now < begun + day:
                self.chain.now += 400
            assert self.chain.now < begun + 2 * day, f"it is never settled: {self._open()}"

    def _is_left(self, job: Job) -> bool:
        """Whether something of it is not over that its requester could end."""
        ended = all(record.stage is DealStage.ENDED for record in job.records)
        return not job.gone and not (job.over and ended)

    def plan_is_quiet(self) -> None:
        """No more reorganizations."""
        self.plan = Plan(self.plan.seed, self.plan.miners, self.plan.jobs, self.plan.accounts)

    def _owed(self) -> bool:
        """Whether an honest miner's result, or money of a requester that is there, is under way."""
        return bool(self._open())

    def _open(self) -> list[tuple[str, str]]:
        market, found = self.chain.market, []
        honest = {miner.number for miner in self.miners if miner.manner.honest}
        for id_, made in self.requests.items():
            deal = market.deal_of(id_)
            if deal.state not in LIVE:
                continue
            if not self.owners[id_].gone or (made.miner in honest and deal.miner_id):
                found.append((deal.state.name, str(made.miner)))
        return found

    # What must hold

    def spent_or_locked(self, job: Job) -> int:
        """By the chain: what a job's deals hold or cost now."""
        market, total = self.chain.market, 0
        for record in job.records:
            state = market.deal_of(self.id_of(record.request)).state
            if state in LIVE:
                total += market.lock_of(record.request)
            elif state is State.SETTLED:
                total += self.cost(record.request)
        return total

    def cost(self, made: Request) -> int:
        """What a settled deal cost its requester, fee included."""
        market = self.chain.market
        deal, id_ = market.deal_of(self.id_of(made)), self.id_of(made)
        used = deal.units_used if any(deal.root) else self.owners[id_].accepted_units(made)
        parted = payment(
            market.scale,
            units=made.units,
            bid=made.max_price,
            price=deal.price,
            units_used=used,
            fee_bps=market.terms[made.terms].fee_bps,
        )
        return parted.paid + parted.fee

    def _check_budget(self, job: Job) -> None:
        state, seen = job.core.state, (self.chain.version, job.observed)
        if self.checked.get(job.name) == seen:
            return
        self.checked[job.name] = seen
        if not self.chain.reorganizations:
            assert state.reserved <= state.budget, "more is reserved than the budget"
            assert self.spent_or_locked(job) <= state.budget

    def check(self) -> None:
        self._check_books()
        for job in self.jobs:
            self._check_job(job)
        for miner in self.miners:
            self._check_miner(miner)

    def _tokens(self) -> int:
        market = self.chain.market
        return sum(market.wallets.values()) + market.held

    def _check_books(self) -> None:
        """No token came or went; the market owes just what it holds."""
        market = self.chain.market
        assert self._tokens() == self.minted
        owed = sum(a.available + a.locked for a in market.accounts.values())
        owed += sum(miner.stake + miner.earnings for miner in market.miners_by_id)
        assert owed == market.held
        for account in self.accounts:
            jobs = [job for job in self.jobs if job.account == account]
            spent = 10**6 * TOKEN - market.wallets[account] - market.accounts[account].available
            if any(job.gone for job in jobs):
                continue
            assert market.accounts[account].locked == 0
            assert spent == sum(r.cost for job in jobs for r in job.records)
        fees = market.accounts[TREASURY].available
        settled = [made for id_, made in self.requests.items() if self._is(id_, State.SETTLED)]
        if not any(job.gone for job in self.jobs):
            paid = sum(miner.earned for miner in self.miners)
            assert paid + fees == sum(self.cost(made) for made in settled)
        assert market.accounts[REWARDS].available >= 0

    def _is(self, id_: bytes, *states: State) -> bool:
        return self.chain.market.deal_of(id_).state in states

    def _check_job(self, job: Job) -> None:
        if job.gone:
            return
        state, market = job.core.state, self.chain.market
        assert job.over
        assert state.done or job.why or state.closing, "it ended without a reason"
        paid: Counter[int] = Counter()
        for record in job.records:
            assert record.stage is DealStage.ENDED, f"deal {record.number} is left {record.stage}"
            deal = market.deal_of(self.id_of(record.request))
            on_chain = deal.state
            if record.end == "settled":
                assert on_chain is State.SETTLED
                assert record.cost == self.cost(record.request)
            elif record.end in ("expired", "cancelled"):
                # A cancellation may be undone for good once nobody can confirm it any more.
                assert on_chain in (State.NONE, State.CANCELLED)
            else:
                assert on_chain.name.lower() == record.end
                assert record.cost == 0
            if any(deal.root) and record.acceptance and not record.refused:
                assert (deal.root, deal.units_used) == (record.root, record.units_used)
            if record.end == "settled" and not record.refused and record.doubles is None:
                paid.update(record.tasks)
        assert all(count <= 1 for count in paid.values()), f"paid twice: {paid}"
        assert state.reserved <= state.budget
        for task, kept in state.results.items():
            if job.core.state.options.audit == 1.0:
                right = job.right(task, kept.leaf.index)
                assert kept.leaf == right, "a lie was accepted though all is run again"

    def _check_miner(self, miner: Miner) -> None:
        assert not miner.alarms
        if not miner.manner.honest:
            return
        for id_ in miner.promised:
            deal = self.chain.market.deal_of(id_)
            if deal.miner_id == 0:
                continue
            assert deal.state in (State.SETTLED, State.RELEASED), (
                f"an honest miner's deal is {deal.state.name}, {miner.story(id_)}"
            )
