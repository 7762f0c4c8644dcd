"""A market with a class whose price adapts, and the same class in the shadow model.

world = AdaptiveWorld()
world.ask_for(900)           # Carol posts a request
world.pass_time(3_600)
world.update()               # on both sides; fails if they differ
"""

from collections.abc import Sequence
from typing import Any

from suanli.model import Adaptation, AdaptivePrice, Deal, Market
from suanli.protocol import Domain, State
from suanli.protocol import Request as ModelRequest
from tests.harness.evm import CHAIN_ID
from tests.harness.market import BOB, CAROL, OWNER, PRICE, STRANGER, Request, World

RESOURCE = 4
WINDOW = 3_600
TARGET = 800_000_000
SPEED = 5_730_000_000_000
"""What is all taken doubles in price in a week, as 0.2 * 604,800 s * 5.73e-6 / s = 0.693."""
ADAPTATION = Adaptation(TARGET, SPEED, WINDOW, start=PRICE, floor=PRICE // 100, cap=100 * PRICE)
FOR_SALE = 1_000


class AdaptiveWorld(World):
    def __init__(self, adaptation: Adaptation = ADAPTATION, for_sale: int = FOR_SALE) -> None:
        super().__init__()
        parameters = tuple(vars(adaptation).values())
        arguments = (self.market.address, RESOURCE, *parameters)
        self.adaptation = adaptation
        self.price_model = self.evm.deploy("AdaptivePriceModel", *arguments)
        added = self.add_class(priceModel=self.price_model.address, maxTaskUnits=2**40)
        assert added == RESOURCE
        self.shadow_market = Market(
            domain=Domain(CHAIN_ID, self.market.address),
            token=self.token.address,
            decimals=18,
            time=self.evm.time,
            owner=OWNER,
            unbonding_delay=60,
        )
        self.shadow = AdaptivePrice(self.shadow_market, RESOURCE, adaptation)
        self.posted: list[Request] = []
        self.for_sale = 0
        if for_sale:
            self.register(BOB, resource=RESOURCE, capacity=for_sale, ask=2**88 - 1)
            self.sell(for_sale)
        self.fund(CAROL, 10**9 * PRICE)

    def sell(self, units: int) -> None:
        """Bob offers so many of his units, from now on."""
        offer = units, 2**88 - 1, self.evm.time + 10**9, False
        self.market.publishOffer(RESOURCE, *offer, sender=BOB)
        self.shadow_market.totals[RESOURCE].published = self.for_sale = units

    def pass_time(self, seconds: int) -> None:
        self.evm.advance(seconds)
        self.shadow_market.time = self.evm.time

    def ask_for(self, units: int, **changes: Any) -> Request:
        """Carol, or whoever the requester is, posts a request that no miner is named in."""
        usual = {"requester": CAROL, "resource": RESOURCE, "maxPrice": 2 * PRICE}
        usual |= {"confirmBy": self.evm.time + 10**7, "salt": len(self.posted)}
        request = self.request(**(usual | {"units": units} | changes))
        self.market.postRequest(request, sender=request.requester)
        self.shadow_market.deals[self.request_id(request)] = Deal(State.POSTED)
        self.shadow_market.totals[RESOURCE].demanded += units
        self.posted.append(request)
        return request

    def withdraw(self, request: Request) -> None:
        """The requester cancels it."""
        self.market.cancelRequest(request, sender=request.requester)
        self.shadow_market.deals[self.request_id(request)] = Deal(State.CANCELLED)
        self.shadow_market.totals[RESOURCE].demanded -= request.units

    def update(self, *hollow: Request, sender: str = STRANGER) -> int:
        """The new price, the same on both sides."""
        ordered = self.by_id(hollow)
        listed = [ModelRequest(*request) for request in ordered]
        receipt = self.price_model.update(ordered, sender=sender)
        left_out = self.shadow.hollow_units(listed)
        expected = self.shadow.update(listed)
        assert receipt.value == expected
        event = receipt.event("PriceUpdated").args
        assert (event["price"], event["leftOut"]) == (expected, left_out)
        assert tuple(self.price_model.state()) == tuple(vars(self.shadow.state).values())
        return expected

    def price(self) -> int:
        """What the market makes of it now, the same on both sides."""
        totals = self.shadow_market.totals[RESOURCE]
        expected = self.shadow.price(0, totals.published, totals.demanded)
        assert self.market.priceOf(RESOURCE) == expected
        return expected

    def by_id(self, requests: Sequence[Request]) -> list[Request]:
        return sorted(requests, key=self.request_id)

    def settle_in(self) -> int:
        """Observes what is there in two windows, so that only time moves the price from now on."""
        for _ in range(2):
            self.pass_time(WINDOW - self.evm.time % WINDOW)
            self.update()
        return self.shadow.state.price
