"""accountOf: what an account may spend, and what its requests hold."""

from tests.harness.market import ALICE, STRANGER


def test_unknown_account_has_nothing(world):
    assert world.market.accountOf(STRANGER) == (0, 0)


def test_locks_move_between_the_two(world):
    request = world.request()
    world.post(request)
    world.fund(ALICE, 7)
    account = world.market.accountOf(ALICE)
    assert (account.available, account.locked) == (7, world.lock_of(request))
    world.market.cancelRequest(request, sender=ALICE)
    assert world.account_of(ALICE) == (7 + world.lock_of(request), 0)
