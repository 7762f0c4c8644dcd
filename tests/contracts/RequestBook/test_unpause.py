import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, GUARDIAN, OWNER, STRANGER


def test_by_the_owner(world):
    world.market.pause(sender=GUARDIAN)
    receipt = world.market.unpause(sender=OWNER)
    assert not world.market.paused()
    assert [event.name for event in receipt.events] == ["Unpaused"]
    assert receipt.events[0].args == {"account": OWNER}


@pytest.mark.parametrize("caller", [ALICE, BOB, GUARDIAN, STRANGER])
@pytest.mark.spec("9.3")
def test_by_nobody_else(world, caller):
    """The guardian stops new business, and can't start it again."""
    world.market.pause(sender=GUARDIAN)
    with reverts("OwnableUnauthorizedAccount", caller):
        world.market.unpause(sender=caller)


def test_only_when_paused(world):
    with reverts("ExpectedPause"):
        world.market.unpause(sender=OWNER)
