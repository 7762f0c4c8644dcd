"""collectEarnings: payments go to the payout address, and nowhere else."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, DAVE, OWNER, PAYOUT, STRANGER, World

UNITS = 100


def earn(world, salt=0):
    """Settle a deal of Bob's for 100 units at 1 token; returns what he has earned."""
    request = world.request(salt=salt, miner=BOB)
    world.submit(request, BOB)
    world.accept(request)
    # A fee of 2.5 %
    return world.deal(request).price * UNITS * world.unit // 10**18 * 975 // 1000


@pytest.fixture(autouse=True)
def miner(world):
    world.register(BOB, payout=PAYOUT, ask=10**18)


@pytest.mark.parametrize("caller", [BOB, PAYOUT])
@pytest.mark.spec("2.5", "3.9", "3.10")
def test_pays_the_payout_whoever_calls(world, caller):
    earned = earn(world)
    assert world.market.minerAccount(BOB).earnings == earned
    held = world.held()
    receipt = world.market.collectEarnings(BOB, sender=caller)
    assert receipt.event("EarningsCollected").args == {
        "minerId": 1,
        "payout": PAYOUT,
        "amount": earned,
    }
    assert world.token.balanceOf(PAYOUT) == earned == 975 * world.unit // 10
    assert world.token.balanceOf(BOB) == 0
    assert world.market.minerAccount(BOB).earnings == 0
    assert world.held() == held - earned
    status = world.market.minerStatus(BOB)
    assert (status.completed, status.lastPaymentTime) == (1, world.evm.time)


def test_earnings_add_up_and_leave_at_once(world):
    earned = earn(world, 1) + earn(world, 2)
    world.market.collectEarnings(BOB, sender=BOB)
    assert world.token.balanceOf(PAYOUT) == earned
    with reverts("NoEarnings", BOB):
        world.market.collectEarnings(BOB, sender=BOB)


def test_stake_is_no_earnings(world):
    with reverts("NoEarnings", BOB):
        world.market.collectEarnings(BOB, sender=PAYOUT)


def test_earnings_are_no_balance(world):
    earn(world)
    with reverts("InsufficientAvailable", BOB, 0, 1):
        world.market.withdraw(BOB, 1, sender=BOB)
    with reverts("InsufficientAvailable", PAYOUT, 0, 1):
        world.market.addStake(BOB, 1, sender=PAYOUT)


@pytest.mark.parametrize("caller", [STRANGER, ALICE, OWNER])
@pytest.mark.spec("3.9")
def test_is_for_the_miner_and_its_payout(world, caller):
    earn(world)
    with reverts("NotMinerOrPayout", caller, BOB):
        world.market.collectEarnings(BOB, sender=caller)


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.collectEarnings(STRANGER, sender=STRANGER)


def test_follows_a_changed_payout(world):
    earned = earn(world)
    world.market.setPayout(BOB, DAVE, sender=PAYOUT)
    world.market.collectEarnings(BOB, sender=BOB)
    assert (world.token.balanceOf(PAYOUT), world.token.balanceOf(DAVE)) == (0, earned)


def test_works_while_paused(world):
    earned = earn(world)
    world.market.pause(sender=OWNER)
    world.market.collectEarnings(BOB, sender=BOB)
    assert world.token.balanceOf(PAYOUT) == earned


@pytest.mark.parametrize("token", ["SilentToken", "BlocklistToken"])
def test_awkward_tokens(token):
    world = World(6, token)
    world.register(BOB, payout=PAYOUT, ask=10**18)
    earned = earn(world)
    assert earned == 97_500_000
    world.market.collectEarnings(BOB, sender=BOB)
    assert world.token.balanceOf(PAYOUT) == earned


def test_reentering_finds_nothing_left():
    world = World(18, "HookedToken")
    attacker = world.wallet(STRANGER)
    world.register(BOB, payout=attacker, ask=10**18)
    earned = earn(world)
    held = world.held()
    world.hook(attacker, world.market.collectEarnings, BOB)
    receipt = world.send(attacker, world.market.collectEarnings, BOB)
    with reverts("NoEarnings", BOB):
        world.hook_outcome(receipt)
    assert world.held() == held - earned
