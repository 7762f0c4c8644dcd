"""That nothing but posts and confirmations stops is in `tests/contracts/test_permissions.py`."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, GUARDIAN, OWNER, PAYOUT, STRANGER

PAUSE = 14 * 86_400


@pytest.mark.parametrize("caller", [OWNER, GUARDIAN])
@pytest.mark.spec("9.3")
def test_by_owner_or_guardian(world, caller):
    assert not world.market.paused()
    receipt = world.market.pause(sender=caller)
    assert world.market.paused()
    assert [event.name for event in receipt.events] == ["Paused"]
    assert receipt.events[0].args == {"account": caller, "until": world.evm.time + PAUSE}
    assert world.market.pausedUntil() == world.evm.time + PAUSE


@pytest.mark.parametrize("caller", [ALICE, BOB, PAYOUT, STRANGER])
@pytest.mark.spec("9.3")
def test_by_nobody_else(world, caller):
    with reverts("NotOwnerOrGuardian", caller):
        world.market.pause(sender=caller)


@pytest.mark.parametrize("caller", [OWNER, GUARDIAN])
@pytest.mark.spec("6.4", "9.3", "9.4")
def test_ends_by_itself(world, caller):
    world.market.pause(sender=caller)
    world.market.renounceOwnership(sender=OWNER)
    world.evm.advance(PAUSE)
    assert world.market.paused()
    world.evm.advance(1)
    assert not world.market.paused()
    world.market.postRequest(world.request(), sender=ALICE)


@pytest.mark.spec("9.3")
def test_the_owner_renews_it(world):
    world.market.pause(sender=GUARDIAN)
    for _ in range(3):
        world.evm.advance(PAUSE)
        world.market.pause(sender=OWNER)
        assert world.market.pausedUntil() == world.evm.time + PAUSE


@pytest.mark.spec("9.3", "9.4")
def test_the_guardian_pauses_once_for_each_appointment(world):
    world.market.pause(sender=GUARDIAN)
    assert world.market.guardianSpent()
    for wait in (0, PAUSE + 1, 10 * PAUSE):
        world.evm.advance(wait)
        with reverts("GuardianSpent", GUARDIAN):
            world.market.pause(sender=GUARDIAN)
    world.market.setGuardian(GUARDIAN, sender=OWNER)
    assert not world.market.guardianSpent()
    world.market.pause(sender=GUARDIAN)
    assert world.market.paused()
