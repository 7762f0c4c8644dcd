import pytest

from tests.harness.books import changes
from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, CPU, DAVE, GUARDIAN, OWNER, PAYOUT, STRANGER, State

OTHER_COURT = account("other court")
TRIAL = 8 * 86_400  # window and verdictBy


@pytest.mark.spec("6.16", "8.2")
def test_refunds_and_frees_and_punishes_nobody(world, challenged):
    with changes(world) as found:
        receipt = world.court.closeWithoutFault(challenged)
    assert found == {
        "alice locked": -200 * world.unit,
        "alice available": 200 * world.unit,
        "bob reserved": -100,
        "demanded": -100,
    }
    assert world.state(challenged) == State.ANNULLED
    assert [event.name for event in receipt.events] == ["RequestAnnulled"]
    assert receipt.events[0].args == {
        "id": world.request_id(challenged),
        "minerId": world.deal(challenged).minerId,
        "refunded": 200 * world.unit,
    }


@pytest.mark.parametrize(
    "caller", [ALICE, BOB, DAVE, PAYOUT, OWNER, GUARDIAN, STRANGER, OTHER_COURT]
)
@pytest.mark.spec("6.16", "11.4")
def test_by_anyone_once_the_courts_time_is_up(world, challenged, caller):
    world.add_terms(court=OTHER_COURT)
    world.evm.advance(TRIAL)
    with reverts("NotCourt", caller, world.court.address):
        world.market.closeWithoutFault(challenged, sender=caller)
    world.evm.advance(1)
    world.market.closeWithoutFault(challenged, sender=caller)
    assert world.account_of(ALICE) == (200 * world.unit, 0)


@pytest.mark.parametrize("wait", [0, TRIAL, TRIAL + 1, 10**9])
@pytest.mark.spec("6.16")
def test_by_the_court_at_any_time(world, challenged, wait):
    world.evm.advance(wait)
    world.court.closeWithoutFault(challenged)
    assert world.state(challenged) == State.ANNULLED


@pytest.mark.spec("6.16")
def test_only_with_a_challenge_open(world, submitted):
    """Otherwise a requester could take back its money from a result that nobody doubts."""
    world.evm.advance(TRIAL + 1)
    for caller in (ALICE, STRANGER):
        with reverts("NoChallengeOpen", world.request_id(submitted)):
            world.market.closeWithoutFault(submitted, sender=caller)
    with reverts("NoChallengeOpen", world.request_id(submitted)):
        world.court.closeWithoutFault(submitted)


def test_not_of_a_deal_without_a_result(world, deal):
    world.evm.advance(TRIAL + 1)
    with reverts("WrongState", world.request_id(deal), State.CONFIRMED):
        world.court.closeWithoutFault(deal)


def test_not_twice(world, challenged):
    world.court.closeWithoutFault(challenged)
    with reverts("WrongState", world.request_id(challenged), State.ANNULLED):
        world.court.closeWithoutFault(challenged)


def test_of_a_withdrawn_offer(world, challenged):
    world.market.withdrawOffer(CPU, sender=BOB)
    world.court.closeWithoutFault(challenged)
    offer = world.market.offerOf(BOB, CPU)
    assert (offer.published, offer.reserved, offer.capacity) == (0, 0, 1_000)


def test_nothing_stands_in_its_way(world, challenged):
    """A court that is gone, a pause, retired class and terms: the deal still ends."""
    world.market.pause(sender=OWNER)
    world.market.retireResourceClass(CPU, sender=OWNER)
    world.market.retireTerms(1, sender=OWNER)
    world.evm.advance(TRIAL + 1)
    world.market.closeWithoutFault(challenged, sender=STRANGER)
    assert world.account_of(ALICE) == (200 * world.unit, 0)
