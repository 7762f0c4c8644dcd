"""transferOwnership: the first of two steps; nothing changes hands yet."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import GUARDIAN, OWNER, STRANGER, ZERO

HEIR = GUARDIAN


@pytest.mark.spec("9.1")
def test_names_an_heir(world):
    receipt = world.market.transferOwnership(HEIR, sender=OWNER)
    assert receipt.event("OwnershipTransferStarted").args == {
        "previousOwner": OWNER,
        "newOwner": HEIR,
    }
    assert (world.market.owner(), world.market.pendingOwner()) == (OWNER, HEIR)


@pytest.mark.parametrize("replacement", [STRANGER, ZERO])
def test_another_call_replaces_or_removes_the_heir(world, replacement):
    world.market.transferOwnership(HEIR, sender=OWNER)
    world.market.transferOwnership(replacement, sender=OWNER)
    with reverts("OwnableUnauthorizedAccount", HEIR):
        world.market.acceptOwnership(sender=HEIR)


@pytest.mark.spec("9.1")
def test_the_heir_has_no_power_yet(world):
    world.market.transferOwnership(STRANGER, sender=OWNER)
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        world.market.transferOwnership(STRANGER, sender=STRANGER)
