"""A reward pool, as the chain has it, and the calls that move an epoch on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from suanli.chain.contract import Call, Contract
from suanli.chain.errors import BadAnswer, ContractError, NoContract
from suanli.chain.market import Market
from suanli.chain.node import BlockName, Node
from suanli.chain.typed import record_of

FIRST_GAS = 45_000
"""A reading writes something of the epoch, of each class, of each miner and of each miner in each
class, anew in another second or epoch: an estimate of before lacks at most so much of each."""


class ClassWeight(NamedTuple):
    """A class that is rewarded: an epoch's reward is that of so many units."""

    resource: int
    units: int


class CapacityRead(NamedTuple):
    """What readings showed of a miner in a class, in units: what counts, and what will if the next
    reading, long enough after `since` (seconds since 1970), sees it, too."""

    counted: int
    candidate: int
    since: int


class RewardEpoch(NamedTuple):
    """What became of an epoch. `rules` 0: nothing was read; `drawn_at` 0: not drawn. Amounts in
    base units, `fees` in 10^-9 token."""

    rules: int
    seed_block: int
    drawn_at: int
    returned: bool
    fees: int
    seed: bytes
    wanted: int
    granted: int
    reserved: int
    claimed: int


class RewardPool:
    """A deployed pool, read at `block`. Times in seconds, amounts in base units."""

    def __init__(self, node: Node, address: str, block: BlockName = "latest") -> None:
        self._contract = Contract(node, address, "RewardPool", block)
        self.node, self.address = node, self._contract.address

    def __repr__(self) -> str:
        return f"<RewardPool at {self.address}>"

    @classmethod
    def of(cls, market: Market) -> RewardPool | None:
        """That of a market, at its block: the treasury of its newest open terms, if that is one."""
        for _, terms in market.open_terms():
            found = cls(market.node, terms.treasury, market.block)
            try:
                return found if found.market() == market.address else None
            except (ContractError, NoContract, BadAnswer):
                return None
        return None

    def market(self) -> str:
        return str(self._contract.read("market"))

    def free(self) -> int:
        """Not reserved."""
        return int(self._contract.read("free"))

    def reserved(self) -> int:
        """For claims of drawn epochs."""
        return int(self._contract.read("reserved"))

    def fee_share_bps(self) -> int:
        return int(self._contract.read("feeShareBps"))

    def epoch_length(self) -> int:
        return int(self._contract.read("epochLength"))

    def settling(self) -> int:
        """How far apart two readings are that make capacity count."""
        return int(self._contract.read("settling"))

    def genesis(self) -> int:
        """When epoch 0 began."""
        return int(self._contract.read("genesis"))

    def start_of(self, epoch: int) -> int:
        return self.genesis() + epoch * self.epoch_length()

    def current_epoch(self) -> int:
        """That of the latest block."""
        return int(self._contract.read("currentEpoch"))

    def weights_of(self, epoch: int) -> list[ClassWeight]:
        return [ClassWeight(*found) for found in self._contract.read("weightsOf", epoch)]

    def epoch(self, epoch: int) -> RewardEpoch:
        return record_of(RewardEpoch, self._contract.read("epochOf", epoch))

    def observed(self, epoch: int, miner: int, resource: int) -> CapacityRead:
        return record_of(CapacityRead, self._contract.read("observedOf", epoch, miner, resource))

    def limit_of(self, epoch: int, miner: int) -> int:
        """The most that the miner can get, by the fees that were seen."""
        return int(self._contract.read("limitOf", epoch, miner))

    def reward_of(self, epoch: int, miner: int) -> int:
        """Of a drawn epoch, claimed or not."""
        return int(self._contract.read("rewardOf", epoch, miner))

    def grant(self, amount: int) -> Call[None]:
        """Base units of the sender's, which needs to have allowed it."""
        return self._contract.call("grant", amount)

    def collect(self) -> Call[None]:
        return self._contract.call("collect")

    def read(self, miners: Sequence[int]) -> Call[None]:
        """Its gas is enough for a reading that is mined as the first one of the next epoch."""
        parts = (1 + len(self.weights_of(self.current_epoch()))) * (1 + len(miners))
        call = self._contract.call("read", list(miners))
        return replace(call, more_gas=FIRST_GAS * parts)

    def prepare_draw(self, epoch: int) -> Call[None]:
        return self._contract.call("prepareDraw", epoch)

    def draw(self, epoch: int) -> Call[None]:
        return self._contract.call("draw", epoch)

    def claim(self, epoch: int, miner: int) -> Call[None]:
        return self._contract.call("claim", epoch, miner)

    def return_unclaimed(self, epoch: int) -> Call[None]:
        return self._contract.call("returnUnclaimed", epoch)
