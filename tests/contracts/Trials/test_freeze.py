import pytest

from tests.harness.books import changes
from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, OWNER, ROOT, STRANGER, ZERO, State, Trial

OTHER_COURT = account("other court")


@pytest.mark.spec("6.13", "6.19")
def test_stops_settlement_and_moves_nothing(world, submitted):
    with changes(world) as found:
        receipt = world.court.freeze(submitted)
    assert found == {}
    deal = world.deal(submitted)
    assert (deal.trial, deal.dueSet) == (Trial.FROZEN, False)
    assert [event.name for event in receipt.events] == ["TrialChanged"]
    assert receipt.events[0].args == {
        "id": world.request_id(submitted),
        "minerId": deal.minerId,
        "trial": Trial.FROZEN,
    }
    assert world.state(submitted) == State.CHALLENGED


@pytest.mark.spec("6.13")
def test_once(world, challenged):
    """The court counts its cases, the market does not."""
    with reverts("WrongTrial", world.request_id(challenged), Trial.FROZEN):
        world.court.freeze(challenged)
    world.court.noteReveal(challenged)
    with reverts("WrongTrial", world.request_id(challenged), Trial.REVEALED):
        world.court.freeze(challenged)


@pytest.mark.spec("6.13", "6.14")
def test_again_after_a_thaw(world, challenged):
    world.court.thaw(challenged)
    world.court.freeze(challenged)
    assert world.state(challenged) == State.CHALLENGED


@pytest.mark.parametrize("caller", [ALICE, BOB, OWNER, STRANGER, OTHER_COURT])
@pytest.mark.spec("6.13", "7.2")
def test_only_the_court_of_the_terms(world, submitted, caller):
    world.add_terms(court=OTHER_COURT)
    with reverts("NotCourt", caller, world.court.address):
        world.market.freeze(submitted, sender=caller)


@pytest.mark.parametrize("caller", [ALICE, BOB, OWNER, STRANGER])
@pytest.mark.spec("7.2")
def test_nobody_where_the_terms_name_no_court(world, caller):
    request = world.request(terms=2)
    world.submit(request, BOB)
    with reverts("NotCourt", caller, ZERO):
        world.market.freeze(request, sender=caller)


@pytest.mark.spec("6.4", "6.13")
def test_within_the_window_only(world, submitted):
    deadline = world.deal(submitted).time + 86_400
    with world.evm.rollback():
        world.evm.advance(86_401)
        with reverts("DeadlinePassed", deadline):
            world.court.freeze(submitted)
    world.evm.advance(86_400)
    world.court.freeze(submitted)


@pytest.mark.spec("6.3")
def test_a_challenge_does_not_extend_the_window(world, challenged):
    world.evm.advance(86_401)
    world.court.thaw(challenged)
    with reverts("DeadlinePassed", world.deal(challenged).time + 86_400):
        world.court.freeze(challenged)


def test_only_of_a_submitted_result(world, deal):
    with reverts("WrongState", world.request_id(deal), State.CONFIRMED):
        world.court.freeze(deal)


def test_not_of_a_settled_deal(world, submitted):
    world.market.acceptResult(submitted, ROOT, 80, sender=ALICE)
    with reverts("WrongState", world.request_id(submitted), State.SETTLED):
        world.court.freeze(submitted)
