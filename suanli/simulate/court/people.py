"""Deals, by what each strategy does with them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

from suanli.model import chance
from suanli.protocol import CasePhase, Refused, State
from suanli.simulate.court.books import Who
from suanli.simulate.court.rules import DAY
from suanli.simulate.court.scenario import JurorCounts, MinerCounts, RequesterCounts
from suanli.simulate.court.trials import TradedWork, Trials
from suanli.simulate.court.world import CourtWorld, Person
from suanli.simulate.requesters import poisson
from suanli.simulate.world import ROOT

TENTH = 10
"""One of so many results is made up by who is lazy."""
QUARREL = 0.25
ENDED = State.SETTLED, State.OVERTURNED


class People:
    def __init__(self, world: CourtWorld) -> None:
        self.world, self.books = world, world.books
        self._chance = world.chance("people")
        own = world.scenario
        self.miners = [world.miner(kind) for kind in kinds_of(own.miners)]
        self.requesters = [world.requester(kind) for kind in kinds_of(own.requesters)]
        jurors = [world.juror(kind, seats) for kind, seats in vars(own.jurors).items()]
        self.trials = Trials(world, jurors, world.chance("jurors"))
        self.submitted: list[TradedWork] = []
        world.pass_time(world.court.rules.join_delay)

    def act(self) -> None:
        """One step: cases and deals go on, new deals come."""
        self._go_on()
        own = self.world.scenario
        for _ in range(poisson(self._chance, own.deals_a_day * self.world.step / DAY)):
            buyer, seller = self._chance.choice(self.requesters), self._chance.choice(self.miners)
            tasks = self._chance.choice(own.tasks)
            if not buyer.kind == seller.kind == "colluding":
                self._trade(self.deal(buyer, seller, tasks))

    def finish(self) -> None:
        """Lets time pass until all deals have ended."""
        while self.submitted:
            self.world.pass_time(self.world.step)
            self._go_on()

    # Deals

    def deal(self, buyer: Person, seller: Person, tasks: int) -> TradedWork:
        self.world.restock(seller)
        request = self.world.deal(buyer, seller, tasks)
        slips = int(self._chance.random() < tasks * self.world.scenario.flips)
        made_up = dict.fromkeys(("cheating", "withholding", "colluding"), tasks)
        made_up["lazy"] = -(-tasks // TENTH)
        withheld = seller.kind in ("withholding", "late")
        lies = made_up.get(seller.kind, 0)
        self.books.spent[seller.who] += self._cost(tasks - lies)
        for who in (seller.who, buyer.who):
            self.books.ordered[who] += request.units * self.world.scenario.price
            self.books.count(who, "deals")
        return TradedWork(request, buyer, seller, lies or slips, withheld)

    def _trade(self, work: TradedWork) -> None:
        """A careless requester takes what it gets."""
        careless = work.requester.kind == "careless"
        if work.withheld:
            self.submit(work, challenged=not careless)
        elif careless or not (self._found(work) or self._quarrels(work)):
            used = ROOT, work.request.units, self.world.accepted(work.request)
            self.world.market.submit_accepted(work.miner.account, work.request, *used)
            self._paid(work)
        else:
            self.submit(work, challenged=True)

    def _quarrels(self, work: TradedWork) -> bool:
        odds = {"quarrelsome": QUARREL, "colluding": 1.0}.get(work.requester.kind, 0.0)
        return self._chance.random() < odds

    def _found(self, work: TradedWork) -> bool:
        """Runs tasks again, and spends what that costs."""
        own, tasks = self.world.scenario, work.request.tasks
        completed = self.world.market.miners[work.miner.account].completed
        odds = chance(own.audit, tasks, completed, own.price, own.stake)
        again = [index for index in range(tasks) if self._chance.random() < odds]
        self.books.spent[work.requester.who] += self._cost(len(again))
        return any(index < work.wrong for index in again)

    def submit(self, work: TradedWork, *, challenged: bool) -> None:
        root = work.result().root
        self.world.market.submit_result(work.miner.account, work.request, root, work.request.units)
        self.submitted.append(work)
        if challenged:
            self.trials.file(work)
            self.books.count(work.requester.who, "challenged")

    def _go_on(self) -> None:
        self.trials.act()
        left = []
        for work in self.submitted:
            if self._ended(work):
                self._end(work)
            else:
                left.append(work)
        self.submitted = left

    def _ended(self, work: TradedWork) -> bool:
        """By the court, or by anybody as soon as it may be settled."""
        anybody = work.requester.account
        for call in (self.world.court.finish, self.world.market.settle):
            try:
                call(anybody, work.request)
            except Refused:
                continue
        request_id = self.world.market.request_id(work.request)
        return self.world.market.deal_of(request_id).state in ENDED

    def _end(self, work: TradedWork) -> None:
        market, court = self.world.market, self.world.court
        request_id = market.request_id(work.request)
        if market.deal_of(request_id).state == State.SETTLED:
            self._paid(work)
            return
        self.books.count(work.miner.who, "overturned")
        self.books.count(work.requester.who, "won")
        if court.cases[work.case].phase != CasePhase.UPHELD:
            self._paid(work)
        try:
            court.collect(work.requester.account, request_id, work.case)
        except Refused:
            return

    def _paid(self, work: TradedWork) -> None:
        """What of it is right is worth something to who has it."""
        if work.withheld and not work.case:
            return
        right = work.request.units * (1 - work.wrong / work.request.tasks)
        self.books.made[work.requester.who] += right * self.world.scenario.value

    def _cost(self, tasks: int) -> float:
        """Of computing so many."""
        return tasks * self.world.scenario.units_per_task * self.world.scenario.cost


def kinds_of(counts: MinerCounts | RequesterCounts | JurorCounts) -> Iterator[str]:
    """One name for each of them, in the order of the fields."""
    for kind, count in vars(counts).items():
        yield from repeat(kind, count)


def members(scenario: object) -> dict[Who, int]:
    """How many follow each strategy that somebody follows."""
    roles = {"miner": "miners", "requester": "requesters", "juror": "jurors"}
    return {
        (role, kind): count
        for role, field in roles.items()
        for kind, count in vars(getattr(scenario, field)).items()
        if count
    }
