"""withdrawOffer: nothing more is for sale; live deals are not touched."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import BOB, CPU, OWNER, PAYOUT, STRANGER, State


@pytest.fixture(autouse=True)
def miner(world):
    world.register(BOB, payout=PAYOUT, capacity=200, published=120)


@pytest.mark.spec("3.7")
def test_takes_the_offer_off_the_market(world):
    receipt = world.market.withdrawOffer(CPU, sender=BOB)
    assert receipt.event("OfferWithdrawn").args == {"minerId": 1, "resource": CPU}
    assert world.market.offerOf(BOB, CPU) == (0, 0, 0, False, 0, 200)
    assert world.market.supplyOf(CPU) == (200, 0, 0, 200)
    request = world.request(units=1)
    world.post(request)
    with reverts("OfferExpired", 0):
        world.market.confirmRequest(request, b"", sender=BOB)


@pytest.mark.spec("3.7")
def test_deals_keep_their_part_and_it_leaves_with_them(world):
    first, second = world.request(units=30, salt=1), world.request(units=40, salt=2)
    world.submit(first, BOB)
    world.confirm(second, BOB)
    world.market.withdrawOffer(CPU, sender=BOB)
    assert world.market.offerOf(BOB, CPU) == (70, 70, 0, False, 0, 200)
    assert world.market.supplyOf(CPU) == (200, 70, 70, 60)
    world.accept(first)
    assert world.market.offerOf(BOB, CPU) == (40, 40, 0, False, 0, 200)
    world.evm.advance(second.duration + 1)
    world.market.claimDefault(second)
    assert world.state(second) == State.DEFAULTED
    offer = world.market.offerOf(BOB, CPU)
    assert (offer.published, offer.reserved) == (0, 0)
    # Half of the collateral of 40 units was slashed, and 20 units of capacity with it.
    assert world.market.supplyOf(CPU) == (180, 0, 0, 180)


def test_can_be_published_again(world):
    world.confirm(world.request(units=30), BOB)
    world.market.withdrawOffer(CPU, sender=BOB)
    world.market.publishOffer(CPU, 31, 5, world.evm.time, False, sender=BOB)
    assert world.market.offerOf(BOB, CPU) == (31, 30, 5, False, world.evm.time, 200)
    assert world.market.supplyOf(CPU).published == 31


def test_once(world):
    world.market.withdrawOffer(CPU, sender=BOB)
    with reverts("NoOffer", BOB, CPU):
        world.market.withdrawOffer(CPU, sender=BOB)


@pytest.mark.parametrize("resource", [0, 2, 2**32 - 1])
def test_refuses_where_nothing_is_offered(world, resource):
    with reverts("NoOffer", BOB, resource):
        world.market.withdrawOffer(resource, sender=BOB)


@pytest.mark.parametrize("caller", [STRANGER, PAYOUT, OWNER])
@pytest.mark.spec("3.7")
def test_refuses_strangers(world, caller):
    with reverts("NotRegistered", caller):
        world.market.withdrawOffer(CPU, sender=caller)


@pytest.mark.parametrize("hindrance", ["paused", "retired", "expired"])
def test_always_possible(world, hindrance):
    if hindrance == "paused":
        world.market.pause(sender=OWNER)
    elif hindrance == "retired":
        world.market.retireResourceClass(CPU, sender=OWNER)
    else:
        world.evm.advance(366 * 86_400)
    world.market.withdrawOffer(CPU, sender=BOB)
    assert world.market.supplyOf(CPU).published == 0
