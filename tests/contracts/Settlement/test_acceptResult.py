import pytest

from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, GUARDIAN, OWNER, PAYOUT, ROOT, STRANGER, State, Trial


@pytest.mark.spec("6.11", "8.1")
def test_pays_at_once(world, submitted):
    with changes(world) as found:
        receipt = world.market.acceptResult(submitted, ROOT, 80, sender=ALICE)
    assert found == {
        "alice locked": -200 * world.unit,
        "alice available": 80 * world.unit,
        "treasury available": 3 * world.unit,
        "bob earnings": 117 * world.unit,
        "bob earnedTotal": 117 * world.unit,
        "bob feesPaid": 3 * 10**9,
        "bob lastPaymentTime": world.evm.time,
        "bob completed": 1,
        "bob reserved": -100,
        "demanded": -100,
    }
    assert world.state(submitted) == State.SETTLED
    assert [event.name for event in receipt.events] == ["RequestSettled"]
    assert receipt.events[0].args == {
        "id": world.request_id(submitted),
        "minerId": world.deal(submitted).minerId,
        "paid": 117 * world.unit,
        "fee": 3 * world.unit,
        "refunded": 80 * world.unit,
    }


@pytest.mark.parametrize(("root", "used"), [(b"\x01" * 32, 80), (ROOT, 79), (bytes(32), 0)])
@pytest.mark.spec("6.11")
def test_only_the_result_it_saw(world, submitted, root, used):
    """After a reorganization another result may stand there than the one that was checked."""
    with reverts("ResultMismatch", ROOT, 80):
        world.market.acceptResult(submitted, root, used, sender=ALICE)


@pytest.mark.spec("6.11")
def test_after_the_window_too(world, submitted):
    world.evm.advance(86_401)
    world.market.acceptResult(submitted, ROOT, 80, sender=ALICE)
    assert world.state(submitted) == State.SETTLED


@pytest.mark.parametrize("caller", [BOB, PAYOUT, OWNER, GUARDIAN, STRANGER])
@pytest.mark.spec("6.11")
def test_only_the_requester(world, submitted, caller):
    with reverts("NotRequester", caller, ALICE):
        world.market.acceptResult(submitted, ROOT, 80, sender=caller)


def test_claiming_to_be_the_requester_is_another_request(world, submitted):
    own = submitted._replace(requester=STRANGER)
    with reverts("WrongState", world.request_id(own), State.NONE):
        world.market.acceptResult(own, ROOT, 80, sender=STRANGER)


@pytest.mark.spec("6.11", "6.19")
def test_ends_a_challenged_deal(world, challenged):
    """One sham challenge does not keep a requester from paying."""
    receipt = world.market.acceptResult(challenged, ROOT, 80, sender=ALICE)
    assert [event.name for event in receipt.events] == ["TrialChanged", "RequestSettled"]
    assert receipt.event("TrialChanged").args["trial"] == Trial.ACCEPTED
    assert world.deal(challenged).trial == Trial.ACCEPTED
    assert world.market.minerAccount(BOB).earnings == 117 * world.unit


@pytest.mark.spec("6.11")
def test_not_once_a_reveal_is_noted(world, challenged):
    world.court.noteReveal(challenged)
    for _ in range(2):
        with reverts("WrongTrial", world.request_id(challenged), Trial.REVEALED):
            world.market.acceptResult(challenged, ROOT, 80, sender=ALICE)
        world.evm.advance(10 * 86_400)


def test_not_before_a_result(world, deal):
    with reverts("WrongState", world.request_id(deal), State.CONFIRMED):
        world.market.acceptResult(deal, ROOT, 80, sender=ALICE)


def test_not_twice(world, submitted):
    world.market.acceptResult(submitted, ROOT, 80, sender=ALICE)
    with changes(world) as found, reverts("WrongState", world.request_id(submitted), State.SETTLED):
        world.market.acceptResult(submitted, ROOT, 80, sender=ALICE)
    assert found == {}
