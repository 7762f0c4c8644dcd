"""setPayout: only the payout address names another."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import BOB, DAVE, OWNER, PAYOUT, STRANGER, ZERO


@pytest.fixture(autouse=True)
def miner(world):
    world.market.registerMiner(PAYOUT, sender=BOB)


@pytest.mark.spec("3.2")
def test_changes_the_destination(world):
    receipt = world.market.setPayout(BOB, DAVE, sender=PAYOUT)
    assert receipt.event("PayoutChanged").args == {"minerId": 1, "payout": DAVE}
    assert world.market.minerAccount(BOB).payout == DAVE


@pytest.mark.parametrize("caller", [BOB, STRANGER, OWNER])
@pytest.mark.spec("3.2", "3.10")
def test_the_hot_key_and_others_can_not(world, caller):
    with reverts("NotPayout", caller, PAYOUT):
        world.market.setPayout(BOB, caller, sender=caller)


@pytest.mark.spec("3.2")
def test_the_former_payout_has_no_say(world):
    world.market.setPayout(BOB, DAVE, sender=PAYOUT)
    with reverts("NotPayout", PAYOUT, DAVE):
        world.market.setPayout(BOB, PAYOUT, sender=PAYOUT)


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.setPayout(STRANGER, PAYOUT, sender=PAYOUT)


@pytest.mark.spec("2.8")
def test_refuses_addresses_from_which_nothing_comes_back(world):
    with reverts("ZeroAddress"):
        world.market.setPayout(BOB, ZERO, sender=PAYOUT)
    for contract in (world.market, world.token):
        with reverts("InvalidRecipient", contract.address):
            world.market.setPayout(BOB, contract.address, sender=PAYOUT)


@pytest.mark.spec("3.2")
def test_a_successor_named_by_the_former_payout_is_void(world):
    world.market.nameSuccessor(BOB, STRANGER, sender=PAYOUT)
    world.market.setPayout(BOB, DAVE, sender=PAYOUT)
    with reverts("NotSuccessor", STRANGER, ZERO):
        world.market.succeed(BOB, sender=STRANGER)
