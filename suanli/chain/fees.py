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


@dataclass(frozen=True)
class Fees:
    """How to bid. `max_fee` and `tip` in wei per gas; without `tip` the node's advice is taken.

    `gas_margin`: gas allowed, in percent of the estimate; what is not used is not paid.
    `most_gas`: of a transaction, since a stranger's contract that it asks may burn any amount.
    """

    max_fee: int = 100 * GWEI
    tip: int | None = None
    gas_margin: int = 125
    most_gas: int | None = None

    def now(self, node: Node) -> GasPrice:
        """Enough for the next block, and for a base fee that doubles.

        Raises:
            FeeTooHigh: the next block costs more than `max_fee`.
        """
        base = node.head().base_fee
        if base is None:
            raise ChainError("the chain has no base fee (EIP-1559): chains without are not served")
        tip = self.tip if self.tip is not None else node.priority_fee()
        tip = GWEI if tip is None else tip
        if base + tip > self.max_fee:
            raise FeeTooHigh(base + tip, self.max_fee)
        return GasPrice(min(2 * base + tip, self.max_fee), tip)

    def raised(self, old: GasPrice, now: GasPrice) -> GasPrice | None:
        """A bid that replaces `old`: pools want an eighth more of both. None: above the bound."""
        least = GasPrice(_eighth_more(old.max_fee), _eighth_more(old.tip))
        if least.max_fee > self.max_fee:
            return None
        max_fee = max(least.max_fee, now.max_fee)
        return GasPrice(max_fee, min(max(least.tip, now.tip), max_fee))

    def gas(self, estimate: int) -> int:
        """The transaction's gas limit."""
        return estimate * self.gas_margin // 100


def _eighth_more(wei: int) -> int:
    return wei + wei // 8 + 1
