import pytest

from tests.harness.books import changes
from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, OWNER, STRANGER, State, Trial

OTHER_COURT = account("other court")
TRIAL = 8 * 86_400  # window and verdictBy


@pytest.mark.parametrize("revealed", [False, True])
@pytest.mark.spec("6.14", "6.19")
def test_ends_the_trial_and_moves_nothing(world, challenged, revealed):
    if revealed:
        world.court.noteReveal(challenged)
    with changes(world) as found:
        receipt = world.court.thaw(challenged)
    assert found == {}
    assert world.deal(challenged).trial == Trial.NONE
    assert [event.name for event in receipt.events] == ["TrialChanged"]
    assert receipt.events[0].args == {
        "id": world.request_id(challenged),
        "minerId": world.deal(challenged).minerId,
        "trial": Trial.NONE,
    }
    assert world.state(challenged) == State.SUBMITTED


@pytest.mark.spec("6.18")
def test_lifts_a_noted_reveal(world, challenged):
    """The court freezes again, or the requester accepts."""
    world.court.noteReveal(challenged)
    world.court.thaw(challenged)
    with world.evm.rollback():
        world.court.freeze(challenged)
        assert world.deal(challenged).trial == Trial.FROZEN
    world.accept(challenged)
    assert world.state(challenged) == State.SETTLED


@pytest.mark.parametrize("caller", [ALICE, BOB, OWNER, STRANGER, OTHER_COURT])
@pytest.mark.spec("6.14", "7.2")
def test_only_the_court_of_the_terms(world, challenged, caller):
    world.add_terms(court=OTHER_COURT)
    with reverts("NotCourt", caller, world.court.address):
        world.market.thaw(challenged, sender=caller)


@pytest.mark.spec("6.14")
def test_only_a_frozen_deal(world, challenged):
    world.court.thaw(challenged)
    with reverts("WrongTrial", world.request_id(challenged), Trial.NONE):
        world.court.thaw(challenged)


@pytest.mark.spec("6.4", "6.14")
def test_until_the_courts_time_is_up(world, challenged):
    deadline = world.evm.time + TRIAL
    with world.evm.rollback():
        world.evm.advance(TRIAL + 1)
        with reverts("DeadlinePassed", deadline):
            world.court.thaw(challenged)
    world.evm.advance(TRIAL)
    world.court.thaw(challenged)
    assert world.state(challenged) == State.SETTLEABLE


def test_a_court_with_little_time_decides_soon_after_the_window(world):
    terms = world.add_terms(court=world.court.address, verdictBy=60)
    request = world.request(terms=terms)
    world.submit(request, BOB)
    world.court.freeze(request)
    with world.evm.rollback():
        world.evm.advance(86_461)
        with reverts("DeadlinePassed", world.deal(request).time + 86_460):
            world.court.thaw(request)
        world.market.settle(request, sender=STRANGER)
    world.evm.advance(86_460)
    world.court.thaw(request)


def test_only_of_a_submitted_result(world, deal):
    with reverts("WrongState", world.request_id(deal), State.CONFIRMED):
        world.court.thaw(deal)
