"""What a network is like, for a rehearsal on a local chain; docs/networks.md says what of it such a
chain can't imitate."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from suanli.deployment.errors import DeploymentError

HARDFORKS = ("shanghai", "cancun", "prague", "osaka")
"""That run the contracts."""
LEAST_GAS_LIMIT = 8_000_000
"""Of a block: the market's creation, the largest transaction, is estimated below it."""
GWEI = 10**9


@dataclass(frozen=True)
class NetworkParameters:
    """`block_time` in seconds; `base_fee_gwei`, of a block that is neither full nor empty, and
    `tip_gwei`, what goes to its maker, in gwei per gas; `gas_limit` of a block; `coin` pays it;
    `parent_block_time`: the parent chain's, where contracts see its block numbers."""

    block_time: float
    base_fee_gwei: Decimal
    tip_gwei: Decimal = Decimal(0)
    gas_limit: int = 30_000_000
    coin: str = "ETH"
    hardfork: str = "shanghai"
    parent_block_time: float | None = None

    def __post_init__(self) -> None:
        self._require("block_time", 0.05 <= self.block_time <= 60, "lies between 0.05 and 60 s")
        parents = self.parent_block_time
        self._require(
            "parent_block_time", parents is None or 0 < parents <= 60, "lies between 0 and 60 s"
        )
        self._require(
            "gas_limit",
            self.gas_limit >= LEAST_GAS_LIMIT,
            f"is {LEAST_GAS_LIMIT:,} at least, or the market can't be deployed there",
        )
        self._require(
            "hardfork",
            self.hardfork in HARDFORKS,
            f"is one of {', '.join(HARDFORKS)}: older ones can't run the contracts",
        )
        self._require("tip_gwei", self.price > 0, "is above 0 where base_fee_gwei is 0")

    def _require(self, name: str, holds: bool, rule: str) -> None:
        if not holds:
            raise DeploymentError(f"network.{name} {rule}")

    @property
    def base_fee(self) -> int:
        """Wei per gas."""
        return int(self.base_fee_gwei * GWEI)

    @property
    def price(self) -> int:
        """Wei per gas, the tip included."""
        return int((self.base_fee_gwei + self.tip_gwei) * GWEI)

    @property
    def usual_max_fee(self) -> int:
        """Gwei per gas that bounds on fees should allow: twice the price."""
        return -(-2 * self.price // GWEI)
