"""What signatures are taken is in `tests/contracts/test_signatures.py`."""

import pytest

from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, DAVE, PAYOUT, ROOT, STRANGER, State


@pytest.mark.spec("6.7")
def test_submits_and_settles_in_one_step(world, deal):
    signature = world.sign_acceptance(deal, ROOT, 80)
    with changes(world) as found:
        receipt = world.market.submitAccepted(deal, ROOT, 80, signature, sender=BOB)
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
    assert world.state(deal) == State.SETTLED
    ids = {"id": world.request_id(deal), "minerId": world.deal(deal).minerId}
    assert [event.name for event in receipt.events] == ["RequestSettled"]
    assert receipt.events[0].args == ids | {
        "paid": 117 * world.unit,
        "fee": 3 * world.unit,
        "refunded": 80 * world.unit,
    }


@pytest.mark.spec("7.1")
def test_stores_no_result(world, deal):
    """It stands in the calldata, under the requester's signature."""
    signature = world.sign_acceptance(deal, ROOT, 80)
    world.market.submitAccepted(deal, ROOT, 80, signature, sender=BOB)
    stored = world.deal(deal)
    assert (stored.root, stored.unitsUsed) == (bytes(32), 0)


@pytest.mark.spec("6.7")
def test_may_come_late(world, deal):
    """As long as nobody claimed the default."""
    signature = world.sign_acceptance(deal)
    world.evm.advance(deal.duration + 10**6)
    world.market.submitAccepted(deal, ROOT, 100, signature, sender=BOB)
    assert world.state(deal) == State.SETTLED


def test_not_after_the_default(world, deal):
    signature = world.sign_acceptance(deal)
    world.evm.advance(deal.duration + 1)
    world.market.claimDefault(deal, sender=STRANGER)
    with reverts("WrongState", world.request_id(deal), State.DEFAULTED):
        world.market.submitAccepted(deal, ROOT, 100, signature, sender=BOB)


def test_not_after_a_submitted_result(world, submitted):
    signature = world.sign_acceptance(submitted, ROOT, 80)
    with reverts("WrongState", world.request_id(submitted), State.SUBMITTED):
        world.market.submitAccepted(submitted, ROOT, 80, signature, sender=BOB)


@pytest.mark.parametrize("caller", [ALICE, PAYOUT, STRANGER, DAVE])
@pytest.mark.spec("6.7")
def test_only_its_miner(world, deal, caller):
    world.register(DAVE)
    signature = world.sign_acceptance(deal)
    with reverts("NotDealMiner", caller):
        world.market.submitAccepted(deal, ROOT, 100, signature, sender=caller)


@pytest.mark.spec("7.1")
def test_not_more_units_than_the_deals(world, deal):
    """Not even when the requester signed it."""
    with reverts("UnitsAboveDeal", 101, 100):
        world.market.submitAccepted(
            deal, ROOT, 101, world.sign_acceptance(deal, ROOT, 101), sender=BOB
        )


@pytest.mark.spec("7.1")
def test_needs_a_root(world, deal):
    with reverts("NoRoot"):
        world.market.submitAccepted(
            deal, bytes(32), 80, world.sign_acceptance(deal, bytes(32), 80), sender=BOB
        )


def test_not_twice(world, deal):
    signature = world.sign_acceptance(deal)
    world.market.submitAccepted(deal, ROOT, 100, signature, sender=BOB)
    with changes(world) as found, reverts("WrongState", world.request_id(deal), State.SETTLED):
        world.market.submitAccepted(deal, ROOT, 100, signature, sender=BOB)
    assert found == {}


@pytest.mark.spec("8.6")
def test_work_for_nothing_frees_everything(world, deal):
    """No unit used: nothing is paid, nobody is credited, and it does not count as work done."""
    signature = world.sign_acceptance(deal, ROOT, 0)
    with changes(world) as found:
        world.market.submitAccepted(deal, ROOT, 0, signature, sender=BOB)
    assert found == {
        "alice locked": -200 * world.unit,
        "alice available": 200 * world.unit,
        "bob reserved": -100,
        "demanded": -100,
    }
