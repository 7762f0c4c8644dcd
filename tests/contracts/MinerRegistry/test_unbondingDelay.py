"""unbondingDelay: fixed at deployment."""

from tests.harness.market import UNBONDING_DELAY


def test_is_what_was_deployed(world):
    assert world.market.unbondingDelay() == UNBONDING_DELAY
