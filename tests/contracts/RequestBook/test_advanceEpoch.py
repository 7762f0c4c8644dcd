import pytest

from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, CAROL, OWNER, State


def test_counts_up_for_its_caller_only(world):
    for epoch in (1, 2):
        with changes(world) as found:
            receipt = world.market.advanceEpoch(sender=ALICE)
        assert found == {}
        assert receipt.value == epoch == world.market.epochOf(ALICE)
        assert [event.name for event in receipt.events] == ["EpochAdvanced"]
        assert receipt.event("EpochAdvanced").args == {"requester": ALICE, "epoch": epoch}
    assert world.market.epochOf(CAROL) == 0


@pytest.mark.spec("5.5")
def test_voids_all_signed_requests(world):
    signed = [world.request(salt=salt) for salt in range(3)]
    signatures = [world.sign(request) for request in signed]
    world.market.advanceEpoch(sender=ALICE)
    for request, signature in zip(signed, signatures, strict=True):
        with reverts("EpochMismatch", 0, 1):
            world.market.confirmRequest(request, signature, sender=BOB)
    renewed = signed[0]._replace(epoch=1)
    world.market.confirmRequest(renewed, world.sign(renewed), sender=BOB)
    assert world.state(renewed) == State.CONFIRMED


@pytest.mark.spec("5.5")
def test_a_request_of_a_later_epoch_waits_for_it(world):
    request = world.request(epoch=1)
    with reverts("EpochMismatch", 1, 0):
        world.market.confirmRequest(request, world.sign(request), sender=BOB)
    world.market.advanceEpoch(sender=ALICE)
    world.market.confirmRequest(request, world.sign(request), sender=BOB)


@pytest.mark.spec("5.5")
def test_leaves_posted_requests_and_deals_alone(world):
    posted, confirmed = world.request(salt=1), world.request(salt=2)
    for request in (posted, confirmed):
        world.market.postRequest(request, sender=ALICE)
    world.market.confirmRequest(confirmed, b"", sender=BOB)
    world.market.advanceEpoch(sender=ALICE)
    world.market.confirmRequest(posted, b"", sender=BOB)
    assert world.state(posted) == world.state(confirmed) == State.CONFIRMED


def test_leaves_the_balance_in_the_same_slot_alone(world):
    world.market.postRequest(world.request(), sender=ALICE)
    before = world.account_of(ALICE)
    world.market.advanceEpoch(sender=ALICE)
    assert world.account_of(ALICE) == before


def test_a_pause_does_not_stop_it(world):
    world.market.pause(sender=OWNER)
    assert world.market.advanceEpoch(sender=ALICE).value == 1
