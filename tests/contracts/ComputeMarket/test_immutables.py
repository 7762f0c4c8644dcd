"""immutables: what market and extension must have alike."""

from tests.harness.market import UNBONDING_DELAY


def test_are_those_of_the_market(world):
    found = world.market.immutables()
    assert (found.token, found.unbondingDelay) == (world.token.address, UNBONDING_DELAY)
    assert found.scale == (1 << 128) | 1


def test_the_extension_tells_them_itself(world):
    extension = world.evm.at(world.market.extension(), "MarketExtension")
    assert extension.immutables() == world.market.immutables()
