import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, GUARDIAN, OWNER, STRANGER, ZERO


def test_replaces_it_for_new_confirmations(world):
    world.verifier.setVerified(BOB, True)
    other = world.evm.deploy("MockIdentityVerifier")
    receipt = world.market.setIdentityVerifier(other.address, sender=OWNER)
    assert [event.name for event in receipt.events] == ["IdentityVerifierChanged"]
    assert receipt.events[0].args == {"identityVerifier": other.address}
    assert world.market.identityVerifier() == other.address
    request = world.request(flags=1)
    with reverts("NotVerified", BOB):
        world.market.confirmRequest(request, world.sign(request), sender=BOB)


def test_zero_is_nobody(world):
    world.market.setIdentityVerifier(ZERO, sender=OWNER)
    assert world.market.identityVerifier() == ZERO


@pytest.mark.parametrize("caller", [ALICE, BOB, GUARDIAN, STRANGER])
def test_only_the_owner(world, caller):
    with reverts("OwnableUnauthorizedAccount", caller):
        world.market.setIdentityVerifier(ZERO, sender=caller)
