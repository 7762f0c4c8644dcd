"""A market beside its shadow model, for contracts built on it that have a model, too.

world = ShadowedWorld()
world.miner(BOB, 1_000)                         # registered; sells so many units of CPU
world.market_call("submit_result", BOB, …)      # on both sides; fails if they differ
with world.rollback():                          # undoes what happens inside, on both sides
    world.advance(3_600)
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from typing import Any

from suanli.model import Market
from suanli.model.state import Verifier
from suanli.protocol import Domain, Kind, Leaf, LinearPrice, Refused, ResourceClass, Terms
from suanli.protocol import Request as ModelRequest
from tests.harness.evm import CHAIN_ID, Receipt, reverts
from tests.harness.market import (
    CPU,
    MAX_UINT256,
    OWNER,
    PRICE,
    RUNTIME,
    UNBONDING_DELAY,
    World,
)


def camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


class ShadowedWorld(World):
    """Once all terms are there, `shadow` is made by `start`; `models` names all that is undone."""

    MODELS: tuple[str, ...] = ("shadow",)
    shadow: Market

    def start(self) -> None:
        market = self.shadow = Market(
            domain=Domain(CHAIN_ID, self.market.address),
            token=self.token.address,
            decimals=self.decimals,
            time=self.evm.time,
            owner=OWNER,
            unbonding_delay=UNBONDING_DELAY,
        )
        alpha = PRICE // 1_000
        market.price_models[self.model.address] = LinearPrice(
            PRICE, (0, -alpha, alpha), 0, 1_000 * PRICE
        )
        market.verifiers[self.verifier.address] = Verifier()
        for number in range(1, self.market.resourceCount() + 1):
            found = ResourceClass(*self.market.resourceClass(number))
            added = found._replace(kind=Kind(found.kind), runtimes=0)
            market.add_resource_class(OWNER, added, "unit", [RUNTIME])
        for number in range(1, self.market.termsCount() + 1):
            market.add_terms(OWNER, Terms(*self.market.termsOf(number)))

    def give(self, holder: str, amount: int, *spenders: str) -> None:
        """Tokens, and allowances for the market and `spenders`."""
        self.mint(holder, amount)
        for spender in spenders:
            self.token.approve(spender, MAX_UINT256, sender=holder)
        self.shadow.wallets[holder] += amount

    def advance(self, seconds: int, blocks: int = 1) -> None:
        self.evm.advance(seconds, blocks)
        self.shadow.time = self.evm.time

    def market_call(self, name: str, sender: str, *args: Any) -> Receipt:
        return self.both(self.market, self.shadow, name, sender, *args)

    def both(self, contract: Any, model: Any, name: str, sender: str, *args: Any) -> Receipt:
        """Success, or exactly the error that the model foresees."""
        plain = [
            ModelRequest(*a) if isinstance(a, tuple) and hasattr(a, "maxPrice") else a for a in args
        ]
        given = [dataclasses.astuple(a) if isinstance(a, Leaf) else a for a in args]
        refused, receipt = None, Receipt(None, ())
        try:
            getattr(model, name)(sender, *plain)
        except Refused as error:
            refused = error
        expected = reverts(refused.name, *refused.arguments) if refused else nullcontext()
        with expected:
            receipt = getattr(contract, camel(name))(*given, sender=sender)
        if refused:
            raise refused
        self.compare()
        return receipt

    def compare(self) -> None:
        """The getters against the models."""

    def miner(self, miner: str, units: int, ask: int = 0, resource: int = CPU) -> int:
        """Registered if it is new, with stake and an offer of so many units; its number."""
        if miner not in self.shadow.miners:
            self.market_call("register_miner", miner, miner)
        stake = self.shadow.scale.value_up(units, self.shadow.classes[resource].stake_per_unit)
        self.give(miner, stake)
        self.market_call("deposit", miner, stake)
        self.market_call("add_stake", miner, miner, stake)
        self.market_call("register_resource", miner, resource, units)
        self.sell(miner, units, ask, resource)
        return self.shadow.miners[miner].miner_id

    def sell(self, miner: str, units: int, ask: int = 0, resource: int = CPU) -> None:
        """So many units from now on; 0: the offer is withdrawn."""
        if not units:
            self.market_call("withdraw_offer", miner, resource)
            return
        until = self.evm.time + 365 * 86_400
        self.market_call("publish_offer", miner, resource, units, ask, until, False)

    def confirm_posted(self, miner: str, request: Any) -> None:
        """Of a request that stands on the chain, so that no signature is read."""
        self.shadow.confirm_request(miner, ModelRequest(*request), None)
        self.market.confirmRequest(request, b"", sender=miner)

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Undoes what happens inside, on both sides."""
        kept = tuple(getattr(self, name) for name in self.MODELS)
        for name, model in zip(self.MODELS, deepcopy(kept), strict=True):
            setattr(self, name, model)
        try:
            with self.evm.rollback():
                yield
        finally:
            for name, model in zip(self.MODELS, kept, strict=True):
                setattr(self, name, model)
