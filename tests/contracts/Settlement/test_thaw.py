import pytest

from tests.harness.books import changes
from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, OWNER, STRANGER, State

OTHER_COURT = account("other court")
TRIAL = 8 * 86_400  # window and verdictBy


@pytest.mark.spec("6.14")
def test_closes_one_challenge_and_moves_nothing(world, challenged):
    world.court.freeze(challenged)
    for count in (1, 0):
        with changes(world) as found:
            receipt = world.court.thaw(challenged)
        assert found == {}
        assert world.deal(challenged).openChallenges == count
        assert [event.name for event in receipt.events] == ["ChallengeClosed"]
        assert receipt.events[0].args == {
            "id": world.request_id(challenged),
            "openChallenges": count,
        }
    assert world.state(challenged) == State.SUBMITTED


@pytest.mark.parametrize("caller", [ALICE, BOB, OWNER, STRANGER, OTHER_COURT])
@pytest.mark.spec("6.14", "7.2")
def test_only_the_court_of_the_terms(world, challenged, caller):
    world.add_terms(court=OTHER_COURT)
    with reverts("NotCourt", caller, world.court.address):
        world.market.thaw(challenged, sender=caller)


@pytest.mark.spec("6.14")
def test_only_an_open_challenge(world, challenged):
    world.court.thaw(challenged)
    with reverts("NoChallengeOpen", world.request_id(challenged)):
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
        world.market.closeWithoutFault(request, sender=STRANGER)
    world.evm.advance(86_460)
    world.court.thaw(request)


def test_only_of_a_submitted_result(world, deal):
    with reverts("WrongState", world.request_id(deal), State.CONFIRMED):
        world.court.thaw(deal)
