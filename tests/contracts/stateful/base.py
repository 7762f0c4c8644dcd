"""What all rules of the state machine share: the market, who has what, what fits."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from suanli.model import Named, Signature
from suanli.protocol import Domain, Release, Request
from tests.contracts.stateful.invariants import LIVE
from tests.contracts.stateful.twin import Twin
from tests.contracts.stateful.world import DAY, PEOPLE
from tests.harness.market import ZERO

T = TypeVar("T")


class Base(RuleBasedStateMachine):
    """One market on a chain, beside its model."""

    def take(self, chain: Any, original: Twin, decimals: int) -> None:
        """Go on from a built market, leaving the original as it is."""
        self.chain = chain
        self.twin = deepcopy(original, {id(chain): chain})
        self.model = self.twin.model
        self.unit = 10**decimals
        self.known: list[Request] = []
        self.collected: list[Named] | None = None
        """Calls that are to be made at once, while they are."""
        self.heirs: list[tuple[str, str]] = []
        self.actors = (*PEOPLE[:4], self.twin.accounts[-1], *PEOPLE[4:])

    def act(self, function: str, sender: str, *args: Any) -> Any:
        if self.collected is None:
            return self.twin.act(function, sender, *args)
        self.collected.append(Named(function, args))
        return None

    @staticmethod
    def nth(options: Sequence[T], number: int) -> T:
        return options[number % len(options)]

    def id_of(self, request: Request) -> bytes:
        return self.model.request_id(request)

    # Requests

    def live(self) -> list[Request]:
        return [r for r in self.known if self.model.deal_of(self.id_of(r)).state in LIVE]

    def signature(self, signer: str, digest: bytes, number: int) -> Signature:
        """Mostly a good one; else another's, for another chain or market, or of something else."""
        domain, somebody = self.model.domain, PEOPLE[number % len(PEOPLE)]
        if signer == ZERO or number == 99:
            return Signature(somebody, digest)
        if number == 101 and self.known:
            request, other = self.known[-1], Domain(domain.chain_id + 1, domain.market)
            return Signature(signer, other.request_id(request))
        if number == 499 and self.known:
            other = Domain(domain.chain_id, self.model.token)
            return Signature(signer, other.request_id(self.known[-1]))
        if number == 501:
            return Signature(signer, domain.digest(Release(digest)))
        return Signature(signer, digest)

    # Miners

    def miner_of(self, request: Request, number: int) -> str:
        """The deal's, the named one, or one that has enough to sell."""
        deal = self.model.deal_of(self.id_of(request))
        if deal.miner_id:
            return self.model.miners_by_id[deal.miner_id - 1].account
        if 0 < request.miner <= len(self.model.miners_by_id):
            return self.model.miners_by_id[request.miner - 1].account
        able = [m for m in self.model.miners if self.sells(m, request)] or [*self.model.miners]
        return able[number % len(able)]

    def sells(self, miner: str, request: Request) -> bool:
        offer = self.model.miners[miner].offer(request.resource)
        valid = offer.valid_until >= self.chain.time() and offer.ask <= request.max_price
        return valid and offer.published - offer.reserved >= request.units

    def open_up(self, request: Request, miner: str) -> None:
        """Do away with what mostly stands in the way of a deal."""
        if self.model.paused and self.model.owner != ZERO:
            self.act("unpause", self.model.owner)
        if miner in self.model.miners and not self.sells(miner, request):
            offer = self.model.miners[miner].offer(request.resource)
            fields = offer.capacity, 0, self.chain.time() + 40 * DAY, False
            self.act("publish_offer", miner, request.resource, *fields)
