"""The market whose results are judged: one class at a fixed price, one record of terms, a court."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b

from suanli.model import Court, CourtRules
from suanli.protocol import (
    ZERO_ADDRESS,
    Address,
    Kind,
    LinearPrice,
    Request,
    ResourceClass,
    Terms,
)
from suanli.simulate.court.books import SINK, TREASURY, Books, Who
from suanli.simulate.court.rules import DAY, RulesInTokens
from suanli.simulate.court.scenario import CourtScenario
from suanli.simulate.world import FLOOR, MODEL, RESOURCE, TOKEN, SimulatedWorld, atto

HOUR = 3_600
WINDOW, VERDICT_BY = DAY, 14 * DAY
FOREVER = 2**40 - 1
SPARE = 1_000
"""Units that a miner has for sale, over and over: nobody here wants for capacity."""
PURSE = 1_000 * TOKEN
"""What a party has in the court at least before it acts there."""


@dataclass(slots=True)
class Person:
    account: Address
    who: Who
    number: int = 0
    """Of a miner."""
    seats: set[int] = field(default_factory=set)
    """Positions that a juror has, and those whose stake it waits for."""
    left: list[int] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.who[1]


class CourtWorld(SimulatedWorld):
    def __init__(self, scenario: CourtScenario, rules: RulesInTokens, seed: int | str) -> None:
        super().__init__(round(scenario.step * 60), seed)
        self.scenario, self.rules = scenario, rules
        self.books = Books()
        self.people: dict[Address, Who] = {self.treasury: TREASURY, self.pool: SINK}
        address = self._named(SINK)
        self._open_market(address)
        self.court = Court(self.market, address, self._court_rules(), self._hash)

    def _open_market(self, court: Address) -> None:
        own, rules = self.scenario, self.rules
        price = atto(own.price)
        self.market.price_models[MODEL] = LinearPrice(price, (0, 0, 0), price, price)
        stake = atto(own.stake)
        sold = ResourceClass(MODEL, Kind.JUDGED, False, FLOOR, stake, 2**64 - 1, 0, 0, 0)
        self.market.add_resource_class(self.owner, sold, "unit", [bytes(32)])
        shares = 0, rules.default_bps, rules.overturn_bps
        terms = self.treasury, own.fee_bps, WINDOW, False, court, VERDICT_BY, *shares
        made = Terms(*terms, self.pool, 0, rules.court_bps, ZERO_ADDRESS)
        self.market.add_terms(self.owner, made)

    def _court_rules(self) -> CourtRules:
        """In base units. Phases are as long as a local chain's are by default."""
        own = self.rules
        return CourtRules(
            inclusion=HOUR,
            step=3 * HOUR,
            vote=2 * HOUR,
            cure=2 * HOUR,
            queue=18 * HOUR,
            filing=DAY,
            join_delay=DAY,
            leave_delay=7 * DAY,
            jury=own.jury,
            large_jury=own.large_jury,
            appeal_jury=own.appeal_jury,
            cases_per_seat=own.cases_per_seat,
            cover_bps=own.cover_bps,
            penalty_bps=own.penalty_bps,
            least_slash_bps=own.least_slash_bps,
            cure_slash_bps=own.cure_slash_bps,
            slash_factor=own.slash_factor,
            delay_rate=int(own.delay_rate * TOKEN),
            seat_stake=int(own.seat_stake * TOKEN),
            seat_fee=int(own.seat_fee * TOKEN),
            bond=int(own.bond * TOKEN),
            reward_cap=int(own.reward_cap * TOKEN),
            sink=self._named(SINK),
        )

    # Time and people

    def pass_time(self, seconds: int) -> None:
        self.market.time += seconds
        self.court.time = self.market.time

    def _hash(self, block: int) -> bytes:
        return blake2b(f"{self._seed} {block}".encode(), digest_size=32).digest()

    def _named(self, who: Who) -> Address:
        account = self.account()
        self.people[account] = who
        return account

    def requester(self, kind: str) -> Person:
        who = "requester", kind
        return Person(self._named(who), who)

    def miner(self, kind: str) -> Person:
        who = "miner", kind
        person = Person(self._named(who), who)
        person.number = self.market.register_miner(person.account, person.account)
        self.restock(person)
        return person

    def juror(self, kind: str, seats: int) -> Person:
        who = "juror", kind
        person = Person(self._named(who), who)
        for _ in range(seats):
            self.join(person)
        return person

    # Money

    def give(self, account: Address, amount: int) -> None:
        self.books.given[self.people[account]] += amount
        super().give(account, amount)

    def fund_case(self, person: Person, amount: int = PURSE) -> None:
        """So much is available in the court."""
        lacking = amount - self.court.accounts[person.account].available
        if lacking > 0:
            self.books.given[person.who] += lacking
            self.market.wallets[person.account] += lacking
            self.minted += lacking
            self.court.deposit(person.account, lacking)

    def join(self, juror: Person) -> None:
        self.fund_case(juror, self.court.rules.seat_stake)
        juror.seats.add(self.court.join(juror.account))

    def restock(self, miner: Person) -> None:
        """All that it can sell is backed anew; what its stake lost is in the books."""
        found = self.market.miners[miner.account]
        offer = found.offer(RESOURCE)
        units = SPARE + offer.reserved
        lacking = atto(self.scenario.stake) * units - found.stake
        if lacking > 0:
            self.give(miner.account, lacking)
            self.market.add_stake(miner.account, miner.account, lacking)
        self.market.register_resource(miner.account, RESOURCE, max(units, offer.published))
        self.market.publish_offer(miner.account, RESOURCE, units, 1, FOREVER)

    def holdings(self) -> dict[Who, int]:
        """What each strategy has, wherever it is, in base units."""
        found: defaultdict[Who, int] = defaultdict(int)
        for accounts in (self.market.accounts, self.court.accounts):
            for address, account in accounts.items():
                # What the court has in the market its own accounts say.
                court = accounts is self.market.accounts and address == self.court.address
                if address in self.people and not court:
                    found[self.people[address]] += account.available + account.locked
        for miner in self.market.miners_by_id:
            found[self.people[miner.account]] += miner.stake + miner.earnings
        return dict(found)

    # Deals

    def deal(self, requester: Person, miner: Person, tasks: int) -> Request:
        """Confirmed."""
        units, bid = tasks * self.scenario.units_per_task, atto(self.scenario.price)
        request = self.request(requester.account, units, bid, 1.0, miner.number)
        request = request._replace(tasks=tasks)
        self.market.confirm_request(miner.account, request, self.signed(request))
        return request
