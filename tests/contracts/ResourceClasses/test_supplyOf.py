"""supplyOf: R, R_p, R_d and what is unused."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import BOB, CPU, CPU_LARGE, DAVE, ROOT


@pytest.mark.spec("4.6")
def test_follows_a_deal_from_post_to_end(world):
    def supply():
        return tuple(world.market.supplyOf(CPU))

    world.register(BOB, capacity=1_000, published=800)
    assert supply() == (1_000, 800, 0, 200)
    request = world.request(units=500)
    world.post(request)
    assert supply() == (1_000, 800, 500, -300)
    world.market.confirmRequest(request, b"", sender=BOB)
    assert supply() == (1_000, 800, 500, -300)
    world.market.submitResult(request, ROOT, 1, sender=BOB)
    assert supply() == (1_000, 800, 500, -300)
    world.accept(request)
    assert supply() == (1_000, 800, 0, 200)


@pytest.mark.spec("4.6")
def test_demand_leaves_with_cancelled_requests(world):
    request = world.request(units=500)
    world.post(request)
    assert world.market.supplyOf(CPU) == (0, 0, 500, -500)
    world.market.cancelRequest(request, sender=request.requester)
    assert world.market.supplyOf(CPU) == (0, 0, 0, 0)


def test_classes_are_apart(world):
    world.register(BOB, capacity=10)
    world.register(DAVE, capacity=20, resource=CPU_LARGE)
    assert world.market.supplyOf(CPU) == (10, 10, 0, 0)
    assert world.market.supplyOf(CPU_LARGE) == (20, 20, 0, 0)


@pytest.mark.parametrize("resource", [0, 4, 2**32 - 1])
def test_refuses_unknown_classes(world, resource):
    with reverts("UnknownResource", resource):
        world.market.supplyOf(resource)
