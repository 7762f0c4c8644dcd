"""Prices of one unit of a resource, in integers of 10^-18 token.

Supply and demand are whole units of a class: `total` is R (registered), `published` R_p,
`demanded` R_d. Everything equals `contracts/pricing/LinearPriceModel.sol` and the market's
clearing bit for bit; docs/pricing.md says what each preset is for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from suanli.protocol.errors import require

Weights = tuple[int, int, int]

MAX_PRICE = 2**96 - 1
MAX_ASK = 2**88 - 1
MAX_WEIGHT = 2**127 - 1

PRESETS: Mapping[str, Weights] = MappingProxyType(
    {
        "printed": (1, -1, -2),
        "first-example": (1, -1, -1),
        "second-example": (-1, 1, 1),
        "excess-demand": (0, -1, 1),
    }
)
"""Weights of alpha for (R, R_p, R_d); "excess-demand" is the default."""


@dataclass(frozen=True)
class LinearPrice:
    """P = clamp(base + w_R R + w_p R_p + w_d R_d, floor, cap), as a deployed model computes it.

    `weights` are the contract's: 10^-18 token per unit, for each unit of R, R_p and R_d.

    Raises:
        Refused: FloorAboveCap, WeightTooLarge.
    """

    base: int
    weights: Weights
    floor: int = 0
    cap: int = MAX_PRICE

    def __post_init__(self) -> None:
        for price in (self.base, self.floor, self.cap):
            if not 0 <= price <= MAX_PRICE:
                raise ValueError(f"a price lies between 0 and 2^96 - 1, not at {price}")
        require(self.floor <= self.cap, "FloorAboveCap", self.floor, self.cap)
        for weight in self.weights:
            require(abs(weight) <= MAX_WEIGHT, "WeightTooLarge", weight)

    def price(self, total: int, published: int, demanded: int) -> int:
        w_total, w_published, w_demanded = self.weights
        linear = self.base + w_total * total + w_published * published + w_demanded * demanded
        return min(max(linear, self.floor), self.cap)


def linear_price(
    total: int,
    published: int,
    demanded: int,
    *,
    base: int,
    alpha: int,
    weights: Weights,
    floor: int = 0,
    cap: int = MAX_PRICE,
) -> int:
    """P = clamp(base + alpha (w_R R + w_p R_p + w_d R_d), floor, cap); `weights` as in PRESETS.

    >>> linear_price(1000, 800, 500, base=10, alpha=1, weights=PRESETS["second-example"])
    310

    Raises:
        Refused: FloorAboveCap, WeightTooLarge, as the contract's constructor.
    """
    scaled = (alpha * weights[0], alpha * weights[1], alpha * weights[2])
    return LinearPrice(base, scaled, floor, cap).price(total, published, demanded)


def clear(price: int, ask: int, bid: int) -> int:
    """The price of a deal: the model's, clamped to [ask, bid]. Wants ask <= bid."""
    return min(max(price, ask), bid)


def reward(published: int, demanded: int, price: int) -> int:
    """R_reward = R_p P / (R_p + R_d), rounded down, in 10^-18 token; 0 where nothing is published.

    Source: the source document's reward model; paid per epoch and class by the reward pool.
    """
    return published * price // (published + demanded) if published else 0
