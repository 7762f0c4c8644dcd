import pytest

from tests.harness.books import changes
from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, OWNER, ROOT, STRANGER, ZERO, State

OTHER_COURT = account("other court")


@pytest.mark.spec("6.13")
def test_opens_a_challenge_and_moves_nothing(world, submitted):
    for count in (1, 2, 3):
        with changes(world) as found:
            receipt = world.court.freeze(submitted)
        assert found == {}
        assert world.deal(submitted).openChallenges == count
        assert [event.name for event in receipt.events] == ["ChallengeOpened"]
        assert receipt.events[0].args == {
            "id": world.request_id(submitted),
            "openChallenges": count,
        }
    assert world.state(submitted) == State.CHALLENGED


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
def test_an_open_challenge_does_not_extend_the_window(world, challenged):
    world.evm.advance(86_401)
    with reverts("DeadlinePassed", world.deal(challenged).time + 86_400):
        world.court.freeze(challenged)


def test_only_of_a_submitted_result(world, deal):
    with reverts("WrongState", world.request_id(deal), State.CONFIRMED):
        world.court.freeze(deal)


def test_not_of_a_settled_deal(world, submitted):
    world.market.acceptResult(submitted, ROOT, 80, sender=ALICE)
    with reverts("WrongState", world.request_id(submitted), State.SETTLED):
        world.court.freeze(submitted)


@pytest.mark.spec("6.13")
def test_the_counter_stops_at_its_end(world):
    """65,535 challenges: the next is refused, and the deal still ends both ways."""
    court = world.evm.deploy("StubbornCourt")
    terms = world.add_terms(court=court.address)
    request = world.request(terms=terms)
    world.submit(request, BOB)
    for times in [13_107] * 5:  # as much as one call's gas allows
        court.freezeMany(world.market.address, request, times)
    assert world.deal(request).openChallenges == 2**16 - 1
    with reverts("TooManyChallenges", world.request_id(request)):
        court.freezeMany(world.market.address, request, 1)
    world.evm.advance(8 * 86_400 + 1)
    world.market.closeWithoutFault(request, sender=STRANGER)
    assert world.state(request) == State.ANNULLED
