"""retireTerms: no new business under a record, for ever; live deals keep it."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, OWNER, PLAIN_TERMS, ROOT, STRANGER, TERMS, TREASURY


def test_retires_one_record(world):
    before = world.market.termsOf(TERMS)
    receipt = world.market.retireTerms(TERMS, sender=OWNER)
    assert receipt.event("TermsRetired").args == {"terms": TERMS}
    assert world.market.termsOf(TERMS) == before._replace(retired=True)
    assert not world.market.termsOf(PLAIN_TERMS).retired


@pytest.mark.spec("4.3")
def test_for_ever(world):
    world.market.retireTerms(TERMS, sender=OWNER)
    with reverts("RetiredTerms", TERMS):
        world.market.retireTerms(TERMS, sender=OWNER)


@pytest.mark.spec("4.3")
def test_stops_new_business(world):
    world.register(BOB, capacity=300)
    posted, signed = world.request(salt=1), world.request(salt=2)
    world.post(posted)
    world.fund(ALICE, world.lock_of(signed))
    world.market.retireTerms(TERMS, sender=OWNER)
    with reverts("RetiredTerms", TERMS):
        world.market.confirmRequest(posted, b"", sender=BOB)
    with reverts("RetiredTerms", TERMS):
        world.market.confirmRequest(signed, world.sign(signed), sender=BOB)
    with reverts("RetiredTerms", TERMS):
        world.market.postRequest(signed, sender=ALICE)
    world.market.cancelRequest(posted, sender=ALICE)
    world.market.postRequest(signed._replace(terms=PLAIN_TERMS), sender=ALICE)


@pytest.mark.spec("4.3", "4.5")
def test_live_deals_keep_fee_and_window(world):
    world.register(BOB, ask=10**18)
    request = world.request()
    world.confirm(request, BOB)
    world.market.retireTerms(TERMS, sender=OWNER)
    world.market.submitResult(request, ROOT, 100, sender=BOB)
    with reverts("DeadlineNotPassed", world.evm.time + 86_400):
        world.market.settle(request)
    world.accept(request)
    # 2.5 % of 100 units at 1 token
    assert world.account_of(TREASURY) == (25 * world.unit // 10, 0)


@pytest.mark.parametrize("terms", [0, 3, 2**32 - 1])
def test_refuses_unknown_terms(world, terms):
    with reverts("UnknownTerms", terms):
        world.market.retireTerms(terms, sender=OWNER)


def test_only_the_owner_may(world):
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        world.market.retireTerms(TERMS, sender=STRANGER)
