"""A market with a reward pool, and both in the shadow model.

world = RewardWorld()
bob = world.miner(BOB, 1_000)               # its number; sells so many units of CPU
world.pool_call("read", STRANGER, [bob])    # on both sides; fails if they differ
world.deal(BOB, units=100)                  # Alice's, settled; its fee goes to the pool
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from typing import Any

from eth_utils import keccak

from suanli.model import ClassWeight, Market, RewardPool, RewardRules
from suanli.model.state import Verifier
from suanli.protocol import Domain, Kind, LinearPrice, Refused, ResourceClass, Terms
from suanli.protocol import Request as ModelRequest
from tests.harness.evm import CHAIN_ID, Receipt, reverts
from tests.harness.market import (
    ALICE,
    CPU,
    CPU_LARGE,
    MAX_UINT256,
    OWNER,
    PRICE,
    ROOT,
    RUNTIME,
    STRANGER,
    TREASURY,
    UNBONDING_DELAY,
    World,
)

EPOCH = 6_400
SETTLING = EPOCH // 64
SHARE = 5_000
WEIGHTS = (ClassWeight(CPU, 40), ClassWeight(CPU_LARGE, 7))
FEE_BPS = 1_000


def camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


class RewardWorld(World):
    def __init__(
        self,
        decimals: int = 18,
        weights: Sequence[ClassWeight] = WEIGHTS,
        share: int = SHARE,
        epoch: int = EPOCH,
    ) -> None:
        super().__init__(decimals)
        arguments = self.market.address, OWNER, TREASURY, epoch, share, weights
        self.pool = self.evm.deploy("RewardPool", *arguments)
        self.terms = self.add_terms(treasury=self.pool.address, feeBps=FEE_BPS)
        self.shadow = self._shadow()
        self.model_pool = RewardPool(
            self.shadow,
            self.pool.address,
            OWNER,
            RewardRules(TREASURY, epoch),
            share,
            weights,
            lambda number: keccak(text=str(number)),
        )
        self.model_pool.block = self.evm.number
        self._salt = 0

    def _shadow(self) -> Market:
        market = Market(
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
        return market

    def give(self, holder: str, amount: int) -> None:
        """Tokens, and allowances for market and pool."""
        self.mint(holder, amount)
        self.token.approve(self.pool.address, MAX_UINT256, sender=holder)
        self.shadow.wallets[holder] += amount

    def advance(self, seconds: int, blocks: int = 1) -> None:
        self.evm.advance(seconds, blocks)
        self.shadow.time, self.model_pool.block = self.evm.time, self.evm.number

    def market_call(self, name: str, sender: str, *args: Any) -> Receipt:
        return self._both(self.market, self.shadow, name, sender, *args)

    def pool_call(self, name: str, sender: str, *args: Any) -> Receipt:
        """Success, or exactly the error that the model foresees."""
        return self._both(self.pool, self.model_pool, name, sender, *args)

    def _both(self, contract: Any, model: Any, name: str, sender: str, *args: Any) -> Receipt:
        plain = [
            ModelRequest(*a) if isinstance(a, tuple) and hasattr(a, "maxPrice") else a for a in args
        ]
        refused, receipt = None, Receipt(None, ())
        try:
            getattr(model, name)(sender, *plain)
        except Refused as error:
            refused = error
        expected = reverts(refused.name, *refused.arguments) if refused else nullcontext()
        with expected:
            receipt = getattr(contract, camel(name))(*args, sender=sender)
        if refused:
            raise refused
        self.compare()
        return receipt

    def compare(self) -> None:
        pool, model = self.pool, self.model_pool
        held = self.token.balanceOf(pool.address)
        assert held == model.held
        assert (pool.free(), pool.reserved()) == (model.free, model.reserved)
        assert held >= model.free + model.reserved
        assert self.market.accountOf(pool.address)[0] == (
            self.shadow.accounts[pool.address].available
        )

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

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Undoes what happens inside, on both sides."""
        kept = self.shadow, self.model_pool
        self.shadow, self.model_pool = deepcopy(kept)
        try:
            with self.evm.rollback():
                yield
        finally:
            self.shadow, self.model_pool = kept

    def deal(
        self, miner: str, units: int = 100, requester: str = ALICE, own: bool = False, **more: Any
    ) -> int:
        """Made, served and settled at once; its fee in base units. The requester is given what it
        locks, unless it pays with its `own`."""
        self._salt += 1
        named = self.shadow.miners[miner].miner_id
        usual: Mapping[str, Any] = {"terms": self.terms, "salt": self._salt, "miner": named}
        request = self.request(requester=requester, units=units, **{**usual, **more})
        lock = self.lock_of(request)
        self.give(requester, 0 if own else lock)
        self.market_call("deposit", requester, lock)
        self.market_call("post_request", requester, request)
        self._confirm(miner, request)
        self.market_call("submit_result", miner, request, ROOT, units)
        before = self.shadow.accounts[self.pool.address].available
        self.market_call("accept_result", requester, request, ROOT, units)
        return self.shadow.accounts[self.pool.address].available - before

    def _confirm(self, miner: str, request: Any) -> None:
        self.shadow.confirm_request(miner, ModelRequest(*request), None)
        self.market.confirmRequest(request, b"", sender=miner)

    def read(self, *miners: int) -> None:
        self.pool_call("read", STRANGER, list(miners))

    def read_twice(self, *miners: int) -> None:
        """So that what they sell counts."""
        self.read(*miners)
        self.advance(SETTLING)
        self.read(*miners)

    def end_epoch(self) -> int:
        """Lets the present epoch pass; its number."""
        epoch = self.model_pool.current_epoch
        ends = self.model_pool.genesis + (epoch + 1) * self.model_pool.epoch_length
        self.advance(ends - self.evm.time)
        return epoch

    def draw(self, epoch: int) -> None:
        self.pool_call("prepare_draw", STRANGER, epoch)
        self.advance(60, 5)
        self.pool_call("draw", STRANGER, epoch)

    def reward(self, epoch: int, miner: int) -> int:
        """The same on both sides, in base units."""
        expected = self.model_pool.reward_of(epoch, miner)
        assert self.pool.rewardOf(epoch, miner) == expected
        assert self.pool.limitOf(epoch, miner) == self.model_pool.limit_of(epoch, miner)
        return expected

    def paid(self, epoch: int, miner: int) -> int:
        """Claimed, if there is something to claim; base units."""
        amount = self.reward(epoch, miner)
        if amount:
            self.pool_call("claim", STRANGER, epoch, miner)
        return amount
