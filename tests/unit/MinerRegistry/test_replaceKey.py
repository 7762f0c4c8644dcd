"""replaceKey: the payout puts another address in the place of the miner's own."""

import pytest

from tests.evm import reverts
from tests.market import ALICE, BOB, CPU, DAVE, OWNER, PAYOUT, ROOT, STRANGER, ZERO, State

NEW_KEY = DAVE


@pytest.fixture(autouse=True)
def miner(world):
    world.register(BOB, payout=PAYOUT, capacity=500)


def test_moves_everything_to_the_new_address(world):
    status, account = world.market.minerStatus(BOB), world.market.minerAccount(BOB)
    offer = world.market.offerOf(BOB, CPU)
    receipt = world.market.replaceKey(BOB, NEW_KEY, sender=PAYOUT)
    assert receipt.event("KeyReplaced").args == {"minerId": 1, "miner": NEW_KEY}
    assert world.market.minerStatus(NEW_KEY) == status
    assert world.market.minerAccount(NEW_KEY) == account
    assert world.market.offerOf(NEW_KEY, CPU) == offer


def test_the_former_address_is_no_miner(world):
    world.market.replaceKey(BOB, NEW_KEY, sender=PAYOUT)
    for call in (
        lambda: world.market.minerStatus(BOB),
        lambda: world.market.registerResource(CPU, 0, sender=BOB),
        lambda: world.market.withdrawOffer(CPU, sender=BOB),
        lambda: world.market.startUnbonding(BOB, 1, sender=BOB),
        lambda: world.market.replaceKey(BOB, BOB, sender=PAYOUT),
    ):
        with reverts("NotRegistered", BOB):
            call()
    assert world.market.registerMiner(BOB, sender=BOB).value == 2


def test_live_deals_go_on_with_the_new_address(world):
    request = world.request(miner=BOB)
    world.confirm(request, BOB)
    world.market.replaceKey(BOB, NEW_KEY, sender=PAYOUT)
    with reverts("NotDealMiner", BOB):
        world.market.submitResult(request, ROOT, 1, sender=BOB)
    with reverts("NotDealMiner", BOB):
        world.market.releaseByAgreement(request, world.sign_release(request), sender=BOB)
    # The former key's signature is worth nothing either.
    digest = world.release_digest(request)
    with reverts("InvalidSignature", NEW_KEY, digest):
        world.market.releaseByAgreement(request, world.sign_release(request, BOB), sender=ALICE)
    world.market.submitResult(request, ROOT, 1, sender=NEW_KEY)
    assert world.state(request) == State.SUBMITTED


def test_requests_naming_the_former_address_can_not_be_confirmed(world):
    request = world.request(miner=BOB)
    world.post(request)
    world.market.replaceKey(BOB, NEW_KEY, sender=PAYOUT)
    with reverts("NotNamedMiner", NEW_KEY, BOB):
        world.market.confirmRequest(request, b"", sender=NEW_KEY)
    with reverts("NotRegistered", BOB):
        world.market.confirmRequest(request, b"", sender=BOB)


@pytest.mark.parametrize("caller", [BOB, STRANGER, OWNER, NEW_KEY])
def test_only_the_payout_may(world, caller):
    with reverts("NotPayout", caller, PAYOUT):
        world.market.replaceKey(BOB, NEW_KEY, sender=caller)


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.replaceKey(STRANGER, NEW_KEY, sender=PAYOUT)


def test_refuses_the_zero_address(world):
    with reverts("ZeroAddress"):
        world.market.replaceKey(BOB, ZERO, sender=PAYOUT)


@pytest.mark.parametrize("taken", [BOB, DAVE])
def test_refuses_a_miners_address(world, taken):
    world.market.registerMiner(DAVE, sender=DAVE)
    with reverts("AlreadyRegistered", taken):
        world.market.replaceKey(BOB, taken, sender=PAYOUT)


@pytest.mark.xfail(reason="finding F1: replaceKey does not ask the replacement")
def test_nobody_is_made_a_miner_without_consent(world):
    world.market.registerMiner(STRANGER, sender=STRANGER)
    world.market.replaceKey(STRANGER, ALICE, sender=STRANGER)
    world.market.registerMiner(ALICE, sender=ALICE)
