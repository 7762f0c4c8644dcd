"""The market whose results are judged: one class at a fixed price, one record of terms, a court."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from suanli.model import Verdict
from suanli.protocol import (
    BPS,
    ZERO_ADDRESS,
    Address,
    Kind,
    LinearPrice,
    Request,
    ResourceClass,
    Terms,
)
from suanli.simulate.court.rules import DAY, DealFacts, RulesInTokens
from suanli.simulate.court.scenario import CourtScenario
from suanli.simulate.world import FLOOR, MODEL, RESOURCE, ROOT, SimulatedWorld, atto

WINDOW, VERDICT_BY = DAY, 10 * DAY
FOREVER = 2**40 - 1
SPARE = 1_000
"""Units that a miner has for sale, over and over: nobody here wants for capacity."""


@dataclass(slots=True)
class Person:
    account: Address
    kind: str
    number: int = 0
    """Of a miner."""


class CourtWorld(SimulatedWorld):
    def __init__(self, scenario: CourtScenario, rules: RulesInTokens, seed: int | str) -> None:
        super().__init__(round(scenario.step * 60), seed)
        self.scenario, self.rules = scenario, rules
        self.court = self.account()
        price = atto(scenario.price)
        self.market.price_models[MODEL] = LinearPrice(price, (0, 0, 0), price, price)
        stake = atto(scenario.stake)
        sold = ResourceClass(MODEL, Kind.JUDGED, False, FLOOR, stake, 2**64 - 1, 0, 0, 0)
        self.market.add_resource_class(self.owner, sold, "unit", [bytes(32)])
        shares = 0, rules.default_bps, rules.overturn_bps
        court = self.treasury, scenario.fee_bps, WINDOW, False, self.court, VERDICT_BY, *shares
        terms = Terms(*court, self.pool, 0, rules.court_bps, ZERO_ADDRESS)
        self.market.add_terms(self.owner, terms)

    def facts(self, request: Request) -> DealFacts:
        price, stake = (Fraction(str(each)) for each in (self.scenario.price, self.scenario.stake))
        return DealFacts(request.tasks, request.units, price, stake)

    def miner(self, kind: str) -> Person:
        person = Person(self.account(), kind)
        person.number = self.market.register_miner(person.account, person.account)
        self.restock(person)
        return person

    def restock(self, miner: Person) -> None:
        """All that it can sell is backed anew; what its stake lost is in the books."""
        found = self.market.miners[miner.account]
        offer = found.offer(RESOURCE)
        wanted = atto(self.scenario.stake) * (SPARE + offer.reserved)
        if found.stake < wanted:
            self.give(miner.account, wanted - found.stake)
            self.market.add_stake(miner.account, miner.account, wanted - found.stake)
        units = SPARE + offer.reserved
        self.market.register_resource(miner.account, RESOURCE, max(units, offer.published))
        self.market.publish_offer(miner.account, RESOURCE, units, 1, FOREVER)

    def deal(self, requester: Person, miner: Person, tasks: int) -> Request:
        """Confirmed."""
        units, bid = tasks * self.scenario.units_per_task, atto(self.scenario.price)
        request = self.request(requester.account, units, bid, 1.0, miner.number)
        request = request._replace(tasks=tasks)
        self.market.confirm_request(miner.account, request, self.signed(request))
        return request

    def accept(self, request: Request, miner: Person) -> float:
        """Tokens that the miner receives."""
        used = ROOT, request.units, self.accepted(request)
        return self.market.submit_accepted(miner.account, request, *used).paid / 10**18

    def submit(self, request: Request, miner: Person) -> None:
        self.market.submit_result(miner.account, request, ROOT, request.units)

    def settle(self, request: Request) -> float:
        return self.market.settle(self.owner, request).paid / 10**18

    def overturn(self, request: Request, wrong: int) -> Verdict:
        """Nothing is due once a result was proven wrong."""
        rules = self.rules
        grown = rules.slash_factor * wrong * BPS // request.tasks
        bps = min(max(grown, rules.least_slash_bps, rules.default_bps), rules.overturn_bps)
        return self.market.resolve(self.court, request, 0, bps)

    def clear(self, request: Request) -> float:
        """The deal goes on, and is paid."""
        self.market.thaw(self.court, request)
        return self.settle(request)
