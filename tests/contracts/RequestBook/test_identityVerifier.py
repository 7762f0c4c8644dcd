"""identityVerifier: who tells which miners are verified."""

from tests.harness.market import OWNER, ZERO


def test_names_the_present_one(world):
    assert world.market.identityVerifier() == world.verifier.address
    world.market.setIdentityVerifier(ZERO, sender=OWNER)
    assert world.market.identityVerifier() == ZERO
