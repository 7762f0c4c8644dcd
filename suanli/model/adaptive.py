"""The price that adapts, as `contracts/pricing/AdaptivePriceModel.sol`.

Utilizations are billionths of R_p, `ONE` is 1 in 18 decimals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from suanli.model.requests import RequestBook
from suanli.protocol import MAX_PRICE, Request, State, require

ONE = 10**18
WHOLE = 10**9
LOWEST_FLOOR = 10**9
WINDOWS = (60, 86_400)
TERMS = 20


def exp(x: int) -> int:
    """e^x for 0 <= x <= ONE, at most 3 units too small and never too large."""
    result = ONE
    for n in range(TERMS, 0, -1):
        result = ONE + x * result // (n * ONE)
    return result


def utilization(published: int, demanded: int, neutral: int) -> int:
    """How much of what is published is demanded; `neutral` where there is neither."""
    if demanded >= published:
        return WHOLE if demanded else neutral
    return demanded * WHOLE // published


@dataclass(frozen=True)
class Adaptation:
    """An AdaptivePriceModel's parameters; prices in 10^-18 token per unit.

    The price stays at a utilization of `target` (billionths). Above it, its logarithm grows by
    `speed` (10^-18 a second) times the distance. `window` (seconds) is the most time that one
    update makes up for, and the least for which a low utilization is remembered.

    Raises:
        Refused: OutOfBounds.
    """

    target: int
    speed: int
    window: int
    start: int
    floor: int = LOWEST_FLOOR
    cap: int = MAX_PRICE

    def __post_init__(self) -> None:
        # In the contract's order: the bounds of one may need another.
        _within(self.target, 1, WHOLE - 1)
        _within(self.window, *WINDOWS)
        _within(self.speed, 1, ONE // self.window)
        _within(self.floor, LOWEST_FLOOR, self.cap)
        _within(self.start, self.floor, self.cap)


def _within(value: int, least: int, most: int) -> None:
    require(least <= value <= most, "OutOfBounds", value, least, most)


@dataclass(frozen=True)
class Observed:
    """What the last update left."""

    price: int
    updated_at: int
    lowest: int
    lowest_before: int


class AdaptivePrice:
    """The controller of one class of a market; `state` is the contract's slot."""

    def __init__(self, market: RequestBook, resource: int, adaptation: Adaptation) -> None:
        self.market, self.resource, self.adaptation = market, resource, adaptation
        neutral = (adaptation.target,) * 2
        self.state = Observed(adaptation.start, market.time, *neutral)

    def price(self, _total: int, published: int, demanded: int) -> int:
        return self._moved(utilization(published, demanded, self.adaptation.target))

    def update(self, hollow: Sequence[Request] = ()) -> int:
        """Anybody may call it; posted requests in `hollow` that can't trade are no demand."""
        totals = self.market.totals[self.resource]
        demanded = totals.demanded - self.hollow_units(hollow)
        observed = utilization(totals.published, demanded, self.adaptation.target)
        price, old, now = self._moved(observed), self.state, self.market.time
        window = self.adaptation.window
        same = now // window == old.updated_at // window
        self.state = Observed(
            price,
            now,
            min(old.lowest, observed) if same else observed,
            old.lowest_before if same else old.lowest,
        )
        return price

    def _moved(self, observed: int) -> int:
        old, own = self.state, self.adaptation
        lowest = min(old.lowest_before, old.lowest, observed)
        if lowest > own.target:
            return min(old.price * self._growth(lowest - own.target) // ONE, own.cap)
        return max(old.price * ONE // self._growth(own.target - lowest), own.floor)

    def _growth(self, distance: int) -> int:
        elapsed = min(self.market.time - self.state.updated_at, self.adaptation.window)
        return exp(self.adaptation.speed * elapsed * distance // WHOLE)

    def hollow_units(self, listed: Sequence[Request]) -> int:
        """Units that an update leaves out of demand, of what it lists by ascending id."""
        previous, units = bytes(32), 0
        for request in listed:
            request_id = self.market.request_id(request)
            require(request_id > previous, "NotAscending", request_id)
            previous = request_id
            if self._is_hollow(request, request_id):
                units += request.units
        return units

    def _is_hollow(self, request: Request, request_id: bytes) -> bool:
        bids_less = request.max_price < self.state.price
        return (
            (bids_less or request.confirm_by < self.market.time)
            and request.resource == self.resource
            and self.market.deal_of(request_id).state == State.POSTED
        )
