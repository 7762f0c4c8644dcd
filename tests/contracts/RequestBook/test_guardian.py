"""guardian: who may pause beside the owner."""

from tests.harness.market import GUARDIAN, OWNER, ZERO


def test_names_the_present_one(world):
    assert world.market.guardian() == GUARDIAN
    world.market.setGuardian(ZERO, sender=OWNER)
    assert world.market.guardian() == ZERO
