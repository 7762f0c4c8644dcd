"""pruneOffer: anybody takes an expired offer off the market."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import BOB, CPU, OWNER, PAYOUT, STRANGER


@pytest.fixture(autouse=True)
def until(world):
    until = world.evm.time + 60
    world.register(BOB, payout=PAYOUT, capacity=200, published=120, valid_until=until)
    return until


@pytest.mark.parametrize("caller", [STRANGER, BOB, PAYOUT, OWNER])
@pytest.mark.spec("3.7")
def test_anybody_prunes_an_expired_offer(world, caller):
    world.evm.advance(61)
    receipt = world.market.pruneOffer(BOB, CPU, sender=caller)
    assert receipt.event("OfferWithdrawn").args == {"minerId": 1, "resource": CPU}
    assert world.market.offerOf(BOB, CPU) == (0, 0, 0, False, 0, 200)
    assert world.market.supplyOf(CPU) == (200, 0, 0, 200)


@pytest.mark.parametrize("later", [0, 59, 60])
@pytest.mark.spec("3.7")
def test_a_valid_offer_stays(world, until, later):
    world.evm.advance(later)
    with reverts("OfferStillValid", until):
        world.market.pruneOffer(BOB, CPU, sender=STRANGER)


@pytest.mark.spec("3.7")
def test_what_deals_reserve_stays(world):
    world.confirm(world.request(units=30), BOB)
    world.evm.advance(61)
    world.market.pruneOffer(BOB, CPU, sender=STRANGER)
    assert world.market.offerOf(BOB, CPU) == (30, 30, 0, False, 0, 200)
    assert world.market.supplyOf(CPU) == (200, 30, 30, 140)


def test_once(world):
    world.evm.advance(61)
    world.market.pruneOffer(BOB, CPU, sender=STRANGER)
    with reverts("NoOffer", BOB, CPU):
        world.market.pruneOffer(BOB, CPU, sender=STRANGER)


@pytest.mark.parametrize("resource", [0, 2, 2**32 - 1])
def test_refuses_where_nothing_is_offered(world, resource):
    with reverts("NoOffer", BOB, resource):
        world.market.pruneOffer(BOB, resource, sender=STRANGER)


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.pruneOffer(STRANGER, CPU, sender=STRANGER)


def test_works_while_paused(world):
    world.evm.advance(61)
    world.market.pause(sender=OWNER)
    world.market.pruneOffer(BOB, CPU, sender=STRANGER)
    assert world.market.supplyOf(CPU).published == 0
