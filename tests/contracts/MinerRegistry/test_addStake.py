"""addStake: from anybody's available balance to a miner's stake."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, MAX_UINT256, PAYOUT, STRANGER


@pytest.fixture(autouse=True)
def miner(world):
    world.market.registerMiner(PAYOUT, sender=BOB)


@pytest.mark.parametrize("giver", [BOB, ALICE])
@pytest.mark.spec("3.4")
def test_moves_the_callers_balance(world, giver):
    world.fund(giver, 100)
    receipt = world.market.addStake(BOB, 60, sender=giver)
    assert receipt.event("StakeAdded").args == {"minerId": 1, "from": giver, "amount": 60}
    assert world.account_of(giver) == (40, 0)
    status = world.market.minerStatus(BOB)
    assert (status.stake, status.pledged) == (60, 0)
    assert world.held() == 100
    assert [event.name for event in receipt.events] == ["StakeAdded"]


def test_adds_up(world):
    world.stake(BOB, 60)
    world.stake(BOB, 40)
    assert world.market.minerStatus(BOB).stake == 100


def test_refuses_nothing(world):
    with reverts("ZeroAmount"):
        world.market.addStake(BOB, 0, sender=BOB)


def test_refuses_an_unknown_miner(world):
    world.fund(ALICE, 100)
    with reverts("NotRegistered", STRANGER):
        world.market.addStake(STRANGER, 60, sender=ALICE)


@pytest.mark.parametrize("amount", [101, 2**112, 2**112 + 1, MAX_UINT256])
def test_refuses_more_than_available(world, amount):
    world.fund(ALICE, 100)
    with reverts("InsufficientAvailable", ALICE, 100, amount):
        world.market.addStake(BOB, amount, sender=ALICE)


def test_locked_money_can_not_be_staked(world):
    world.post(world.request())
    with reverts("InsufficientAvailable", ALICE, 0, 1):
        world.market.addStake(BOB, 1, sender=ALICE)
