"""pendingOwner: who may accept the ownership."""

from tests.harness.market import OWNER, STRANGER, ZERO


def test_is_nobody_but_between_the_two_steps(world):
    assert world.market.pendingOwner() == ZERO
    world.market.transferOwnership(STRANGER, sender=OWNER)
    assert world.market.pendingOwner() == STRANGER
    world.market.acceptOwnership(sender=STRANGER)
    assert world.market.pendingOwner() == ZERO
