"""What a transaction bids for gas (EIP-1559), below a bound that is never passed."""

from __future__ import annotations

from dataclasses import dataclass

from suanli.chain.errors import ChainError, FeeTooHigh
from suanli.chain.node import Node

GWEI = 10**9


@dataclass(frozen=True)
class GasPrice:
    """Wei per gas: at most `max_fee` in all, `tip` of it to the block's maker."""

    max_fee: int
    tip: int


RESULTS_TOGETHER = "multicallSkip (results)"
URGENT = frozenset({"submitResult", "submitAccepted", "release", RESULTS_TOGETHER})
URGENT |= {"nameBlock", "prove", "closeByMiner"}
URGENT |= {"answer", "commitSecret", "revealSecret", "appeal", "commitVote", "revealVote"}
"""Calls that a miner or a juror must make in time, or it pays with its stake, its collateral
or what it was vouched."""


@dataclass(frozen=True)
class Fees:
    """How to bid. `max_fee`, `urgent` and `tip` in wei per gas; without `tip` the node's advice is
    taken.

    `max_fee` bounds all calls but those in `URGENT`, which `urgent` bounds if it is higher; the
    texts `how` and `how_urgent` say what raises these bounds. `gas_margin`: gas allowed, in percent
    of the estimate; what is not used is not paid. `most_gas`: of a transaction, since a stranger's
    contract that it asks may burn any amount.
    """

    max_fee: int = 100 * GWEI
    tip: int | None = None
    gas_margin: int = 125
    most_gas: int | None = None
    urgent: int = 0
    how: str = "max_fee of its Fees"
    how_urgent: str = "urgent of its Fees"

    def bound(self, *names: str) -> int:
        """Of these calls' fees, in wei per gas: the highest."""
        return max(self.max_fee, self.urgent) if URGENT.intersection(names) else self.max_fee

    def now(self, node: Node, *names: str) -> GasPrice:
        """Enough for the next block, and for a base fee that doubles; below the bound of `names`.

        Raises:
            FeeTooHigh: the next block costs more.
        """
        base, bound = node.head().base_fee, self.bound(*names)
        if base is None:
            raise ChainError("the chain has no base fee (EIP-1559): chains without are not served")
        tip = self.tip if self.tip is not None else node.priority_fee()
        tip = GWEI if tip is None else tip
        if base + tip > bound:
            raise FeeTooHigh(
                base + tip, bound, self.how if bound == self.max_fee else self.how_urgent
            )
        return GasPrice(min(2 * base + tip, bound), tip)

    def raised(self, old: GasPrice, now: GasPrice, *names: str) -> GasPrice | None:
        """A bid that replaces `old`: pools want an eighth more of both. None: above the bound."""
        least = GasPrice(_eighth_more(old.max_fee), _eighth_more(old.tip))
        if least.max_fee > self.bound(*names):
            return None
        max_fee = max(least.max_fee, now.max_fee)
        return GasPrice(max_fee, min(max(least.tip, now.tip), max_fee))

    def gas(self, estimate: int) -> int:
        """The transaction's gas limit."""
        return estimate * self.gas_margin // 100


def _eighth_more(wei: int) -> int:
    return wei + wei // 8 + 1
