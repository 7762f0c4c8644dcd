"""A miner whose key was replaced: its deals are the successor's, and the old key's no more."""

import pytest

from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, PAYOUT, PRICE, RELEASE_TYPE, ROOT, State
from tests.harness.signing import digest

HEIR = account("heir")


@pytest.fixture
def inherited(world, deal):
    """The deal, after Bob's payout named an heir and the heir took Bob's place."""
    world.market.nameSuccessor(BOB, HEIR, sender=PAYOUT)
    world.market.succeed(BOB, sender=HEIR)
    return deal


@pytest.mark.spec("3.3")
def test_the_successor_submits_and_is_paid(world, inherited):
    world.market.submitResult(inherited, ROOT, 80, sender=HEIR)
    world.market.acceptResult(inherited, ROOT, 80, sender=ALICE)
    assert world.market.minerAccount(HEIR).earnings == 117 * world.unit
    assert world.market.minerAccount(HEIR).payout == PAYOUT


@pytest.mark.parametrize("function", ["release", "submitResult", "submitAccepted"])
@pytest.mark.spec("3.3")
def test_the_old_key_has_no_part_in_it(world, inherited, function):
    arguments = {
        "release": (),
        "submitResult": (ROOT, 80),
        "submitAccepted": (ROOT, 80, world.sign_acceptance(inherited, ROOT, 80)),
    }[function]
    call = getattr(world.market, function)
    with reverts("NotDealMiner", BOB):
        call(inherited, *arguments, sender=BOB)
    call(inherited, *arguments, sender=HEIR)


@pytest.mark.spec("3.3")
def test_the_old_key_as_a_new_miner_has_no_part_in_it(world, inherited):
    world.market.registerMiner(BOB, sender=BOB)
    with reverts("NotDealMiner", BOB):
        world.market.release(inherited, sender=BOB)


def test_the_successor_signs_releases(world, inherited):
    released = digest(world.typed(RELEASE_TYPE, {"request": world.request_id(inherited)}))
    with reverts("InvalidSignature", HEIR, released):
        world.market.releaseByAgreement(inherited, world.sign_release(inherited, BOB), sender=ALICE)
    with reverts("NotDealMiner", BOB):
        world.market.releaseByAgreement(inherited, world.sign_release(inherited, ALICE), sender=BOB)
    world.market.releaseByAgreement(inherited, world.sign_release(inherited, HEIR), sender=ALICE)
    assert world.state(inherited) == State.ANNULLED


def test_a_default_is_the_successors(world, inherited):
    world.evm.advance(inherited.duration + 1)
    world.market.claimDefault(inherited, sender=ALICE)
    status = world.market.minerStatus(HEIR)
    assert (status.defaulted, status.stake) == (1, 1_900 * world.unit)


@pytest.mark.parametrize("posted", [True, False])
@pytest.mark.spec("5.6")
def test_requests_that_name_the_miner_are_the_successors(world, inherited, posted):
    """The old key, registered anew, is another miner: what was meant for Bob is not for it."""
    named = world.request(miner=HEIR, salt=1)
    world.fund(ALICE, world.lock_of(named))
    if posted:
        world.market.postRequest(named, sender=ALICE)
    signature = b"" if posted else world.sign(named)
    world.register(BOB)
    with reverts("NotNamedMiner", BOB, named.miner):
        world.market.confirmRequest(named, signature, sender=BOB)
    world.market.confirmRequest(named, signature, sender=HEIR)


def test_a_requester_that_succeeds_its_miner_gains_nothing_by_it(world, deal):
    """Both parties of the deal at once: it needs both signatures, which are its own."""
    world.market.nameSuccessor(BOB, ALICE, sender=PAYOUT)
    world.market.succeed(BOB, sender=ALICE)
    world.market.releaseByAgreement(deal, world.sign_release(deal, ALICE), sender=ALICE)
    assert world.account_of(ALICE) == (200 * world.unit, 0)
    assert world.market.minerStatus(ALICE).stake == 2_000 * world.unit
    assert world.market.offerOf(ALICE, 1).ask == PRICE * 3 // 2
