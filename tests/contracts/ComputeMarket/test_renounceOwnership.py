"""renounceOwnership: afterwards nobody has the owner's powers, and the market goes on."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import BOB, GUARDIAN, OWNER, ROOT, STRANGER, ZERO, State


@pytest.mark.spec("9.1")
def test_ends_all_powers(world):
    world.market.transferOwnership(STRANGER, sender=OWNER)
    receipt = world.market.renounceOwnership(sender=OWNER)
    assert receipt.event("OwnershipTransferred").args == {
        "previousOwner": OWNER,
        "newOwner": ZERO,
    }
    assert (world.market.owner(), world.market.pendingOwner()) == (ZERO, ZERO)
    for caller in (OWNER, STRANGER):
        with reverts("OwnableUnauthorizedAccount", caller):
            world.market.retireTerms(1, sender=caller)
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        world.market.acceptOwnership(sender=STRANGER)


@pytest.mark.spec("9.1")
def test_the_market_goes_on(world):
    world.market.renounceOwnership(sender=OWNER)
    world.register(BOB)
    request = world.request()
    world.confirm(request, BOB)
    world.market.submitResult(request, ROOT, 5, sender=BOB)
    world.accept(request)
    assert world.state(request) == State.SETTLED


@pytest.mark.spec("9.4")
def test_a_guardian_that_stays_can_pause_for_ever(world):
    world.market.renounceOwnership(sender=OWNER)
    world.market.pause(sender=GUARDIAN)
    for caller in (OWNER, GUARDIAN):
        with reverts("OwnableUnauthorizedAccount", caller):
            world.market.unpause(sender=caller)


@pytest.mark.spec("9.4")
def test_a_guardian_removed_before_can_not_pause(world):
    world.market.setGuardian(ZERO, sender=OWNER)
    world.market.renounceOwnership(sender=OWNER)
    for caller in (OWNER, GUARDIAN):
        with reverts("NotOwnerOrGuardian", caller):
            world.market.pause(sender=caller)
