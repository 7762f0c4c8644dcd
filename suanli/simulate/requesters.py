"""Who buys: jobs that come by chance, look for capacity that they can pay, and give up in time.

And who only pretends to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from suanli.protocol import Address, Request
from suanli.simulate.miners import Miners, Seller
from suanli.simulate.record import Record
from suanli.simulate.scenario import DAY, DemandSide, Fake
from suanli.simulate.world import FLOOR, RESOURCE, MarketWorld, atto

NOBODY = 2**32 - 1
"""A number that no miner has."""


@dataclass(slots=True)
class WantedJob:
    requester: Address
    units: int
    value: int
    """Most that it pays for a unit."""
    until: float
    """Hour at which it gives up."""
    request: Request | None = None
    """Posted while it could pay, but nothing is free."""


class Requesters:
    def __init__(
        self, world: MarketWorld, demand: DemandSide, miners: Miners, record: Record
    ) -> None:
        self.demand, self.miners, self.record = demand, miners, record
        self._chance = world.chance("requesters")
        self._accounts = [world.account() for _ in range(demand.requesters)]
        self.waiting: list[WantedJob] = []

    def act(self, world: MarketWorld) -> None:
        self.waiting += self._come(world)
        price = world.price()
        sellers = self.miners.for_sale(price)
        sellers.reverse()  # taken from the end
        self.waiting = [job for job in self.waiting if not self._done(world, job, sellers)]

    def _come(self, world: MarketWorld) -> list[WantedJob]:
        """As many draws whatever the price is: all models see the same jobs."""
        own, chance = self.demand, self._chance
        rate = own.requesters * own.jobs_a_day * world.step / (DAY * 3_600)
        count = poisson(chance, rate * world.scenario.demand_at(world.hour))
        return [
            WantedJob(
                chance.choice(self._accounts),
                chance.randint(own.smallest, own.largest),
                atto(own.value * chance.lognormvariate(0, own.spread)),
                world.hour + own.patience,
            )
            for _ in range(count)
        ]

    def _done(self, world: MarketWorld, job: WantedJob, sellers: list[Seller]) -> bool:
        """Whether the job needs no more looking after: it has all, or has given up."""
        price = world.price()
        if self._affordable(job, sellers, price):
            self._withdraw(world, job)
            self._buy(world, job, sellers, price)
            if not job.units:
                return True
        if world.hour >= job.until:
            self._withdraw(world, job)
            self.record.lost(job.units, unmet=job.value >= price)
            return True
        if job.value < price or job.value < FLOOR:
            self._withdraw(world, job)
        elif job.request is None:
            job.request = world.request(job.requester, job.units, job.value, self.demand.hours)
            world.post(job.request)
        return False

    @staticmethod
    def _affordable(job: WantedJob, sellers: list[Seller], price: int) -> bool:
        return bool(sellers) and job.value >= max(sellers[-1].ask, price, FLOOR)

    def _buy(self, world: MarketWorld, job: WantedJob, sellers: list[Seller], price: int) -> None:
        while job.units and self._affordable(job, sellers, price):
            seller = sellers[-1]
            units = min(job.units, seller.free)
            own = job.requester, units, job.value, self.demand.hours
            request = world.request(*own, miner=seller.number)
            # It names the miner and bids no more than what the miner asks: the model's price holds.
            request = request._replace(max_price=min(job.value, max(seller.ask, price, FLOOR)))
            paid = self.miners.take(world, request, world.signed(request), seller)
            self.record.sold(units, paid, job.value, seller.ask)
            job.units -= units
            if not seller.free:
                sellers.pop()

    @staticmethod
    def _withdraw(world: MarketWorld, job: WantedJob) -> None:
        if job.request is not None:
            world.withdraw(job.request)
            job.request = None


class Fakers:
    """Posts at the floor what nobody can confirm, to make it dearer."""

    def __init__(self, world: MarketWorld, fakes: tuple[Fake, ...]) -> None:
        self._account = world.account()
        self._requests: dict[Fake, Request | None] = dict.fromkeys(fakes)

    def act(self, world: MarketWorld) -> None:
        for fake, request in self._requests.items():
            on = fake.day * DAY <= world.hour < fake.day * DAY + fake.hours
            if on and request is None:
                units = round(fake.share * world.market.totals[RESOURCE].published)
                request = world.request(self._account, max(units, 1), FLOOR, 1.0, miner=NOBODY)
                world.post(request)
                self._requests[fake] = request
            elif request is not None and not on:
                world.withdraw(request)
                self._requests[fake] = None


def poisson(chance: Random, mean: float) -> int:
    """A draw; of a large mean by the normal distribution that it is near."""
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    least, product, count = math.exp(-mean), chance.random(), 0
    while product > least:
        product *= chance.random()
        count += 1
    return count
