"""retireResourceClass: no new business in a class, for ever; live deals go on."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, CPU, CPU_LARGE, OWNER, ROOT, STRANGER, State


def retire(world, resource=CPU, sender=OWNER):
    return world.market.retireResourceClass(resource, sender=sender)


def test_retires_one_class(world):
    assert retire(world).event("ResourceClassRetired").args == {"resource": CPU}
    assert world.market.resourceClass(CPU).retired
    assert not world.market.resourceClass(CPU_LARGE).retired


@pytest.mark.spec("4.3")
def test_for_ever(world):
    retire(world)
    with reverts("ResourceRetired", CPU):
        retire(world)


@pytest.mark.spec("4.3")
def test_stops_new_business(world):
    world.register(BOB, capacity=200)
    posted, signed = world.request(salt=1), world.request(salt=2)
    world.post(posted)
    world.fund(ALICE, world.lock_of(signed))
    retire(world)
    with reverts("ResourceRetired", CPU):
        world.market.confirmRequest(posted, b"", sender=BOB)
    with reverts("ResourceRetired", CPU):
        world.market.confirmRequest(signed, world.sign(signed), sender=BOB)
    with reverts("ResourceRetired", CPU):
        world.market.postRequest(signed, sender=ALICE)
    world.market.cancelRequest(posted, sender=ALICE)
    assert world.account_of(ALICE)[1] == 0


@pytest.mark.spec("4.3")
def test_live_deals_go_on_and_stake_comes_free(world):
    world.register(BOB, capacity=200)
    request = world.request()
    world.confirm(request, BOB)
    retire(world)
    world.market.submitResult(request, ROOT, 50, sender=BOB)
    world.accept(request)
    assert world.state(request) == State.SETTLED
    world.market.withdrawOffer(CPU, sender=BOB)
    world.market.registerResource(CPU, 0, sender=BOB)
    assert world.market.minerStatus(BOB).pledged == 0
    assert world.market.supplyOf(CPU) == (0, 0, 0, 0)


@pytest.mark.parametrize("resource", [0, 4, 2**32 - 1])
def test_refuses_unknown_classes(world, resource):
    with reverts("UnknownResource", resource):
        retire(world, resource)


def test_only_the_owner_may(world):
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        retire(world, sender=STRANGER)
