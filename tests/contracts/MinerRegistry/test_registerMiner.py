"""registerMiner: anybody becomes a miner, once, with a payout address."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import BOB, DAVE, OWNER, PAYOUT, ZERO


@pytest.mark.spec("3.1")
def test_numbers_miners_from_one(world):
    receipt = world.market.registerMiner(PAYOUT, sender=BOB)
    assert receipt.value == 1
    assert receipt.event("MinerRegistered").args == {
        "minerId": 1,
        "miner": BOB,
        "payout": PAYOUT,
    }
    assert world.market.registerMiner(DAVE, sender=DAVE).value == 2
    assert world.market.minerAccount(BOB) == (1, PAYOUT, 0, 0, 0)
    assert world.market.minerAccount(DAVE) == (2, DAVE, 0, 0, 0)
    assert world.market.minerStatus(BOB) == (0,) * 10


def test_two_miners_may_share_a_payout(world):
    world.market.registerMiner(PAYOUT, sender=BOB)
    world.market.registerMiner(PAYOUT, sender=DAVE)
    assert world.market.minerAccount(DAVE).payout == PAYOUT


@pytest.mark.spec("3.1")
def test_refuses_a_second_time(world):
    world.market.registerMiner(PAYOUT, sender=BOB)
    with reverts("AlreadyRegistered", BOB):
        world.market.registerMiner(BOB, sender=BOB)


@pytest.mark.spec("2.8")
def test_refuses_the_zero_address(world):
    with reverts("ZeroAddress"):
        world.market.registerMiner(ZERO, sender=BOB)


@pytest.mark.parametrize("contract", ["market", "token"])
@pytest.mark.spec("2.8")
def test_refuses_payouts_from_which_nothing_comes_back(world, contract):
    address = getattr(world, contract).address
    with reverts("InvalidRecipient", address):
        world.market.registerMiner(address, sender=BOB)


@pytest.mark.parametrize("paused", [False, True])
def test_a_failed_registration_takes_no_number(world, paused):
    if paused:
        world.market.pause(sender=OWNER)
    with reverts("ZeroAddress"):
        world.market.registerMiner(ZERO, sender=DAVE)
    assert world.market.registerMiner(PAYOUT, sender=BOB).value == 1
