"""deposit: tokens come in, exactly as many as were asked for."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, CAROL, MAX_UINT112, MAX_UINT256, OWNER, STRANGER, World


@pytest.mark.spec("2.2")
def test_moves_tokens_into_the_account(world):
    world.mint(ALICE, 100)
    receipt = world.market.deposit(60, sender=ALICE)
    assert receipt.event("Deposited").args == {"account": ALICE, "amount": 60}
    assert receipt.event("Transfer").args == {
        "from": ALICE,
        "to": world.market.address,
        "value": 60,
    }
    assert world.account_of(ALICE) == (60, 0)
    assert world.token.balanceOf(ALICE) == 40
    assert world.held() == 60


def test_adds_up_and_touches_nobody_else(world):
    world.fund(ALICE, 60)
    world.fund(CAROL, 7)
    world.fund(ALICE, 40)
    assert world.account_of(ALICE) == (100, 0)
    assert world.account_of(CAROL) == (7, 0)
    assert world.held() == 107


def test_refuses_nothing(world):
    with reverts("ZeroAmount"):
        world.market.deposit(0, sender=ALICE)


def test_needs_an_allowance(world):
    world.token.faucet(10, sender=ALICE)
    world.token.approve(world.market.address, 4, sender=ALICE)
    with reverts("TransferFromFailed"):
        world.market.deposit(5, sender=ALICE)
    assert world.account_of(ALICE) == (0, 0)


def test_needs_the_tokens(world):
    world.mint(ALICE, 4)
    with reverts("TransferFromFailed"):
        world.market.deposit(5, sender=ALICE)


@pytest.mark.parametrize("amount", [MAX_UINT112 + 1, MAX_UINT256])
@pytest.mark.spec("2.6")
def test_refuses_more_than_balances_can_count(world, amount):
    with reverts("AmountTooLarge", amount, MAX_UINT112):
        world.market.deposit(amount, sender=ALICE)


@pytest.mark.spec("2.6")
def test_fills_up_to_the_last_unit_and_no_further(world):
    world.fund(ALICE, MAX_UINT112 - 1)
    world.fund(CAROL, 1)
    world.mint(CAROL, 1)
    with reverts("AmountTooLarge", 1, MAX_UINT112):
        world.market.deposit(1, sender=CAROL)
    world.market.withdraw(ALICE, MAX_UINT112 - 1, sender=ALICE)
    world.market.deposit(1, sender=CAROL)
    assert world.account_of(CAROL) == (2, 0)


@pytest.mark.spec("2.7")
def test_tokens_sent_directly_belong_to_nobody(world):
    world.fund(ALICE, 100)
    world.mint(STRANGER, 50)
    world.token.transfer(world.market.address, 50, sender=STRANGER)
    assert world.account_of(STRANGER) == (0, 0)
    assert world.account_of(ALICE) == (100, 0)
    world.fund(CAROL, 5)
    assert world.account_of(CAROL) == (5, 0)
    with reverts("InsufficientAvailable", ALICE, 100, 101):
        world.market.withdraw(ALICE, 101, sender=ALICE)
    world.market.withdraw(ALICE, 100, sender=ALICE)
    assert world.held() == 55


def test_works_while_paused(world):
    world.market.pause(sender=OWNER)
    world.fund(ALICE, 5)
    assert world.account_of(ALICE) == (5, 0)


def test_token_that_returns_nothing():
    world = World(6, "SilentToken")
    world.fund(ALICE, 5)
    assert world.account_of(ALICE) == (5, 0)
    with reverts("TransferFromFailed"):
        world.market.deposit(1, sender=ALICE)


def test_token_that_returns_false():
    world = World(18, "FalseToken")
    world.fund(ALICE, 5)
    with reverts("TransferFromFailed"):
        world.market.deposit(1, sender=ALICE)
    assert world.account_of(ALICE) == (5, 0)


@pytest.mark.parametrize(
    ("fee_bps", "delivered"), [(1, 9_999), (100, 9_900), (10_000, 0), (-1, 10_001)]
)
@pytest.mark.spec("2.2")
def test_token_that_delivers_another_amount(fee_bps, delivered):
    world = World(18, "FeeToken")
    world.fund(CAROL, 7)
    world.mint(ALICE, 10_000)
    world.token.setFee(fee_bps)
    with reverts("DeliveryMismatch", 10_007, 7 + delivered):
        world.market.deposit(10_000, sender=ALICE)
    world.token.setFee(0)
    world.market.deposit(10_000, sender=ALICE)
    assert world.account_of(ALICE) == (10_000, 0)


def test_blocked_account():
    world = World(6, "BlocklistToken")
    world.mint(ALICE, 5)
    world.token.setBlocked(ALICE, True)
    with reverts("TransferFromFailed"):
        world.market.deposit(5, sender=ALICE)


@pytest.fixture
def hooked():
    """A world whose token calls in the middle of a transfer, and an attacker with 100 inside."""
    world = World(18, "HookedToken")
    attacker = world.wallet(STRANGER)
    world.fund(attacker, 100)
    world.mint(attacker, 100)
    world.fund(ALICE, 100)
    return world, attacker


def test_reentering_deposit_is_refused_and_counts_once(hooked):
    world, attacker = hooked
    world.hook(attacker, world.market.deposit, 10)
    receipt = world.send(attacker, world.market.deposit, 10)
    with reverts("ReentrancyGuardReentrantCall"):
        world.hook_outcome(receipt)
    assert world.account_of(attacker) == (110, 0)
    assert world.held() == 210


@pytest.mark.spec("2.2")
def test_withdrawing_in_the_middle_of_a_deposit_is_not_paid_twice(hooked):
    world, attacker = hooked
    # What is credited already can't leave before it has come.
    world.hook(attacker, world.market.withdraw, attacker, 10)
    with reverts("DeliveryMismatch", 210, 200):
        world.send(attacker, world.market.deposit, 10)
    assert world.account_of(attacker) == (100, 0)
    assert world.held() == 200


def test_withdrawing_more_than_is_deposited_in_the_middle_of_it(hooked):
    world, attacker = hooked
    world.hook(attacker, world.market.withdraw, attacker, 100)
    with reverts("DeliveryMismatch", 210, 110):
        world.send(attacker, world.market.deposit, 10)
