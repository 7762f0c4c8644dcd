"""The books of an escrow, whoever keeps one: nothing is cut off that does not fit."""

import pytest

from tests.harness.evm import Evm, reverts
from tests.harness.market import ALICE, MAX_UINT112, MAX_UINT256

BEYOND = [MAX_UINT112 + 1, 2**112 + 5, 2**128, MAX_UINT256]


@pytest.fixture
def escrow():
    evm = Evm()
    return evm.deploy("EscrowHarness", evm.deploy("LocalToken", 18).address)


def test_fits_up_to_the_end(escrow):
    escrow.credit(ALICE, MAX_UINT112)
    assert escrow.accountOf(ALICE) == (MAX_UINT112, 0)
    escrow.lock(ALICE, MAX_UINT112)
    assert escrow.accountOf(ALICE) == (0, MAX_UINT112)
    escrow.unlock(ALICE, MAX_UINT112, MAX_UINT112)
    assert escrow.accountOf(ALICE) == (MAX_UINT112, 0)


@pytest.mark.parametrize("amount", BEYOND)
@pytest.mark.spec("2.6")
def test_credit_refuses_what_does_not_fit(escrow, amount):
    with reverts("AmountTooLarge", amount, MAX_UINT112):
        escrow.credit(ALICE, amount)
    escrow.credit(ALICE, 7)
    with reverts("AmountTooLarge", amount, MAX_UINT112 - 7):
        escrow.credit(ALICE, amount)


@pytest.mark.parametrize("amount", BEYOND)
@pytest.mark.spec("2.6")
def test_unlock_returns_no_part_of_what_does_not_fit(escrow, amount):
    escrow.credit(ALICE, 9)
    escrow.lock(ALICE, 9)
    with reverts("AmountTooLarge", amount, MAX_UINT112):
        escrow.unlock(ALICE, 9, amount)
    assert escrow.accountOf(ALICE) == (0, 9)


@pytest.mark.parametrize("amount", [10, *BEYOND])
def test_unlock_ends_no_more_than_is_locked(escrow, amount):
    escrow.credit(ALICE, 9)
    escrow.lock(ALICE, 9)
    with reverts("InsufficientLocked", 9, amount):
        escrow.unlock(ALICE, amount, 0)


@pytest.mark.parametrize("amount", [10, *BEYOND])
@pytest.mark.parametrize("change", ["lock", "debit"])
def test_takes_no_more_than_is_there(escrow, change, amount):
    escrow.credit(ALICE, 9)
    with reverts("InsufficientAvailable", ALICE, 9, amount):
        getattr(escrow, change)(ALICE, amount)


def test_locks_have_room_of_their_own(escrow):
    escrow.credit(ALICE, MAX_UINT112)
    escrow.lock(ALICE, MAX_UINT112)
    escrow.credit(ALICE, 1)
    with reverts("AmountTooLarge", 1, 0):
        escrow.lock(ALICE, 1)
