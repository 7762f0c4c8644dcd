from tests.harness.market import GUARDIAN, OWNER


def test_by_the_guardians_own_pauses_only(world):
    assert not world.market.guardianSpent()
    world.market.pause(sender=OWNER)
    assert not world.market.guardianSpent()
    world.market.pause(sender=GUARDIAN)
    assert world.market.guardianSpent()
