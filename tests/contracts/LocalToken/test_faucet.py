"""faucet: anybody takes as much as it likes."""

from tests.harness.market import ALICE, STRANGER, ZERO


def test_mints_to_the_caller(world):
    receipt = world.token.faucet(5, sender=ALICE)
    assert receipt.event("Transfer").args == {"from": ZERO, "to": ALICE, "value": 5}
    world.token.faucet(7, sender=ALICE)
    assert world.token.balanceOf(ALICE) == world.token.totalSupply() == 12
    assert world.token.balanceOf(STRANGER) == 0
