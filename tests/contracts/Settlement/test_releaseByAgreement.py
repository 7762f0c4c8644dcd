import pytest

from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    DAVE,
    GUARDIAN,
    OWNER,
    PAYOUT,
    RELEASE_TYPE,
    ROOT,
    STRANGER,
    State,
)
from tests.harness.signing import digest


def digest_of(world, request):
    return digest(world.typed(RELEASE_TYPE, {"request": world.request_id(request)}))


@pytest.mark.parametrize(("caller", "signer"), [(ALICE, BOB), (BOB, ALICE)])
@pytest.mark.spec("6.9", "8.2")
def test_costs_nobody_anything(world, deal, caller, signer):
    signature = world.sign_release(deal, signer)
    with changes(world) as found:
        receipt = world.market.releaseByAgreement(deal, signature, sender=caller)
    assert found == {
        "alice locked": -200 * world.unit,
        "alice available": 200 * world.unit,
        "bob reserved": -100,
        "demanded": -100,
    }
    assert world.state(deal) == State.ANNULLED
    assert [event.name for event in receipt.events] == ["RequestAnnulled"]
    assert receipt.events[0].args == {
        "id": world.request_id(deal),
        "minerId": world.deal(deal).minerId,
        "refunded": 200 * world.unit,
    }


@pytest.mark.parametrize(("caller", "signer"), [(ALICE, BOB), (BOB, ALICE)])
@pytest.mark.spec("6.9")
def test_after_the_deadline_too(world, deal, caller, signer):
    world.evm.advance(deal.duration + 1)
    world.market.releaseByAgreement(deal, world.sign_release(deal, signer), sender=caller)
    assert world.state(deal) == State.ANNULLED


@pytest.mark.parametrize("caller", [PAYOUT, OWNER, GUARDIAN, STRANGER, DAVE])
@pytest.mark.spec("6.9")
def test_by_the_two_parties_only(world, deal, caller):
    world.register(DAVE)
    for signer in (ALICE, BOB):
        with reverts("NotDealMiner", caller):
            world.market.releaseByAgreement(deal, world.sign_release(deal, signer), sender=caller)


@pytest.mark.parametrize(
    ("caller", "other", "signer"),
    [
        (ALICE, BOB, ALICE),
        (ALICE, BOB, DAVE),
        (ALICE, BOB, PAYOUT),
        (BOB, ALICE, BOB),
        (BOB, ALICE, DAVE),
        (BOB, ALICE, PAYOUT),
    ],
)
@pytest.mark.spec("6.9")
def test_needs_the_others_signature(world, deal, caller, other, signer):
    with reverts("InvalidSignature", other, digest_of(world, deal)):
        world.market.releaseByAgreement(deal, world.sign_release(deal, signer), sender=caller)


def test_of_this_deal_only(world, deal):
    other = world.request(salt=9)
    world.confirm(other, BOB)
    with reverts("InvalidSignature", BOB, digest_of(world, deal)):
        world.market.releaseByAgreement(deal, world.sign_release(other, BOB), sender=ALICE)


@pytest.mark.parametrize(
    "state", [State.NONE, State.POSTED, State.SUBMITTED, State.RELEASED, State.ANNULLED]
)
def test_only_of_confirmed_deals(world, state):
    request = world.request(salt=5)
    if state >= State.POSTED:
        world.post(request)
    if state > State.POSTED:
        world.market.confirmRequest(request, b"", sender=BOB)
    if state == State.SUBMITTED:
        world.market.submitResult(request, ROOT, 1, sender=BOB)
    if state == State.RELEASED:
        world.market.release(request, sender=BOB)
    if state == State.ANNULLED:
        world.market.releaseByAgreement(request, world.sign_release(request, BOB), sender=ALICE)
    with reverts("WrongState", world.request_id(request), state):
        world.market.releaseByAgreement(request, world.sign_release(request, BOB), sender=ALICE)


def test_a_miner_that_is_its_own_requester_signs_with_itself(world):
    request = world.request(requester=BOB)
    world.confirm(request, BOB)
    world.market.releaseByAgreement(request, world.sign_release(request, BOB), sender=BOB)
    assert world.account_of(BOB) == (200 * world.unit, 0)


def test_a_wallet_agrees_by_its_owners_signature(world):
    wallet = world.wallet(ALICE)
    request = world.request(requester=wallet)
    world.confirm(request, BOB)
    world.market.releaseByAgreement(request, world.sign_release(request, ALICE), sender=BOB)
    assert world.account_of(wallet) == (200 * world.unit, 0)


def test_of_a_withdrawn_offer(world, deal):
    world.market.withdrawOffer(CPU, sender=BOB)
    world.market.releaseByAgreement(deal, world.sign_release(deal, BOB), sender=ALICE)
    offer = world.market.offerOf(BOB, CPU)
    assert (offer.published, offer.reserved, offer.capacity) == (0, 0, 1_000)
