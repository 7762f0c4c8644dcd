"""priceOf: what the class's model says to its supply and demand."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import BOB, CPU, CPU_LARGE, PRICE

ALPHA = PRICE // 1_000


@pytest.mark.spec("4.6")
def test_moves_with_supply_and_demand(world):
    assert world.market.priceOf(CPU) == PRICE
    world.register(BOB, capacity=1_000, published=300)
    assert world.market.priceOf(CPU) == PRICE - 300 * ALPHA
    world.post(world.request(units=500))
    assert world.market.priceOf(CPU) == PRICE + 200 * ALPHA
    assert world.market.priceOf(CPU_LARGE) == PRICE


def test_does_not_fall_below_the_models_floor(world):
    world.register(BOB, capacity=1_001)
    assert world.market.priceOf(CPU) == 0


@pytest.mark.parametrize("resource", [0, 4, 2**32 - 1])
def test_refuses_unknown_classes(world, resource):
    with reverts("UnknownResource", resource):
        world.market.priceOf(resource)
