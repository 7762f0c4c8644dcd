"""lowerCapacity: miner or payout take capacity out of service, an offer of more with it."""

import pytest

from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, CPU, OWNER, PAYOUT, STRANGER


@pytest.fixture(autouse=True)
def miner(world):
    """Bob has 1,000 units and offers 600 of them."""
    world.register(BOB, payout=PAYOUT, capacity=1_000, published=600)


@pytest.mark.parametrize("caller", [BOB, PAYOUT])
@pytest.mark.spec("3.11")
def test_frees_the_stake(world, caller):
    with changes(world) as found:
        receipt = world.market.lowerCapacity(BOB, CPU, 600, sender=caller)
    assert found == {
        "bob pledged": -800 * world.unit,
        "bob computePower": -400,
        "bob capacity": -400,
        "registered": -400,
    }
    assert [event.name for event in receipt.events] == ["ResourceRegistered"]
    assert receipt.events[0].args == {"minerId": 1, "resource": CPU, "capacity": 600}
    world.market.startUnbonding(BOB, 800 * world.unit, sender=PAYOUT)


@pytest.mark.spec("3.11")
def test_withdraws_an_offer_of_more(world):
    world.confirm(world.request(units=100), BOB)
    valid_until = world.market.offerOf(BOB, CPU).validUntil
    with changes(world) as found:
        receipt = world.market.lowerCapacity(BOB, CPU, 100, sender=PAYOUT)
    assert found == {
        "bob pledged": -1_800 * world.unit,
        "bob computePower": -900,
        "bob capacity": -900,
        "bob published": -500,
        "bob validUntil": -valid_until,
        "registered": -900,
        "published": -500,
    }
    assert {event.name for event in receipt.events} == {"OfferWithdrawn", "ResourceRegistered"}
    assert world.market.offerOf(BOB, CPU).validUntil == 0


@pytest.mark.spec("3.11")
def test_what_deals_reserve_stays(world):
    world.confirm(world.request(units=100), BOB)
    with reverts("CapacityBelowPublished", 99, 100):
        world.market.lowerCapacity(BOB, CPU, 99, sender=PAYOUT)
    world.market.withdrawOffer(CPU, sender=BOB)
    with reverts("CapacityBelowPublished", 99, 100):
        world.market.lowerCapacity(BOB, CPU, 99, sender=PAYOUT)


@pytest.mark.parametrize("capacity", [1_000, 1_001, 2**64 - 1])
@pytest.mark.spec("3.11")
def test_only_lowers(world, capacity):
    with reverts("CapacityNotLower", capacity, 1_000):
        world.market.lowerCapacity(BOB, CPU, capacity, sender=PAYOUT)


@pytest.mark.parametrize("resource", [0, 3, 99])
def test_needs_capacity_in_the_class(world, resource):
    with reverts("CapacityNotLower", 0, 0):
        world.market.lowerCapacity(BOB, resource, 0, sender=BOB)


@pytest.mark.spec("4.3")
def test_works_in_a_retired_class(world):
    world.market.retireResourceClass(CPU, sender=OWNER)
    world.market.lowerCapacity(BOB, CPU, 0, sender=PAYOUT)
    assert world.market.minerStatus(BOB).pledged == 0


@pytest.mark.parametrize("caller", [STRANGER, ALICE, OWNER])
@pytest.mark.spec("3.11")
def test_is_for_the_miner_and_its_payout(world, caller):
    with reverts("NotMinerOrPayout", caller, BOB):
        world.market.lowerCapacity(BOB, CPU, 0, sender=caller)


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.lowerCapacity(STRANGER, CPU, 0, sender=STRANGER)
