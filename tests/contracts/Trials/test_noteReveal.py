import pytest

from tests.harness.books import changes
from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, OWNER, ROOT, STRANGER, State, Trial

OTHER_COURT = account("other court")
TRIAL = 8 * 86_400  # window and verdictBy


@pytest.mark.spec("6.11", "6.18", "6.19")
def test_keeps_the_requester_from_accepting(world, challenged):
    """Otherwise a requester who sees that its challenge is lost would pay and take its bond."""
    with changes(world) as found:
        receipt = world.court.noteReveal(challenged)
    assert found == {}
    assert [event.name for event in receipt.events] == ["TrialChanged"]
    assert receipt.events[0].args == {
        "id": world.request_id(challenged),
        "minerId": world.deal(challenged).minerId,
        "trial": Trial.REVEALED,
    }
    assert world.state(challenged) == State.CHALLENGED
    with reverts("WrongTrial", world.request_id(challenged), Trial.REVEALED):
        world.market.acceptResult(challenged, ROOT, 80, sender=ALICE)


@pytest.mark.spec("6.16", "11.4")
def test_a_stubborn_court_only_delays(world, challenged):
    """It notes reveals that never were, and decides nothing: the deal is paid all the same."""
    world.court.noteReveal(challenged)
    world.evm.advance(TRIAL + 1)
    world.market.settle(challenged, sender=STRANGER)
    assert world.market.minerAccount(BOB).earnings == 117 * world.unit


@pytest.mark.spec("6.18")
def test_once(world, challenged):
    world.court.noteReveal(challenged)
    with reverts("WrongTrial", world.request_id(challenged), Trial.REVEALED):
        world.court.noteReveal(challenged)


@pytest.mark.spec("6.11")
def test_a_thaw_lets_the_requester_accept(world, challenged):
    world.court.noteReveal(challenged)
    world.court.thaw(challenged)
    world.market.acceptResult(challenged, ROOT, 80, sender=ALICE)
    assert world.deal(challenged).trial == Trial.NONE


@pytest.mark.parametrize("caller", [ALICE, BOB, OWNER, STRANGER, OTHER_COURT])
@pytest.mark.spec("6.18", "7.2")
def test_only_the_court_of_the_terms(world, challenged, caller):
    world.add_terms(court=OTHER_COURT)
    with reverts("NotCourt", caller, world.court.address):
        world.market.noteReveal(challenged, sender=caller)


@pytest.mark.spec("6.18")
def test_only_of_a_frozen_deal(world, submitted):
    with reverts("WrongTrial", world.request_id(submitted), Trial.NONE):
        world.court.noteReveal(submitted)


def test_only_of_a_submitted_result(world, deal):
    with reverts("WrongState", world.request_id(deal), State.CONFIRMED):
        world.court.noteReveal(deal)


@pytest.mark.spec("6.4", "6.18")
def test_until_the_courts_time_is_up(world, challenged):
    deadline = world.evm.time + TRIAL
    with world.evm.rollback():
        world.evm.advance(TRIAL + 1)
        with reverts("DeadlinePassed", deadline):
            world.court.noteReveal(challenged)
    world.evm.advance(TRIAL)
    world.court.noteReveal(challenged)
