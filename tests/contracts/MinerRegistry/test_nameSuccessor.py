"""nameSuccessor: the payout says who may take the place of the miner's own address."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, DAVE, OWNER, PAYOUT, STRANGER, ZERO


@pytest.fixture(autouse=True)
def miner(world):
    world.register(BOB, payout=PAYOUT, capacity=500)


def test_changes_nothing_yet(world):
    before = world.market.minerAccount(BOB)
    receipt = world.market.nameSuccessor(BOB, DAVE, sender=PAYOUT)
    assert receipt.event("SuccessorNamed").args == {"minerId": 1, "successor": DAVE}
    assert world.market.minerAccount(BOB) == before
    with reverts("NotRegistered", DAVE):
        world.market.minerAccount(DAVE)


@pytest.mark.parametrize("replacement", [STRANGER, ZERO])
def test_another_call_replaces_or_removes_it(world, replacement):
    world.market.nameSuccessor(BOB, DAVE, sender=PAYOUT)
    world.market.nameSuccessor(BOB, replacement, sender=PAYOUT)
    with reverts("NotSuccessor", DAVE, replacement):
        world.market.succeed(BOB, sender=DAVE)


def test_nobody_is_made_a_miner_without_consent(world):
    world.market.nameSuccessor(BOB, ALICE, sender=PAYOUT)
    world.fund(STRANGER, 100)
    with reverts("NotRegistered", ALICE):
        world.market.addStake(ALICE, 100, sender=STRANGER)
    assert world.market.registerMiner(ALICE, sender=ALICE).value == 2


@pytest.mark.parametrize("caller", [BOB, STRANGER, OWNER, DAVE])
@pytest.mark.spec("3.2", "3.10")
def test_only_the_payout_may(world, caller):
    with reverts("NotPayout", caller, PAYOUT):
        world.market.nameSuccessor(BOB, DAVE, sender=caller)


@pytest.mark.spec("3.2")
def test_a_former_payout_may_not(world):
    world.market.setPayout(BOB, ALICE, sender=PAYOUT)
    with reverts("NotPayout", PAYOUT, ALICE):
        world.market.nameSuccessor(BOB, DAVE, sender=PAYOUT)


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.nameSuccessor(STRANGER, DAVE, sender=PAYOUT)
