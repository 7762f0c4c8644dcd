"""That nothing but posts and confirmations stops is in `tests/contracts/test_permissions.py`."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, GUARDIAN, OWNER, PAYOUT, STRANGER


@pytest.mark.parametrize("caller", [OWNER, GUARDIAN])
@pytest.mark.spec("9.3")
def test_by_owner_or_guardian(world, caller):
    assert not world.market.paused()
    receipt = world.market.pause(sender=caller)
    assert world.market.paused()
    assert [event.name for event in receipt.events] == ["Paused"]
    assert receipt.events[0].args == {"account": caller}


@pytest.mark.parametrize("caller", [ALICE, BOB, PAYOUT, STRANGER])
@pytest.mark.spec("9.3")
def test_by_nobody_else(world, caller):
    with reverts("NotOwnerOrGuardian", caller):
        world.market.pause(sender=caller)


def test_not_twice(world):
    world.market.pause(sender=OWNER)
    with reverts("EnforcedPause"):
        world.market.pause(sender=GUARDIAN)
