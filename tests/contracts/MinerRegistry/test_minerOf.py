"""minerOf: who acts for the miner with a number."""

import pytest

from tests.harness.market import BOB, DAVE, PAYOUT, ZERO


@pytest.mark.spec("1.2", "3.3")
def test_is_the_successor_once_there_is_one(world):
    world.register(BOB, payout=PAYOUT)
    number = world.number_of(BOB)
    assert world.market.minerOf(number) == BOB
    world.market.nameSuccessor(BOB, DAVE, sender=PAYOUT)
    world.market.succeed(BOB, sender=DAVE)
    assert world.market.minerOf(number) == DAVE


@pytest.mark.parametrize("number", [0, 2, 2**32 - 1])
def test_is_nobody_without_a_miner(world, number):
    world.register(BOB)
    assert world.market.minerOf(number) == ZERO
