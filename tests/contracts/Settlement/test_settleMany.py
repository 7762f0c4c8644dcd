import pytest

from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, ROOT, STRANGER, State, Trial


@pytest.mark.spec("6.12", "6.17")
def test_settles_what_can_be_and_names_what_can_not(world):
    states = [
        State.NONE,
        State.POSTED,
        State.EXPIRED,
        State.CONFIRMED,
        State.OVERDUE,
        State.SUBMITTED,
        State.CHALLENGED,
        State.SETTLEABLE,
        State.SETTLED,
        State.CANCELLED,
        State.RELEASED,
        State.ANNULLED,
        State.DEFAULTED,
        State.OVERTURNED,
    ]
    short = world.add_terms(challengeWindow=60, court=world.court.address)
    requests = {}
    for state in states:
        requests[state] = world.request(
            salt=state,
            units=10,
            duration=60 if state in (State.OVERDUE, State.DEFAULTED) else 7_200,
            confirmBy=world.evm.time + (60 if state == State.EXPIRED else 3_600),
            terms=short if state == State.SETTLEABLE else 1,
        )
    for state, request in requests.items():
        if state not in (State.NONE, State.SETTLED):
            world.post(request)
    reserved = set(states) - {State.NONE, State.POSTED, State.EXPIRED, State.CANCELLED}
    for state in reserved - {State.SETTLED}:
        world.market.confirmRequest(requests[state], b"", sender=BOB)
    for state in (State.SUBMITTED, State.CHALLENGED, State.SETTLEABLE, State.OVERTURNED):
        world.market.submitResult(requests[state], ROOT, 10, sender=BOB)
    world.submit(requests[State.SETTLED], BOB)
    world.market.acceptResult(requests[State.SETTLED], ROOT, 10, sender=ALICE)
    world.market.cancelRequest(requests[State.CANCELLED], sender=ALICE)
    world.market.release(requests[State.RELEASED], sender=BOB)
    agreed = requests[State.ANNULLED]
    world.market.releaseByAgreement(agreed, world.sign_release(agreed), sender=BOB)
    world.court.freeze(requests[State.CHALLENGED])
    world.court.freeze(requests[State.OVERTURNED])
    world.court.resolve(requests[State.OVERTURNED], 0, 10_000)
    world.evm.advance(61)
    world.market.claimDefault(requests[State.DEFAULTED], sender=STRANGER)
    assert {state: world.state(request) for state, request in requests.items()} == {
        state: state for state in states
    }

    with changes(world) as found:
        receipt = world.market.settleMany(list(requests.values()), sender=STRANGER)

    skipped = [event.args for event in receipt.events if event.name == "SettlementSkipped"]
    assert skipped == [
        {"id": world.request_id(requests[state]), "state": state}
        for state in states
        if state != State.SETTLEABLE
    ]
    settled = receipt.event("RequestSettled").args
    assert settled["id"] == world.request_id(requests[State.SETTLEABLE])
    assert found["bob completed"] == 1
    assert found["alice locked"] == -20 * world.unit


def test_the_same_request_twice_is_paid_once(world, submitted):
    world.evm.advance(86_401)
    with changes(world) as found:
        receipt = world.market.settleMany([submitted, submitted], sender=STRANGER)
    assert found["bob earnings"] == 117 * world.unit
    assert receipt.event("SettlementSkipped").args["state"] == State.SETTLED


def test_many_deals_at_once(world):
    requests = [world.request(salt=salt, units=10) for salt in range(40)]
    for request in requests:
        world.submit(request, BOB)
    world.evm.advance(86_401)
    with changes(world) as found:
        receipt = world.market.settleMany(requests, sender=STRANGER)
    assert [event.name for event in receipt.events] == ["RequestSettled"] * 40
    assert found["bob earnings"] == 40 * 14_625 * world.unit // 1_000
    assert found["bob reserved"] == -400


@pytest.mark.spec("6.16")
def test_a_silent_courts_deals_too(world, challenged):
    world.evm.advance(8 * 86_400 + 1)
    receipt = world.market.settleMany([challenged], sender=STRANGER)
    assert receipt.event("TrialChanged").args["trial"] == Trial.SILENT
    assert world.market.minerAccount(BOB).earnings == 117 * world.unit


def test_none_is_nothing(world):
    with changes(world) as found:
        receipt = world.market.settleMany([], sender=STRANGER)
    assert found == {}
    assert receipt.events == ()


def test_gives_what_settle_gives(world, submitted):
    world.evm.advance(86_401)
    with world.evm.rollback(), changes(world) as one:
        world.market.settle(submitted, sender=STRANGER)
    with changes(world) as many:
        world.market.settleMany([submitted], sender=STRANGER)
    assert one == many
    with reverts("WrongState", world.request_id(submitted), State.SETTLED):
        world.market.settle(submitted, sender=STRANGER)
