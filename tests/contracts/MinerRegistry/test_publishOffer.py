"""publishOffer: what is for sale, at which price, until when."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import (
    BOB,
    CPU,
    CPU_LARGE,
    DAVE,
    GPU,
    MAX_UINT32,
    MAX_UINT64,
    OWNER,
    PRICE,
    STRANGER,
)

MAX_UINT88 = 2**88 - 1


@pytest.fixture(autouse=True)
def miner(world):
    """Bob: 200 units of CPU and of GPU, nothing published."""
    world.register(BOB, capacity=200, published=0)
    world.register(BOB, capacity=200, published=0, resource=GPU)


def publish(
    world, published=120, ask=PRICE, valid_until=None, resource=CPU, verified=False, sender=BOB
):
    until = world.evm.time if valid_until is None else valid_until
    return world.market.publishOffer(resource, published, ask, until, verified, sender=sender)


@pytest.mark.parametrize("resource", [CPU, GPU])
@pytest.mark.parametrize("published", [1, 120, 200])
@pytest.mark.spec("3.6")
def test_puts_capacity_up_for_sale(world, resource, published):
    until = world.evm.time + 60
    receipt = publish(world, published, PRICE, until, resource)
    assert receipt.event("OfferPublished").args == {
        "minerId": 1,
        "resource": resource,
        "published": published,
        "ask": PRICE,
        "validUntil": until,
        "verifiedOnly": False,
    }
    assert world.market.offerOf(BOB, resource) == (published, 0, PRICE, False, until, 200)
    assert world.market.supplyOf(resource) == (200, published, 0, 200 - published)


def test_replaces_the_former_offer(world):
    publish(world, 120)
    publish(world, 50, 0, MAX_UINT32)
    assert world.market.offerOf(BOB, CPU) == (50, 0, 0, False, MAX_UINT32, 200)
    publish(world, 51, MAX_UINT88)
    assert world.market.offerOf(BOB, CPU).ask == MAX_UINT88
    assert world.market.supplyOf(CPU).published == 51


@pytest.mark.spec("3.6")
def test_may_be_for_verified_requesters_only(world):
    for verified in (True, False):
        receipt = publish(world, verified=verified)
        assert receipt.event("OfferPublished").args["verifiedOnly"] is verified
        assert world.market.offerOf(BOB, CPU).verifiedOnly is verified


def test_miners_add_up(world):
    world.register(DAVE, capacity=30)
    publish(world, 120)
    assert world.market.supplyOf(CPU) == (230, 150, 0, 80)


@pytest.mark.spec("3.6")
def test_refuses_nothing(world):
    with reverts("ZeroAmount"):
        publish(world, 0)


@pytest.mark.parametrize("published", [201, MAX_UINT64])
@pytest.mark.spec("3.6")
def test_refuses_more_than_the_capacity(world, published):
    with reverts("PublishedAboveCapacity", published, 200):
        publish(world, published)


def test_refuses_what_was_never_registered(world):
    with reverts("PublishedAboveCapacity", 1, 0):
        publish(world, 1, resource=CPU_LARGE)


@pytest.mark.spec("3.6")
def test_refuses_less_than_deals_reserve(world):
    publish(world, 120)
    world.confirm(world.request(units=100, miner=BOB), BOB)
    with reverts("PublishedBelowReserved", 99, 100):
        publish(world, 99)
    publish(world, 100)
    assert world.market.offerOf(BOB, CPU)[:2] == (100, 100)
    assert world.market.supplyOf(CPU) == (200, 100, 100, 0)


@pytest.mark.parametrize("back", [1, 60])
def test_refuses_an_end_in_the_past(world, back):
    with reverts("OfferEndsInThePast", world.evm.time - back):
        publish(world, valid_until=world.evm.time - back)
    with reverts("OfferEndsInThePast", 0):
        publish(world, valid_until=0)


@pytest.mark.spec("3.6")
def test_refuses_strangers(world):
    with reverts("NotRegistered", STRANGER):
        publish(world, sender=STRANGER)


@pytest.mark.parametrize("resource", [0, 4])
def test_refuses_unknown_classes(world, resource):
    with reverts("UnknownResource", resource):
        publish(world, resource=resource)


@pytest.mark.spec("4.3")
def test_refuses_retired_classes(world):
    publish(world)
    world.market.retireResourceClass(CPU, sender=OWNER)
    with reverts("ResourceRetired", CPU):
        publish(world)


@pytest.mark.spec("5.7", "6.4")
def test_can_be_taken_until_its_last_second(world):
    until = world.evm.time + 60
    publish(world, 120, valid_until=until)
    first = world.request(units=20, salt=1)
    second = world.request(units=20, salt=2)
    world.evm.advance(60)
    world.confirm(first, BOB)
    world.post(second)
    world.evm.advance(1)
    with reverts("OfferExpired", until):
        world.market.confirmRequest(second, b"", sender=BOB)
    # Expired, it still counts, until somebody prunes it.
    assert world.market.supplyOf(CPU) == (200, 120, 40, 40)
    publish(world, 120)
    world.market.confirmRequest(second, b"", sender=BOB)


def test_no_more_can_be_taken_than_is_free(world):
    publish(world, 120)
    world.confirm(world.request(units=100, salt=1), BOB)
    request = world.request(units=21, salt=2)
    world.post(request)
    with reverts("InsufficientCapacity", 20, 21):
        world.market.confirmRequest(request, b"", sender=BOB)
    publish(world, 121)
    world.market.confirmRequest(request, b"", sender=BOB)


def test_works_while_paused(world):
    world.market.pause(sender=OWNER)
    publish(world)
    assert world.market.offerOf(BOB, CPU).published == 120
