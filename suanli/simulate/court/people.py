"""Deals, by what each strategy does with them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat

from suanli.model import chance
from suanli.protocol import Request
from suanli.simulate.court.books import TREASURY, Books, Who
from suanli.simulate.court.courtroom import (
    DEFENCE_GAS,
    FILING_GAS,
    GAS,
    CaseRuling,
    Courtroom,
    SeatVote,
    SimulatedCase,
)
from suanli.simulate.court.rules import DAY
from suanli.simulate.court.scenario import JurorCounts, MinerCounts, RequesterCounts
from suanli.simulate.court.world import CourtWorld, Person
from suanli.simulate.requesters import poisson

TENTH = 10
"""One of so many results is made up by who is lazy."""
QUARREL = 0.25


@dataclass(slots=True)
class TradedWork:
    """What a deal is, and what its miner really did: so many of its results are `wrong`, all where
    data is `withheld`."""

    request: Request
    requester: Person
    miner: Person
    wrong: int
    withheld: bool

    @property
    def proven(self) -> int:
        """Wrong results that count: of one case, or all if nobody can have the data."""
        return self.request.tasks if self.withheld else 1

    @property
    def buyer(self) -> Who:
        return "requester", self.requester.kind

    @property
    def seller(self) -> Who:
        return "miner", self.miner.kind


@dataclass(order=True, slots=True)
class PendingDeal:
    """A submitted deal that ends at a time; if it was challenged, with the seats that sit."""

    due: int
    count: int
    work: TradedWork = field(compare=False)
    ruling: CaseRuling | None = field(compare=False, default=None)


class People:
    def __init__(self, world: CourtWorld, courtroom: Courtroom, books: Books) -> None:
        self.world, self.courtroom, self.books = world, courtroom, books
        self._chance = world.chance("people")
        own = world.scenario
        self.miners = [world.miner(kind) for kind in kinds_of(own.miners)]
        self.requesters = [Person(world.account(), kind) for kind in kinds_of(own.requesters)]
        self.pending: list[PendingDeal] = []
        self._deals = 0

    def act(self) -> None:
        """One step: what is due, then new deals."""
        while self.pending and self.pending[0].due <= self.world.market.time:
            self._finish(heapq.heappop(self.pending))
        own = self.world.scenario
        for _ in range(poisson(self._chance, own.deals_a_day * self.world.step / DAY)):
            buyer, seller = self._chance.choice(self.requesters), self._chance.choice(self.miners)
            tasks = self._chance.choice(own.tasks)
            if not buyer.kind == seller.kind == "colluding":
                self._trade(self._work(buyer, seller, tasks))

    def finish(self) -> None:
        """Lets time pass until all deals have ended."""
        while self.pending:
            self.world.market.time = max(self.world.market.time, self.pending[0].due)
            self._finish(heapq.heappop(self.pending))

    # Deals

    def _work(self, buyer: Person, seller: Person, tasks: int) -> TradedWork:
        self.world.restock(seller)
        request = self.world.deal(buyer, seller, tasks)
        slips = int(self._chance.random() < tasks * self.world.scenario.flips)
        made_up = {"lazy": -(-tasks // TENTH), "cheating": tasks, "colluding": tasks}
        withheld = seller.kind == "withholding"
        lies = tasks if withheld else made_up.get(seller.kind, 0)
        self._deals += 1
        work = TradedWork(request, buyer, seller, lies or slips, withheld)
        self.books.spend(work.seller, self._cost(tasks - lies))
        self.books.count(work.seller, "deals")
        self.books.count(work.buyer, "deals")
        return work

    def _trade(self, work: TradedWork) -> None:
        """A careless requester takes what it gets."""
        careless = work.buyer[1] == "careless"
        if work.withheld:
            self._submit(work, challenged=not careless)
        elif careless or not (self._found(work) or self._quarrels(work)):
            self._paid(work, self.world.accept(work.request, work.miner))
        else:
            self._submit(work, challenged=True)

    def _quarrels(self, work: TradedWork) -> bool:
        odds = {"quarrelsome": QUARREL, "colluding": 1.0}.get(work.buyer[1], 0.0)
        return self._chance.random() < odds

    def _found(self, work: TradedWork) -> bool:
        """Runs tasks again, and spends what that costs."""
        own, tasks = self.world.scenario, work.request.tasks
        completed = self.world.market.miners[work.miner.account].completed
        odds = chance(own.audit, tasks, completed, own.price, own.stake)
        again = [index for index in range(tasks) if self._chance.random() < odds]
        self.books.spend(work.buyer, self._cost(len(again)))
        return any(index < work.wrong for index in again)

    def _submit(self, work: TradedWork, *, challenged: bool) -> None:
        self.world.submit(work.request, work.miner)
        ruling = self._judged(work) if challenged else None
        days = ruling.days if ruling else 1
        due = self.world.market.time + days * DAY + 1
        heapq.heappush(self.pending, PendingDeal(due, self._deals, work, ruling))

    def _judged(self, work: TradedWork) -> CaseRuling:
        world, gas = self.world, GAS * float(self.world.rules.seat_fee)
        world.market.freeze(world.court, work.request)
        self.books.spend(work.buyer, FILING_GAS * gas)
        self.books.spend(work.seller, DEFENCE_GAS * gas)
        case = SimulatedCase(
            world.facts(work.request),
            SeatVote.WRONG if work.wrong else SeatVote.RIGHT,
            work.buyer,
            work.seller,
            float(world.rules.slash(world.facts(work.request), work.proven)),
            work.requester.kind == "colluding",
            work.miner.kind == "colluding",
        )
        ruling = self.courtroom.judge(case, self.books)
        self.courtroom.sitting.update(ruling.seats)
        return ruling

    def _finish(self, ended: PendingDeal) -> None:
        work, ruling = ended.work, ended.ruling
        if ruling is None:
            self._paid(work, self.world.settle(work.request))
            return
        self.courtroom.sitting.subtract(ruling.seats)
        self.books.count(work.buyer, "challenged")
        if ruling.found == SeatVote.WRONG:
            self.world.overturn(work.request, work.proven)
            self.books.count(work.seller, "overturned")
            self.books.count(work.buyer, "won")
        else:
            self._paid(work, self.world.clear(work.request))

    def _paid(self, work: TradedWork, received: float) -> None:
        """What of it is right is worth something."""
        own, units = self.world.scenario, work.request.units
        right = units * (1 - work.wrong / work.request.tasks)
        self.books.pay(work.buyer, work.seller, received)
        self.books.pay(work.buyer, TREASURY, units * own.price - received)
        self.books.gain(work.buyer, right * own.value)

    def _cost(self, tasks: int) -> float:
        """Of computing so many."""
        return tasks * self.world.scenario.units_per_task * self.world.scenario.cost


def kinds_of(counts: MinerCounts | RequesterCounts | JurorCounts) -> Iterator[str]:
    """One name for each of them, in the order of the fields."""
    for kind, count in vars(counts).items():
        yield from repeat(kind, count)
