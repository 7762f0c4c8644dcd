"""acceptOwnership: the second step, by the heir."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import GUARDIAN, OWNER, STRANGER, ZERO


@pytest.fixture(autouse=True)
def heir(world):
    world.market.transferOwnership(STRANGER, sender=OWNER)


@pytest.mark.spec("9.1")
def test_moves_all_powers(world):
    receipt = world.market.acceptOwnership(sender=STRANGER)
    assert receipt.event("OwnershipTransferred").args == {
        "previousOwner": OWNER,
        "newOwner": STRANGER,
    }
    assert (world.market.owner(), world.market.pendingOwner()) == (STRANGER, ZERO)
    world.market.retireTerms(1, sender=STRANGER)
    with reverts("OwnableUnauthorizedAccount", OWNER):
        world.market.retireTerms(2, sender=OWNER)


@pytest.mark.parametrize("caller", [OWNER, GUARDIAN])
@pytest.mark.spec("9.1")
def test_only_the_heir_may(world, caller):
    with reverts("OwnableUnauthorizedAccount", caller):
        world.market.acceptOwnership(sender=caller)


def test_once(world):
    world.market.acceptOwnership(sender=STRANGER)
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        world.market.acceptOwnership(sender=STRANGER)
