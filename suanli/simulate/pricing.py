"""The price models that are compared, and who keeps an adaptive one up to date."""

from __future__ import annotations

from dataclasses import dataclass

from suanli.base.errors import SuanliError
from suanli.model import Adaptation, AdaptivePrice
from suanli.protocol import PRESETS, LinearPrice
from suanli.simulate.scenario import Adaptive, Linear
from suanli.simulate.world import MODEL, RESOURCE, MarketWorld, atto

ADAPTIVE = "adaptive"
PRICES = (*reversed(list(PRESETS)), ADAPTIVE)
"""Names of all."""


class UnknownPrice(SuanliError):
    """A price model that there isn't."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no price model {name!r}: use one of {', '.join(PRICES)}")


@dataclass(frozen=True)
class PriceChoice:
    """One of `PRICES`: a preset of the linear model, or the one that adapts.

    Raises:
        UnknownPrice
    """

    name: str

    def __post_init__(self) -> None:
        if self.name not in PRICES:
            raise UnknownPrice(self.name)

    def install(self, world: MarketWorld, capacity: int) -> None:
        """`capacity`: units that are for sale at the start, of which alpha follows."""
        own = world.scenario
        model = (
            AdaptivePrice(world.market, RESOURCE, adaptation(own.adaptive))
            if self.name == ADAPTIVE
            else linear(own.linear, self.name, capacity)
        )
        world.market.price_models[MODEL] = model


def linear(own: Linear, preset: str, capacity: int) -> LinearPrice:
    alpha = atto(own.shortage) // capacity
    total, published, demanded = (alpha * weight for weight in PRESETS[preset])
    bounds = atto(own.floor), atto(own.cap)
    return LinearPrice(atto(own.base), (total, published, demanded), *bounds)


def adaptation(own: Adaptive) -> Adaptation:
    return Adaptation(
        target=round(own.target * 10**9),
        speed=round(own.speed * 10**18),
        window=own.window,
        start=atto(own.start),
        floor=atto(own.floor),
        cap=atto(own.cap),
    )


class Keeper:
    """Updates the price at each step, and leaves out the bids that can't trade."""

    def act(self, world: MarketWorld) -> None:
        model = world.market.price_models[MODEL]
        if isinstance(model, AdaptivePrice):
            hollow = {
                request_id: request
                for request_id, request in world.posted.items()
                if request.max_price < model.state.price
            }
            model.update([hollow[request_id] for request_id in sorted(hollow)])
