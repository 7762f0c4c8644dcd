import pytest

from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, CPU, GUARDIAN, OWNER, ROOT, STRANGER, TERMS, State


@pytest.fixture
def posted(world):
    request = world.request()
    world.market.postRequest(request, sender=ALICE)
    return request


@pytest.mark.spec("5.4", "8.2", "8.5")
def test_gives_back_the_lock_and_the_demand(world, posted):
    with changes(world) as found:
        receipt = world.market.cancelRequest(posted, sender=ALICE)
    assert found == {
        "alice available": 200 * world.unit,
        "alice locked": -200 * world.unit,
        "demanded": -100,
    }
    assert world.state(posted) == State.CANCELLED
    assert [event.name for event in receipt.events] == ["RequestCancelled"]
    assert receipt.event("RequestCancelled").args == {
        "id": world.request_id(posted),
        "requester": ALICE,
    }


@pytest.mark.spec("5.4")
def test_voids_a_signed_request_without_moving_money(world):
    request = world.request()
    with changes(world) as found:
        receipt = world.market.cancelRequest(request, sender=ALICE)
    assert found == {}
    assert receipt.event("RequestCancelled").args["id"] == world.request_id(request)
    with reverts("WrongState", world.request_id(request), State.CANCELLED):
        world.market.confirmRequest(request, world.sign(request), sender=BOB)


def test_voids_a_signed_request_of_which_nothing_is_right(world):
    """No field is checked: what was signed by mistake must be voidable too."""
    request = world.request(units=0, resource=99, terms=99, confirmBy=0)
    world.market.cancelRequest(request, sender=ALICE)
    assert world.state(request) == State.CANCELLED


@pytest.mark.parametrize("caller", [BOB, OWNER, GUARDIAN, STRANGER])
@pytest.mark.spec("5.4")
def test_others_wait_until_it_expired(world, posted, caller):
    world.evm.advance(3_600)
    with reverts("RequestNotExpired", posted.confirmBy):
        world.market.cancelRequest(posted, sender=caller)
    world.evm.advance(1)
    assert world.state(posted) == State.EXPIRED
    with changes(world) as found:
        world.market.cancelRequest(posted, sender=caller)
    assert found == {
        "alice available": 200 * world.unit,
        "alice locked": -200 * world.unit,
        "demanded": -100,
    }


@pytest.mark.spec("5.4")
def test_others_never_void_a_signed_request(world):
    request = world.request()
    world.evm.advance(3_601)
    with reverts("NotRequester", STRANGER, ALICE):
        world.market.cancelRequest(request, sender=STRANGER)


@pytest.mark.spec("5.4")
def test_the_requester_cancels_an_expired_one_too(world, posted):
    world.evm.advance(3_601)
    world.market.cancelRequest(posted, sender=ALICE)
    assert world.state(posted) == State.CANCELLED


def test_not_twice(world, posted):
    world.market.cancelRequest(posted, sender=ALICE)
    with changes(world) as found, reverts("WrongState", world.request_id(posted), State.CANCELLED):
        world.market.cancelRequest(posted, sender=ALICE)
    assert found == {}


def test_not_once_confirmed(world, posted):
    world.market.confirmRequest(posted, b"", sender=BOB)
    with reverts("WrongState", world.request_id(posted), State.CONFIRMED):
        world.market.cancelRequest(posted, sender=ALICE)
    world.market.submitResult(posted, ROOT, 1, sender=BOB)
    with reverts("WrongState", world.request_id(posted), State.SUBMITTED):
        world.market.cancelRequest(posted, sender=ALICE)


def test_another_request_is_another_id(world, posted):
    """Changing a field to lock less and get back more finds nothing to cancel."""
    dearer = posted._replace(maxPrice=posted.maxPrice * 10)
    with changes(world) as found:
        world.market.cancelRequest(dearer, sender=ALICE)
    assert found == {}
    assert world.state(posted) == State.POSTED


def test_nothing_new_stands_in_its_way(world, posted):
    """Pause, retired class and retired terms stop new business only."""
    world.market.pause(sender=OWNER)
    world.market.retireResourceClass(CPU, sender=OWNER)
    world.market.retireTerms(TERMS, sender=OWNER)
    world.market.advanceEpoch(sender=ALICE)
    world.market.cancelRequest(posted, sender=ALICE)
    assert world.account_of(ALICE) == (10_000 * world.unit, 0)
