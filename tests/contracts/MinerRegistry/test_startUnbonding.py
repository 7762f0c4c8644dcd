"""startUnbonding: free stake goes out of service, and waits."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    MAX_UINT256,
    OWNER,
    PAYOUT,
    STRANGER,
    UNBONDING_DELAY,
)


@pytest.fixture(autouse=True)
def miner(world):
    """Bob: 20 tokens of stake, of which 2 units of capacity pledge 4."""
    world.register(BOB, payout=PAYOUT, capacity=2, stake=20 * world.unit)


@pytest.mark.parametrize("caller", [BOB, PAYOUT])
@pytest.mark.spec("3.8")
def test_starts_the_delay(world, caller):
    receipt = world.market.startUnbonding(BOB, 5 * world.unit, sender=caller)
    ends = world.evm.time + UNBONDING_DELAY
    assert receipt.event("UnbondingStarted").args == {
        "minerId": 1,
        "amount": 5 * world.unit,
        "unbondingEnds": ends,
    }
    assert world.market.minerAccount(BOB) == (1, PAYOUT, 0, 5 * world.unit, ends)
    status = world.market.minerStatus(BOB)
    assert (status.stake, status.pledged) == (20 * world.unit, 4 * world.unit)
    assert world.token.balanceOf(PAYOUT) == 0


@pytest.mark.spec("3.8")
def test_a_second_call_adds_and_starts_anew(world):
    world.market.startUnbonding(BOB, 5, sender=PAYOUT)
    world.evm.advance(UNBONDING_DELAY)
    world.market.startUnbonding(BOB, 1, sender=PAYOUT)
    account = world.market.minerAccount(BOB)
    assert (account.unbonding, account.unbondingEnds) == (6, world.evm.time + UNBONDING_DELAY)
    with reverts("StillUnbonding", account.unbondingEnds):
        world.market.withdrawStake(BOB, sender=PAYOUT)


@pytest.mark.spec("3.8")
def test_the_hot_key_can_not_hold_back_what_unbonds(world):
    """Adding a base unit would begin the delay anew, again and again."""
    world.market.startUnbonding(BOB, 5 * world.unit, sender=PAYOUT)
    ends = world.evm.time + UNBONDING_DELAY
    for _ in range(2):
        with reverts("UnbondingAlready", ends):
            world.market.startUnbonding(BOB, 1, sender=BOB)
        world.evm.advance(ends - world.evm.time)
    world.market.withdrawStake(BOB, sender=BOB)
    assert world.token.balanceOf(PAYOUT) == 5 * world.unit
    world.market.startUnbonding(BOB, 1, sender=BOB)


@pytest.mark.spec("3.8")
def test_the_payout_adds_to_what_a_hot_key_began(world):
    world.market.startUnbonding(BOB, 1, sender=BOB)
    world.market.startUnbonding(BOB, 15 * world.unit, sender=PAYOUT)
    assert world.market.minerAccount(BOB).unbonding == 15 * world.unit + 1


@pytest.mark.parametrize("caller", [STRANGER, ALICE, OWNER])
@pytest.mark.spec("3.8")
def test_is_for_the_miner_and_its_payout(world, caller):
    with reverts("NotMinerOrPayout", caller, BOB):
        world.market.startUnbonding(BOB, 1, sender=caller)


def test_refuses_nothing(world):
    with reverts("ZeroAmount"):
        world.market.startUnbonding(BOB, 0, sender=BOB)


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.startUnbonding(STRANGER, 1, sender=STRANGER)


@pytest.mark.parametrize("excess", [1, 2**112, MAX_UINT256 - 16 * 10**18])
@pytest.mark.spec("3.8")
def test_pledged_stake_stays(world, excess):
    free = 16 * world.unit
    with reverts("InsufficientStake", free, free + excess):
        world.market.startUnbonding(BOB, free + excess, sender=BOB)
    world.market.startUnbonding(BOB, free, sender=BOB)
    with reverts("InsufficientStake", 0, 1):
        world.market.startUnbonding(BOB, 1, sender=PAYOUT)


@pytest.mark.spec("3.5")
def test_unbonding_stake_backs_no_capacity(world):
    world.market.startUnbonding(BOB, 10 * world.unit, sender=BOB)
    with reverts("InsufficientStake", 10 * world.unit, 12 * world.unit):
        world.market.registerResource(CPU, 6, sender=BOB)
    world.market.registerResource(CPU, 5, sender=BOB)
