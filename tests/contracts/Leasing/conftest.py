"""Bob leases out up to 100 GPU hours at 1.5 tokens or more; his payout permits channels a day."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.harness.evm import account
from tests.harness.market import BOB, GPU, PAYOUT, PRICE, Receipt, World

DAY = 86_400
KEY, OTHER_KEY = b"\x01" * 32, b"\x02" * 32
CHANNELS, STORAGE = account("channels"), account("storage deals")
ASK = PRICE * 3 // 2


@pytest.fixture
def world(world: World) -> World:
    world.register(BOB, payout=PAYOUT, resource=GPU, capacity=120, published=100, ask=ASK)
    world.market.permitOperator(BOB, CHANNELS, DAY, sender=PAYOUT)
    return world


@pytest.fixture
def lease(world: World) -> Any:
    """Takes and extends lots, with what is not named as below."""
    number = world.market.minerAccount(BOB).minerId

    def take(by: str = CHANNELS, **changes: Any) -> Receipt:
        usual = {
            "lot": KEY,
            "minerId": number,
            "resource": GPU,
            "units": 60,
            "maxPrice": 2 * PRICE,
            "busyUntil": world.evm.time + DAY,
        }
        return world.market.takeLot(*(usual | changes).values(), sender=by)

    def extend(by: str = CHANNELS, **changes: Any) -> Receipt:
        usual = {"lot": KEY, "maxPrice": 2 * PRICE, "busyUntil": world.evm.time + DAY}
        return world.market.extendLot(*(usual | changes).values(), sender=by)

    return SimpleNamespace(take=take, extend=extend, miner=number)
