"""withdraw: the only way out, for what is available and for its owner alone."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, CAROL, MAX_UINT256, OWNER, STRANGER, ZERO, World


@pytest.mark.parametrize("to", [ALICE, CAROL])
@pytest.mark.spec("2.5")
def test_sends_tokens(world, to):
    world.fund(ALICE, 100)
    receipt = world.market.withdraw(to, 60, sender=ALICE)
    assert receipt.event("Withdrawn").args == {"account": ALICE, "to": to, "amount": 60}
    assert world.account_of(ALICE) == (40, 0)
    assert world.account_of(CAROL) == (0, 0)
    assert world.token.balanceOf(to) == 60
    assert world.held() == 40


def test_refuses_nothing(world):
    with reverts("ZeroAmount"):
        world.market.withdraw(ALICE, 0, sender=ALICE)


@pytest.mark.spec("2.8")
def test_refuses_the_zero_address(world):
    world.fund(ALICE, 1)
    with reverts("ZeroAddress"):
        world.market.withdraw(ZERO, 1, sender=ALICE)


@pytest.mark.parametrize("contract", ["market", "token"])
@pytest.mark.spec("2.8")
def test_refuses_contracts_from_which_nothing_comes_back(world, contract):
    world.fund(ALICE, 1)
    address = getattr(world, contract).address
    with reverts("InvalidRecipient", address):
        world.market.withdraw(address, 1, sender=ALICE)


@pytest.mark.parametrize("amount", [101, 2**112, 2**112 + 1, MAX_UINT256])
def test_refuses_more_than_available(world, amount):
    world.fund(ALICE, 100)
    world.fund(CAROL, 100)
    with reverts("InsufficientAvailable", ALICE, 100, amount):
        world.market.withdraw(ALICE, amount, sender=ALICE)


@pytest.mark.parametrize("caller", [STRANGER, OWNER])
@pytest.mark.spec("2.4")
def test_nobody_spends_another_account(world, caller):
    world.fund(ALICE, 100)
    with reverts("InsufficientAvailable", caller, 0, 1):
        world.market.withdraw(caller, 1, sender=caller)


@pytest.mark.spec("2.4")
def test_locked_money_stays(world):
    request = world.request()
    world.post(request)
    world.fund(ALICE, 3)
    locked = world.lock_of(request)
    assert world.account_of(ALICE) == (3, locked)
    with reverts("InsufficientAvailable", ALICE, 3, 4):
        world.market.withdraw(ALICE, 4, sender=ALICE)
    world.market.withdraw(ALICE, 3, sender=ALICE)
    assert world.account_of(ALICE) == (0, locked)


def test_stake_is_no_balance(world):
    world.register(BOB)
    with reverts("InsufficientAvailable", BOB, 0, 1):
        world.market.withdraw(BOB, 1, sender=BOB)


def test_works_while_paused(world):
    world.fund(ALICE, 5)
    world.market.pause(sender=OWNER)
    world.market.withdraw(ALICE, 5, sender=ALICE)
    assert world.token.balanceOf(ALICE) == 5


def test_token_that_returns_nothing():
    world = World(6, "SilentToken")
    world.fund(ALICE, 5)
    world.market.withdraw(CAROL, 5, sender=ALICE)
    assert world.token.balanceOf(CAROL) == 5


def test_token_that_returns_false():
    world = World(18, "FalseToken")
    world.fund(ALICE, 5)
    world.token.setStuck(True)
    with reverts("TransferFailed"):
        world.market.withdraw(ALICE, 5, sender=ALICE)
    world.token.setStuck(False)
    assert world.account_of(ALICE) == (5, 0)
    world.market.withdraw(ALICE, 5, sender=ALICE)


def test_a_fee_on_the_way_out_is_the_receivers():
    world = World(18, "FeeToken")
    world.fund(ALICE, 10_000)
    world.fund(CAROL, 10_000)
    world.token.setFee(100)
    world.market.withdraw(ALICE, 10_000, sender=ALICE)
    assert world.token.balanceOf(ALICE) == 9_900
    assert world.account_of(CAROL) == (10_000, 0)
    assert world.held() == 10_000


@pytest.mark.spec("11.2")
def test_a_blocked_account_withdraws_to_another():
    world = World(6, "BlocklistToken")
    world.fund(ALICE, 5)
    world.token.setBlocked(ALICE, True)
    with reverts("TransferFailed"):
        world.market.withdraw(ALICE, 5, sender=ALICE)
    world.market.withdraw(CAROL, 5, sender=ALICE)
    assert world.token.balanceOf(CAROL) == 5


def test_reentering_finds_the_balance_spent():
    world = World(18, "HookedToken")
    attacker = world.wallet(STRANGER)
    world.fund(attacker, 100)
    world.fund(ALICE, 100)
    world.hook(attacker, world.market.withdraw, attacker, 100)
    receipt = world.send(attacker, world.market.withdraw, attacker, 100)
    with reverts("InsufficientAvailable", attacker, 0, 100):
        world.hook_outcome(receipt)
    assert world.token.balanceOf(attacker) == 100
    assert world.account_of(ALICE) == (100, 0)
    assert world.held() == 100
