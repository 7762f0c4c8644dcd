"""Two miners with offers: Bob asks 1.5 tokens a unit, Dave nothing. Alice has 10,000 tokens."""

import pytest

from tests.harness.market import ALICE, BOB, DAVE, PAYOUT, PRICE, World


@pytest.fixture
def world(world: World) -> World:
    world.register(BOB, payout=PAYOUT, ask=PRICE * 3 // 2)
    world.register(DAVE)
    world.fund(ALICE, 10_000 * world.unit)
    return world
