"""A market with a reward pool, and both in the shadow model.

world = RewardWorld()
bob = world.miner(BOB, 1_000)               # its number; sells so many units of CPU
world.pool_call("read", STRANGER, [bob])    # on both sides; fails if they differ
world.deal(BOB, units=100)                  # Alice's, settled; its fee goes to the pool
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eth_utils import keccak

from suanli.model import ClassWeight, RewardPool, RewardRules
from tests.harness.evm import Receipt
from tests.harness.market import ALICE, CPU, CPU_LARGE, OWNER, ROOT, STRANGER, TREASURY
from tests.harness.shadowed import ShadowedWorld

EPOCH = 6_400
SETTLING = EPOCH // 64
SHARE = 5_000
WEIGHTS = (ClassWeight(CPU, 40), ClassWeight(CPU_LARGE, 7))
FEE_BPS = 1_000


class RewardWorld(ShadowedWorld):
    MODELS = ("shadow", "model_pool")

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
        self.start()
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

    def give(self, holder: str, amount: int, *spenders: str) -> None:
        """Tokens, and allowances for market and pool."""
        super().give(holder, amount, self.pool.address, *spenders)

    def advance(self, seconds: int, blocks: int = 1) -> None:
        super().advance(seconds, blocks)
        self.model_pool.block = self.evm.number

    def pool_call(self, name: str, sender: str, *args: Any) -> Receipt:
        """Success, or exactly the error that the model foresees."""
        return self.both(self.pool, self.model_pool, name, sender, *args)

    def compare(self) -> None:
        pool, model = self.pool, self.model_pool
        held = self.token.balanceOf(pool.address)
        assert held == model.held
        assert (pool.free(), pool.reserved()) == (model.free, model.reserved)
        assert held >= model.free + model.reserved
        assert self.market.accountOf(pool.address)[0] == (
            self.shadow.accounts[pool.address].available
        )

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
        self.confirm_posted(miner, request)
        self.market_call("submit_result", miner, request, ROOT, units)
        before = self.shadow.accounts[self.pool.address].available
        self.market_call("accept_result", requester, request, ROOT, units)
        return self.shadow.accounts[self.pool.address].available - before

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
