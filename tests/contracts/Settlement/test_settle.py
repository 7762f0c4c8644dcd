import pytest

from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    GUARDIAN,
    OWNER,
    PAYOUT,
    PRICE,
    ROOT,
    STRANGER,
    TERMS,
    State,
    Trial,
    World,
    value_down,
)


@pytest.mark.parametrize("caller", [ALICE, BOB, PAYOUT, OWNER, GUARDIAN, STRANGER])
@pytest.mark.spec("6.12", "8.1")
def test_anyone_settles_after_the_window(world, submitted, caller):
    world.evm.advance(86_401)
    with changes(world) as found:
        receipt = world.market.settle(submitted, sender=caller)
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
    assert [event.name for event in receipt.events] == ["RequestSettled"]
    assert receipt.events[0].args == {
        "id": world.request_id(submitted),
        "minerId": world.deal(submitted).minerId,
        "paid": 117 * world.unit,
        "fee": 3 * world.unit,
        "refunded": 80 * world.unit,
    }
    assert world.state(submitted) == State.SETTLED


@pytest.mark.spec("6.4", "6.12")
def test_not_before_the_window_is_over(world, submitted):
    deadline = world.deal(submitted).time + 86_400
    for _ in range(2):
        with reverts("DeadlineNotPassed", deadline):
            world.market.settle(submitted, sender=BOB)
        world.evm.advance(deadline - world.evm.time)
    world.evm.advance(1)
    world.market.settle(submitted, sender=BOB)


@pytest.mark.spec("6.4", "6.16", "8.8")
def test_a_silent_court_is_no_reason_not_to_pay(world, challenged):
    deadline = world.deal(challenged).time + 8 * 86_400
    for wait in (0, 86_401, deadline):
        world.evm.advance(max(min(wait, deadline - world.evm.time), 0))
        with reverts("DeadlineNotPassed", deadline):
            world.market.settle(challenged, sender=BOB)
    assert world.state(challenged) == State.CHALLENGED
    world.evm.advance(1)
    assert world.state(challenged) == State.SETTLEABLE
    receipt = world.market.settle(challenged, sender=STRANGER)
    assert [event.name for event in receipt.events] == ["TrialChanged", "RequestSettled"]
    assert receipt.event("TrialChanged").args["trial"] == Trial.SILENT
    assert receipt.event("RequestSettled").args["paid"] == 117 * world.unit
    assert world.deal(challenged).trial == Trial.SILENT


@pytest.mark.spec("11.4")
def test_a_court_that_is_silent_can_do_nothing_more(world, challenged):
    deadline = world.deal(challenged).time + 8 * 86_400
    world.evm.advance(8 * 86_400 + 1)
    for function, arguments in (
        ("thaw", ()),
        ("noteReveal", ()),
        ("setDue", (0,)),
        ("resolve", (0, 0)),
    ):
        with reverts("DeadlinePassed", deadline):
            getattr(world.court, function)(challenged, *arguments)
    with reverts("WrongTrial", world.request_id(challenged), Trial.FROZEN):
        world.court.freeze(challenged)


@pytest.mark.spec("4.5", "9.3")
def test_nothing_stands_in_the_way_of_a_silent_courts_deal(world, challenged):
    world.market.pause(sender=OWNER)
    world.market.retireResourceClass(CPU, sender=OWNER)
    world.market.retireTerms(TERMS, sender=OWNER)
    world.market.withdrawOffer(CPU, sender=BOB)
    world.evm.advance(8 * 86_400 + 1)
    world.market.settle(challenged, sender=STRANGER)
    assert world.market.minerAccount(BOB).earnings == 117 * world.unit


@pytest.mark.spec("6.3")
def test_a_thawed_deal_is_settled_in_its_original_window(world, challenged):
    world.evm.advance(86_400)
    world.court.thaw(challenged)
    with reverts("DeadlineNotPassed", world.deal(challenged).time + 86_400):
        world.market.settle(challenged, sender=BOB)
    world.evm.advance(1)
    world.market.settle(challenged, sender=BOB)


def test_not_before_a_result(world, deal):
    world.evm.advance(10**8)
    with reverts("WrongState", world.request_id(deal), State.CONFIRMED):
        world.market.settle(deal, sender=BOB)


def test_not_twice(world, submitted):
    world.evm.advance(86_401)
    world.market.settle(submitted, sender=BOB)
    with changes(world) as found, reverts("WrongState", world.request_id(submitted), State.SETTLED):
        world.market.settle(submitted, sender=BOB)
    assert found == {}


@pytest.mark.spec("8.5")
def test_frees_the_capacity_for_the_next_deal(world):
    first, second = world.request(units=1_000, salt=1), world.request(units=1_000, salt=2)
    world.submit(first, BOB)
    world.post(second)
    with reverts("InsufficientCapacity", 0, 1_000):
        world.market.confirmRequest(second, b"", sender=BOB)
    world.market.acceptResult(first, ROOT, 1_000, sender=ALICE)
    world.market.confirmRequest(second, b"", sender=BOB)


@pytest.mark.parametrize("decimals", [6, 18, 24])
@pytest.mark.parametrize(("units", "used", "price"), [(3, 1, PRICE // 3), (7, 7, PRICE // 7 + 1)])
@pytest.mark.spec("1.4")
def test_rounds_payment_and_fee_down_and_refunds_the_rest(decimals, units, used, price):
    world = World(decimals=decimals)
    world.register(BOB, ask=price)
    request = world.request(units=units, maxPrice=price)
    world.submit(request, BOB, used)
    world.evm.advance(86_401)
    receipt = world.market.settle(request, sender=STRANGER)
    due = value_down(used, price, decimals)
    fee = due * 250 // 10_000
    assert receipt.event("RequestSettled").args | {"id": 0, "minerId": 0} == {
        "id": 0,
        "minerId": 0,
        "paid": due - fee,
        "fee": fee,
        "refunded": world.lock_of(request) - due,
    }
    assert world.account_of(ALICE) == (world.lock_of(request) - due, 0)
    assert world.market.minerAccount(BOB).earnings == due - fee


def test_an_offer_withdrawn_midway(world, submitted):
    world.market.withdrawOffer(CPU, sender=BOB)
    world.evm.advance(86_401)
    with changes(world) as found:
        world.market.settle(submitted, sender=STRANGER)
    assert (found["bob published"], found["published"]) == (-100, -100)
    offer = world.market.offerOf(BOB, CPU)
    assert (offer.published, offer.reserved, offer.capacity) == (0, 0, 1_000)


def test_an_offer_pruned_midway(world):
    ends = world.evm.time + 60
    world.market.publishOffer(CPU, 1_000, PRICE, ends, False, sender=BOB)
    request = world.request()
    world.submit(request, BOB)
    world.evm.advance(61)
    world.market.pruneOffer(BOB, CPU, sender=STRANGER)
    assert world.market.offerOf(BOB, CPU).published == 100
    world.evm.advance(86_400)
    world.market.settle(request, sender=STRANGER)
    offer = world.market.offerOf(BOB, CPU)
    assert (offer.published, offer.reserved, offer.validUntil) == (0, 0, 0)


def test_an_offer_withdrawn_and_published_again_midway(world, submitted):
    world.market.withdrawOffer(CPU, sender=BOB)
    with reverts("PublishedBelowReserved", 99, 100):
        world.market.publishOffer(CPU, 99, PRICE, 2**32 - 1, False, sender=BOB)
    world.market.publishOffer(CPU, 300, 7 * PRICE, 2**32 - 1, False, sender=BOB)
    world.evm.advance(86_401)
    with changes(world) as found:
        world.market.settle(submitted, sender=STRANGER)
    assert "bob published" not in found
    assert found["bob earnings"] == 117 * world.unit
    offer = world.market.offerOf(BOB, CPU)
    assert (offer.published, offer.reserved) == (300, 0)


@pytest.mark.spec("4.5")
def test_a_model_replaced_midway_changes_no_price(world, submitted):
    broken = world.evm.deploy("Puppet")
    broken.instruct(b"", True)
    world.market.setPriceModel(CPU, broken.address, sender=OWNER)
    world.evm.advance(86_401)
    with changes(world) as found:
        world.market.settle(submitted, sender=STRANGER)
    assert found["bob earnings"] == 117 * world.unit


@pytest.mark.spec("4.5")
def test_what_governance_retires_midway_goes_on(world, submitted):
    world.market.retireResourceClass(CPU, sender=OWNER)
    world.market.retireTerms(TERMS, sender=OWNER)
    world.market.pause(sender=GUARDIAN)
    world.market.renounceOwnership(sender=OWNER)
    world.evm.advance(86_401)
    with changes(world) as found:
        world.market.settle(submitted, sender=STRANGER)
    assert found["bob earnings"] == 117 * world.unit
    assert found["treasury available"] == 3 * world.unit


@pytest.mark.spec("12.6")
def test_without_a_court_the_requester_trusts_its_miner(world):
    """Any root is paid in full after the window: nobody could have challenged it."""
    request = world.request(terms=2)
    world.submit(request, BOB)
    world.evm.advance(86_401)
    receipt = world.market.settle(request, sender=BOB)
    assert receipt.event("RequestSettled").args["paid"] == 150 * world.unit
