from tests.harness.market import OWNER


def test_is_zero_without_a_pause_and_after_one_was_ended(world):
    assert world.market.pausedUntil() == 0
    world.market.pause(sender=OWNER)
    assert world.market.pausedUntil() == world.evm.time + 14 * 86_400
    world.market.unpause(sender=OWNER)
    assert world.market.pausedUntil() == 0
