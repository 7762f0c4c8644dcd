"""depositWithPermit: deposit, with the allowance given by a signature (ERC-2612)."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, CAROL, MAX_UINT112, STRANGER, World

AMOUNT = 100


@pytest.fixture
def deadline(world):
    world.token.faucet(AMOUNT, sender=ALICE)
    return world.evm.time + 60


def test_needs_no_approval(world, deadline):
    permit = world.sign_permit(ALICE, AMOUNT, deadline)
    receipt = world.market.depositWithPermit(AMOUNT, deadline, *permit, sender=ALICE)
    assert receipt.event("Deposited").args == {"account": ALICE, "amount": AMOUNT}
    assert world.account_of(ALICE) == (AMOUNT, 0)
    assert world.token.allowance(ALICE, world.market.address) == 0
    assert world.token.nonces(ALICE) == 1


@pytest.mark.spec("2.3")
def test_front_run_permit_does_no_harm(world, deadline):
    permit = world.sign_permit(ALICE, AMOUNT, deadline)
    world.token.permit(ALICE, world.market.address, AMOUNT, deadline, *permit, sender=STRANGER)
    world.market.depositWithPermit(AMOUNT, deadline, *permit, sender=ALICE)
    assert world.account_of(ALICE) == (AMOUNT, 0)


def test_replayed_permit_gives_no_second_allowance(world, deadline):
    permit = world.sign_permit(ALICE, AMOUNT, deadline)
    world.market.depositWithPermit(AMOUNT, deadline, *permit, sender=ALICE)
    world.token.faucet(AMOUNT, sender=ALICE)
    with reverts("TransferFromFailed"):
        world.market.depositWithPermit(AMOUNT, deadline, *permit, sender=ALICE)


def test_nobody_else_can_use_it(world, deadline):
    permit = world.sign_permit(ALICE, AMOUNT, deadline)
    world.token.faucet(AMOUNT, sender=STRANGER)
    with reverts("TransferFromFailed"):
        world.market.depositWithPermit(AMOUNT, deadline, *permit, sender=STRANGER)
    assert world.token.balanceOf(ALICE) == AMOUNT


@pytest.mark.parametrize("fault", ["signer", "amount", "deadline", "expired", "chain"])
@pytest.mark.spec("2.3")
def test_bad_signature_leaves_no_allowance(world, deadline, fault):
    permit = {
        "signer": lambda: world.sign_permit(CAROL, AMOUNT, deadline),
        "amount": lambda: world.sign_permit(ALICE, AMOUNT + 1, deadline),
        "deadline": lambda: world.sign_permit(ALICE, AMOUNT, deadline + 1),
        "expired": lambda: world.sign_permit(ALICE, AMOUNT, deadline),
        "chain": lambda: world.sign_permit(ALICE, AMOUNT, deadline, chainId=1),
    }[fault]()
    if fault == "expired":
        world.evm.advance(61)
    with reverts("TransferFromFailed"):
        world.market.depositWithPermit(AMOUNT, deadline, *permit, sender=ALICE)
    assert world.token.nonces(ALICE) == 0
    assert world.account_of(ALICE) == (0, 0)


def test_permit_is_good_until_its_last_second(world, deadline):
    permit = world.sign_permit(ALICE, AMOUNT, deadline)
    world.evm.advance(60)
    world.market.depositWithPermit(AMOUNT, deadline, *permit, sender=ALICE)
    assert world.account_of(ALICE) == (AMOUNT, 0)


@pytest.mark.spec("2.3")
def test_an_allowance_given_otherwise_is_enough(world, deadline):
    world.token.approve(world.market.address, AMOUNT, sender=ALICE)
    world.market.depositWithPermit(AMOUNT, 0, 27, b"\0" * 32, b"\0" * 32, sender=ALICE)
    assert world.account_of(ALICE) == (AMOUNT, 0)


def test_refuses_nothing(world, deadline):
    permit = world.sign_permit(ALICE, 0, deadline)
    with reverts("ZeroAmount"):
        world.market.depositWithPermit(0, deadline, *permit, sender=ALICE)


def test_refuses_more_than_balances_can_count(world, deadline):
    amount = MAX_UINT112 + 1
    permit = world.sign_permit(ALICE, amount, deadline)
    with reverts("AmountTooLarge", amount, MAX_UINT112):
        world.market.depositWithPermit(amount, deadline, *permit, sender=ALICE)


@pytest.mark.parametrize("approved", [False, True])
def test_token_without_permit(approved):
    world = World(6, "SilentToken")
    world.token.faucet(AMOUNT, sender=ALICE)
    arguments = (AMOUNT, world.evm.time, 27, b"\1" * 32, b"\1" * 32)
    if approved:
        world.token.approve(world.market.address, AMOUNT, sender=ALICE)
        world.market.depositWithPermit(*arguments, sender=ALICE)
        assert world.account_of(ALICE) == (AMOUNT, 0)
    else:
        with reverts("TransferFromFailed"):
            world.market.depositWithPermit(*arguments, sender=ALICE)
