import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, GUARDIAN, OWNER, STRANGER, ZERO


def test_replaces_it(world):
    receipt = world.market.setGuardian(STRANGER, sender=OWNER)
    assert [event.name for event in receipt.events] == ["GuardianChanged"]
    assert receipt.events[0].args == {"guardian": STRANGER}
    assert world.market.guardian() == STRANGER
    with reverts("NotOwnerOrGuardian", GUARDIAN):
        world.market.pause(sender=GUARDIAN)
    world.market.pause(sender=STRANGER)


def test_zero_leaves_the_owner_alone(world):
    world.market.setGuardian(ZERO, sender=OWNER)
    with reverts("NotOwnerOrGuardian", GUARDIAN):
        world.market.pause(sender=GUARDIAN)
    world.market.pause(sender=OWNER)


@pytest.mark.parametrize("caller", [ALICE, BOB, GUARDIAN, STRANGER])
def test_only_the_owner(world, caller):
    with reverts("OwnableUnauthorizedAccount", caller):
        world.market.setGuardian(caller, sender=caller)
