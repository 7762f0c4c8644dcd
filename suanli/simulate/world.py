"""The market that is simulated, its clock, and who may act in it."""

from __future__ import annotations

from hashlib import blake2b
from random import Random
from typing import Any, Protocol

from suanli.model import Market, Signature
from suanli.protocol import (
    BPS,
    MAX_PRICE,
    ZERO_ADDRESS,
    Acceptance,
    Address,
    Domain,
    Kind,
    Request,
    ResourceClass,
    Terms,
)
from suanli.simulate.scenario import Scenario

TOKEN = 10**18
RESOURCE = TERMS = 1
MODEL = "0x" + "ee" * 20
MONDAY = 1_800_316_800
"""A midnight, in seconds since 1970."""
FLOOR = TOKEN // 100
JOB = ROOT = b"\x01" * 32


class Population(Protocol):
    """Who acts in a world, at each step."""

    def act(self, world: MarketWorld) -> None: ...


class Names(Domain):
    """Tells messages apart as EIP-712 does, in a third of the time: nobody else reads them here."""

    def digest(self, message: tuple[Any, ...]) -> bytes:
        return blake2b(repr(message).encode(), digest_size=32).digest()


class SimulatedWorld:
    """A market, its clock, and names in it. `step`: seconds between two moments at which people
    act."""

    def __init__(self, step: int, seed: int | str) -> None:
        self.step, self._seed = step, seed
        self._accounts = self._salt = 0
        self.owner, self.treasury, self.pool = (self.account() for _ in range(3))
        self.market = Market(
            domain=Names(1, "0x" + "aa" * 20),
            token="0x" + "bb" * 20,
            decimals=18,
            time=MONDAY,
            owner=self.owner,
            unbonding_delay=0,
        )
        self.minted = 0

    # Chance, time and names

    def chance(self, what: str) -> Random:
        """A source for each purpose: one more draw somewhere changes nothing elsewhere."""
        return Random(f"{self._seed} {what}")

    @property
    def hour(self) -> float:
        return (self.market.time - MONDAY) / 3_600

    def account(self) -> Address:
        self._accounts += 1
        return f"0x{self._accounts:040x}"

    # Money and requests

    def give(self, account: Address, amount: int) -> None:
        """Base units in the account's balance in the market."""
        self.market.wallets[account] += amount
        self.minted += amount
        self.market.deposit(account, amount)

    def price(self) -> int:
        return self.market.price_of(RESOURCE)

    def request(
        self, requester: Address, units: int, bid: int, hours: float, miner: int = 0
    ) -> Request:
        self._salt += 1
        return Request(
            requester=requester,
            miner=miner,
            resource=RESOURCE,
            runtime=0,
            units=units,
            max_price=min(bid, MAX_PRICE),
            confirm_by=self.market.time + 2**31,
            duration=max(60, round(hours * 3_600)),
            tasks=1,
            job=JOB,
            terms=TERMS,
            salt=self._salt,
        )

    def fund(self, request: Request) -> None:
        """Requesters have whatever they would pay."""
        lacking = self.market.lock_of(request)
        lacking -= self.market.accounts[request.requester].available
        if lacking > 0:
            self.give(request.requester, lacking)

    def signed(self, request: Request) -> Signature:
        self.fund(request)
        return Signature(request.requester, self.market.request_id(request))

    def accepted(self, request: Request) -> Signature:
        """The requester's word that the result is right and all units were used."""
        acceptance = Acceptance(self.market.request_id(request), ROOT, request.units)
        return Signature(request.requester, self.market.domain.digest(acceptance))


class MarketWorld(SimulatedWorld):
    """One class and one record of terms. Requests are posted and withdrawn here, so that all that
    anybody could read from the chain can be read: `posted`, by id."""

    def __init__(self, scenario: Scenario, seed: int | str) -> None:
        super().__init__(round(scenario.step * 60), seed)
        self.scenario = scenario
        self.posted: dict[bytes, Request] = {}

    def open(self) -> None:
        """The class and the terms, once the price model is known."""
        sold = ResourceClass(MODEL, Kind.JUDGED, False, FLOOR, TOKEN, 2**64 - 1, 0, 0, 0)
        self.market.add_resource_class(self.owner, sold, "unit", [bytes(32)])
        own = self.treasury, self.scenario.fee_bps, 3_600, False, ZERO_ADDRESS, 0
        self.market.add_terms(self.owner, Terms(*own, 0, BPS, BPS, self.pool, 0, 0))

    def post(self, request: Request) -> None:
        self.fund(request)
        self.posted[self.market.post_request(request.requester, request)] = request

    def withdraw(self, request: Request) -> None:
        self.market.cancel_request(request.requester, request)
        del self.posted[self.market.request_id(request)]


def atto(tokens: float) -> int:
    """10^-18 token."""
    return round(tokens * TOKEN)
