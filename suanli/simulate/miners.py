"""Who sells: miners that come while it pays and go when it doesn't."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from suanli.model import Signature
from suanli.protocol import Address, Request
from suanli.simulate.scenario import DAY, SupplySide
from suanli.simulate.world import RESOURCE, ROOT, TOKEN, MarketWorld, atto

FOREVER = 2**40 - 1
MARGIN = 0.1
"""By how much it must pay more, or less, before a miner comes or goes."""


@dataclass(slots=True)
class Seller:
    account: Address
    number: int
    capacity: int
    ask: int
    upkeep: float
    """Tokens that a unit of capacity must earn an hour."""
    luck: float
    """Who is away in a shock: those with less than its share."""
    selling: bool = False
    """Its own choice; a shock may keep it from it."""
    published: bool = False
    free: int = 0


class Miners:
    """`sellers` are all that there may be. What is sold runs for `hours`, and is then paid."""

    def __init__(self, world: MarketWorld, supply: SupplySide, hours: float) -> None:
        self.supply, self.hours = supply, hours
        self._chance = world.chance("miners")
        self.sellers = [self._made(world) for _ in range(supply.miners)]
        for seller in self.sellers:
            seller.selling = self._chance.random() < supply.present
        self._running: list[tuple[int, int, Request, Seller]] = []
        self._price, self._used = 0.0, 0.0
        """Tokens a unit and utilization, each the average over about a day."""
        self._sold = 0

    def _made(self, world: MarketWorld) -> Seller:
        chance, own = self._chance, self.supply
        account = world.account()
        capacity = chance.randint(own.smallest, own.largest)
        world.give(account, capacity * TOKEN)
        number = world.market.register_miner(account, account)
        world.market.add_stake(account, account, capacity * TOKEN)
        ask = atto(own.cost * chance.lognormvariate(0, own.cost_spread))
        upkeep = own.upkeep * chance.lognormvariate(0, own.upkeep_spread)
        return Seller(account, number, capacity, ask, upkeep, chance.random())

    @property
    def at_start(self) -> int:
        """Units of those that sell from the start."""
        return sum(seller.capacity for seller in self.sellers if seller.selling)

    def open(self, world: MarketWorld) -> None:
        """Publishes what is for sale from the start."""
        self._publish(world)

    def act(self, world: MarketWorld) -> None:
        self._finish(world)
        self._look(world)
        self._decide(world)
        self._publish(world)

    def for_sale(self, price: int) -> list[Seller]:
        """Who has something free, cheapest first; at the same price in an order of chance."""
        found = [seller for seller in self.sellers if seller.published and seller.free]
        self._chance.shuffle(found)
        found.sort(key=lambda seller: max(seller.ask, price))
        return found

    def take(
        self, world: MarketWorld, request: Request, signature: Signature, seller: Seller
    ) -> int:
        """The deal's price."""
        price = world.market.confirm_request(seller.account, request, signature)
        seller.free -= request.units
        self._sold += 1
        end = world.market.time + round(self.hours * 3_600)
        heapq.heappush(self._running, (end, self._sold, request, seller))
        return price

    def _finish(self, world: MarketWorld) -> None:
        while self._running and self._running[0][0] <= world.market.time:
            *_, request, seller = heapq.heappop(self._running)
            used = ROOT, request.units, world.accepted(request)
            world.market.submit_accepted(seller.account, request, *used)
            seller.free += request.units
            if not seller.published:
                self._keep_reserved(world, seller)

    @staticmethod
    def _keep_reserved(world: MarketWorld, seller: Seller) -> None:
        """Of what isn't offered only the units of running deals stay registered."""
        left = world.market.miners[seller.account].offer(RESOURCE).reserved
        world.market.register_resource(seller.account, RESOURCE, left)

    def _look(self, world: MarketWorld) -> None:
        totals = world.market.totals[RESOURCE]
        used = min(totals.demanded / totals.published, 1) if totals.published else 1.0
        weight = world.step / (DAY * 3_600) if self._price else 1.0
        self._price += weight * (world.price() / TOKEN - self._price)
        self._used += weight * (used - self._used)

    def _decide(self, world: MarketWorld) -> None:
        often = self.supply.agility * world.step / (DAY * 3_600)
        for seller in self.sellers:
            if self._chance.random() < often:
                earned = self._used * max(self._price - seller.ask / TOKEN, 0) / self.hours
                if seller.selling:
                    seller.selling = earned > seller.upkeep * (1 - MARGIN)
                else:
                    seller.selling = earned > seller.upkeep * (1 + MARGIN)

    def _publish(self, world: MarketWorld) -> None:
        market, away = world.market, world.scenario.away_at(world.hour)
        for seller in self.sellers:
            wanted = seller.selling and seller.luck >= away
            if wanted and not seller.published:
                market.register_resource(seller.account, RESOURCE, seller.capacity)
                offer = seller.capacity, seller.ask, FOREVER
                market.publish_offer(seller.account, RESOURCE, *offer)
                reserved = market.miners[seller.account].offer(RESOURCE).reserved
                seller.free = seller.capacity - reserved
            elif seller.published and not wanted:
                market.withdraw_offer(seller.account, RESOURCE)
                self._keep_reserved(world, seller)
            seller.published = wanted
