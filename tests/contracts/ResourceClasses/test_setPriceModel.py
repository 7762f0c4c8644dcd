"""setPriceModel: new prices for new deals; live ones keep theirs."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, CPU, CPU_LARGE, OWNER, PRICE, STRANGER, ZERO


@pytest.fixture
def dearer(world):
    """A model that asks 50 tokens, whatever is supplied."""
    return world.evm.deploy("LinearPriceModel", 50 * PRICE, (0, 0, 0), 0, 50 * PRICE)


@pytest.mark.spec("4.2")
def test_changes_the_price_of_one_class(world, dearer):
    receipt = world.market.setPriceModel(CPU, dearer.address, sender=OWNER)
    assert receipt.event("PriceModelChanged").args == {
        "resource": CPU,
        "priceModel": dearer.address,
    }
    assert world.market.resourceClass(CPU).priceModel == dearer.address
    assert world.market.priceOf(CPU) == 50 * PRICE
    assert world.market.priceOf(CPU_LARGE) == PRICE


@pytest.mark.spec("4.5", "11.3")
def test_live_deals_keep_their_price_and_bids_still_bound_new_ones(world, dearer):
    world.register(BOB, capacity=200)
    live, later = world.request(salt=1), world.request(salt=2)
    price = world.confirm(live, BOB).value
    world.post(later)
    world.market.setPriceModel(CPU, dearer.address, sender=OWNER)
    assert world.deal(live).price == price < later.maxPrice
    assert world.market.confirmRequest(later, b"", sender=BOB).value == later.maxPrice


def test_works_for_a_retired_class(world, dearer):
    world.market.retireResourceClass(CPU, sender=OWNER)
    world.market.setPriceModel(CPU, dearer.address, sender=OWNER)
    assert world.market.priceOf(CPU) == 50 * PRICE


@pytest.mark.parametrize("model", [ZERO, ALICE])
@pytest.mark.spec("10.1")
def test_refuses_a_model_without_code(world, model):
    with reverts("NotAContract", model):
        world.market.setPriceModel(CPU, model, sender=OWNER)


@pytest.mark.parametrize("resource", [0, 4, 2**32 - 1])
def test_refuses_unknown_classes(world, resource):
    with reverts("UnknownResource", resource):
        world.market.setPriceModel(resource, world.model.address, sender=OWNER)


def test_only_the_owner_may(world):
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        world.market.setPriceModel(CPU, world.model.address, sender=STRANGER)
