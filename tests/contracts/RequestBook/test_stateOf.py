"""Stored states are seen in every other test; here are the edges of the derived ones."""

import pytest

from tests.harness.market import ALICE, BOB, CAROL, ROOT, State


@pytest.fixture
def request_(world):
    return world.request()


def at(world, seconds, request):
    with world.evm.rollback():
        world.evm.advance(seconds)
        return world.state(request)


def test_unknown_requests_have_none_for_ever(world, request_):
    assert at(world, 0, request_) == at(world, 10**9, request_) == State.NONE


@pytest.mark.spec("6.2")
def test_posted_expires_after_confirm_by(world, request_):
    world.market.postRequest(request_, sender=ALICE)
    assert at(world, 3_600, request_) == State.POSTED
    assert at(world, 3_601, request_) == State.EXPIRED


@pytest.mark.spec("6.2")
def test_confirmed_is_overdue_after_its_deadline(world, request_):
    world.confirm(request_, BOB)
    assert at(world, request_.duration, request_) == State.CONFIRMED
    assert at(world, request_.duration + 1, request_) == State.OVERDUE


@pytest.mark.spec("6.2")
def test_submitted_is_settleable_after_its_window(world, request_):
    world.submit(request_, BOB)
    assert at(world, 86_400, request_) == State.SUBMITTED
    assert at(world, 86_401, request_) == State.SETTLEABLE


@pytest.mark.spec("6.2", "6.3")
def test_challenged_lasts_until_the_court_thaws_or_its_time_is_up(world, request_):
    world.submit(request_, BOB)
    world.court.freeze(request_)
    assert at(world, 0, request_) == at(world, 8 * 86_400, request_) == State.CHALLENGED
    assert at(world, 8 * 86_400 + 1, request_) == State.SETTLEABLE
    world.court.noteReveal(request_)
    assert at(world, 8 * 86_400, request_) == State.CHALLENGED
    assert at(world, 8 * 86_400 + 1, request_) == State.SETTLEABLE
    world.court.thaw(request_)
    assert at(world, 86_400, request_) == State.SUBMITTED
    assert at(world, 86_401, request_) == State.SETTLEABLE


def end_settled(world, request):
    world.market.acceptResult(request, ROOT, request.units, sender=ALICE)


def end_overturned(world, request):
    world.court.freeze(request)
    world.court.resolve(request, 0, 10_000)


def end_upheld(world, request):
    world.court.freeze(request)
    world.court.resolve(request, request.units, 0)


def end_by_silence(world, request):
    world.court.freeze(request)
    world.evm.advance(8 * 86_400 + 1)
    world.market.settle(request)


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (end_settled, State.SETTLED),
        (end_overturned, State.OVERTURNED),
        (end_upheld, State.SETTLED),
        (end_by_silence, State.SETTLED),
    ],
)
@pytest.mark.spec("6.1")
def test_ends_are_final(world, request_, end, state):
    """A deal that was frozen when it ended, or the time, changes nothing any more."""
    world.submit(request_, BOB)
    end(world, request_)
    assert at(world, 0, request_) == at(world, 10**9, request_) == state


def test_a_request_with_another_field_is_another_request(world, request_):
    world.submit(request_, BOB)
    for other in (
        request_._replace(confirmBy=request_.confirmBy + 1),
        request_._replace(requester=CAROL),
        request_._replace(units=request_.units - 1),
    ):
        assert world.state(other) == State.NONE
        assert world.deal(other).root != ROOT
