"""withdrawStake: unbonded stake goes to the payout address, and nowhere else."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, DAVE, OWNER, PAYOUT, STRANGER, UNBONDING_DELAY, World


def unbond(world, amount, payout=PAYOUT, staked=100):
    world.market.registerMiner(payout, sender=BOB)
    world.stake(BOB, staked)
    world.market.startUnbonding(BOB, amount, sender=BOB)


@pytest.mark.parametrize("caller", [BOB, PAYOUT])
@pytest.mark.spec("2.5", "3.8", "3.10")
def test_pays_the_payout_whoever_calls(world, caller):
    unbond(world, 60)
    world.evm.advance(UNBONDING_DELAY)
    receipt = world.market.withdrawStake(BOB, sender=caller)
    assert receipt.event("StakeWithdrawn").args == {
        "minerId": 1,
        "payout": PAYOUT,
        "amount": 60,
    }
    assert world.token.balanceOf(PAYOUT) == 60
    assert world.token.balanceOf(BOB) == 0
    assert world.market.minerAccount(BOB) == (1, PAYOUT, 0, 0, 0)
    assert world.market.minerStatus(BOB).stake == 40
    assert world.held() == 40


@pytest.mark.spec("3.8")
def test_not_a_second_early(world):
    unbond(world, 60)
    ends = world.evm.time + UNBONDING_DELAY
    world.evm.advance(UNBONDING_DELAY - 1)
    with reverts("StillUnbonding", ends):
        world.market.withdrawStake(BOB, sender=BOB)
    world.evm.advance(1)
    world.market.withdrawStake(BOB, sender=BOB)


def test_once(world):
    unbond(world, 60)
    world.evm.advance(UNBONDING_DELAY)
    world.market.withdrawStake(BOB, sender=BOB)
    with reverts("NothingUnbonding", BOB):
        world.market.withdrawStake(BOB, sender=BOB)


def test_stake_in_service_does_not_leave(world):
    world.register(BOB)
    with reverts("NothingUnbonding", BOB):
        world.market.withdrawStake(BOB, sender=BOB)


@pytest.mark.parametrize("caller", [STRANGER, ALICE, OWNER])
def test_is_for_the_miner_and_its_payout(world, caller):
    unbond(world, 60)
    world.evm.advance(UNBONDING_DELAY)
    with reverts("NotMinerOrPayout", caller, BOB):
        world.market.withdrawStake(BOB, sender=caller)


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.withdrawStake(STRANGER, sender=STRANGER)


def test_follows_a_changed_payout(world):
    unbond(world, 60)
    world.market.setPayout(BOB, DAVE, sender=PAYOUT)
    world.evm.advance(UNBONDING_DELAY)
    with reverts("NotMinerOrPayout", PAYOUT, BOB):
        world.market.withdrawStake(BOB, sender=PAYOUT)
    world.market.withdrawStake(BOB, sender=BOB)
    assert (world.token.balanceOf(PAYOUT), world.token.balanceOf(DAVE)) == (0, 60)


def test_works_while_paused(world):
    unbond(world, 60)
    world.market.pause(sender=OWNER)
    world.evm.advance(UNBONDING_DELAY)
    world.market.withdrawStake(BOB, sender=BOB)
    assert world.token.balanceOf(PAYOUT) == 60


def test_token_that_returns_nothing():
    world = World(6, "SilentToken")
    unbond(world, 60)
    world.evm.advance(UNBONDING_DELAY)
    world.market.withdrawStake(BOB, sender=BOB)
    assert world.token.balanceOf(PAYOUT) == 60


def test_token_that_returns_false():
    world = World(18, "FalseToken")
    unbond(world, 60)
    world.evm.advance(UNBONDING_DELAY)
    world.token.setStuck(True)
    with reverts("TransferFailed"):
        world.market.withdrawStake(BOB, sender=BOB)
    assert world.market.minerAccount(BOB).unbonding == 60


@pytest.mark.spec("11.2")
def test_a_blocked_payout_names_another():
    world = World(6, "BlocklistToken")
    unbond(world, 60)
    world.evm.advance(UNBONDING_DELAY)
    world.token.setBlocked(PAYOUT, True)
    with reverts("TransferFailed"):
        world.market.withdrawStake(BOB, sender=BOB)
    world.market.setPayout(BOB, DAVE, sender=PAYOUT)
    world.market.withdrawStake(BOB, sender=BOB)
    assert world.token.balanceOf(DAVE) == 60


def test_reentering_finds_nothing_left():
    world = World(18, "HookedToken")
    attacker = world.wallet(STRANGER)
    unbond(world, 60, payout=attacker, staked=200)
    world.evm.advance(UNBONDING_DELAY)
    world.hook(attacker, world.market.withdrawStake, BOB)
    receipt = world.send(attacker, world.market.withdrawStake, BOB)
    with reverts("NothingUnbonding", BOB):
        world.hook_outcome(receipt)
    assert world.token.balanceOf(attacker) == 60
    assert world.held() == 140
