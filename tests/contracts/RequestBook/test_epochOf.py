"""epochOf: what a requester's signed requests must carry."""

from tests.harness.market import ALICE, CAROL


def test_starts_at_zero_and_counts_per_requester(world):
    assert world.market.epochOf(ALICE) == 0
    world.market.advanceEpoch(sender=ALICE)
    assert (world.market.epochOf(ALICE), world.market.epochOf(CAROL)) == (1, 0)


def test_is_not_touched_by_the_money_beside_it(world):
    world.market.advanceEpoch(sender=ALICE)
    available, _ = world.account_of(ALICE)
    world.fund(ALICE, 2**112 - 1 - world.held())
    world.market.withdraw(ALICE, world.account_of(ALICE)[0], sender=ALICE)
    assert available > 0
    assert world.account_of(ALICE) == (0, 0)
    assert world.market.epochOf(ALICE) == 1
