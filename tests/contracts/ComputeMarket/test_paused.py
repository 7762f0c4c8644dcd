"""paused: whether new posts and confirmations are stopped."""

from tests.harness.market import OWNER


def test_follows_pause_and_unpause(world):
    assert world.market.paused() is False
    world.market.pause(sender=OWNER)
    assert world.market.paused() is True
    world.market.unpause(sender=OWNER)
    assert world.market.paused() is False
