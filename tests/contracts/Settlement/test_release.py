import pytest

from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, CPU, DAVE, PAYOUT, PRICE, STRANGER, State

FAULTLESS = {"demanded": -100, "bob reserved": -100, "alice locked": -200}


def in_tokens(world, found):
    money = ("available", "locked", "stake", "pledged", "earnings", "held")
    return {k: v / world.unit if k.endswith(money) else v for k, v in found.items()}


@pytest.mark.spec("6.8", "8.2")
def test_costs_the_small_share_and_refunds_the_requester(world, deal):
    with changes(world) as found:
        world.market.release(deal, sender=BOB)
    assert in_tokens(world, found) == {
        "alice locked": -200,
        "alice available": 200,
        "pool available": 2,
        "bob stake": -2,
        "bob pledged": -2,
        "bob computePower": -1,
        "bob capacity": -1,
        "bob published": -1,
        "bob reserved": -100,
        "registered": -1,
        "published": -1,
        "demanded": -100,
    }
    assert world.state(deal) == State.RELEASED


def test_says_so(world, deal):
    receipt = world.market.release(deal, sender=BOB)
    ids = {"id": world.request_id(deal), "minerId": world.deal(deal).minerId}
    assert {event.name for event in receipt.events} == {"StakeSlashed", "RequestReleased"}
    assert receipt.event("RequestReleased").args == ids | {"refunded": 200 * world.unit}
    assert receipt.event("StakeSlashed").args == ids | {
        "compensation": 0,
        "courtShare": 0,
        "poolShare": 2 * world.unit,
    }


@pytest.mark.spec("8.6")
def test_counts_against_nobody(world, deal):
    world.market.release(deal, sender=BOB)
    status = world.market.minerStatus(BOB)
    assert (status.completed, status.defaulted, status.overturned) == (0, 0, 0)
    assert status.lastPaymentTime == 0


@pytest.mark.parametrize("cap", [0, 1, 75 * PRICE, 2**80 - 1])
@pytest.mark.spec("8.3", "10.2")
def test_compensates_nobody(world, cap):
    """A signed request costs its requester nothing, so work made to be released would pay."""
    terms = world.add_terms(releaseBps=10_000, defaultBps=10_000, compensationCap=cap)
    request = world.request(terms=terms)
    world.confirm(request, BOB)
    with changes(world) as found:
        world.market.release(request, sender=BOB)
    tokens = in_tokens(world, found)
    assert tokens["bob stake"] == -200
    assert tokens["alice available"] == 200
    assert tokens["pool available"] == 200
    assert "court available" not in found
    assert world.market.offerOf(BOB, CPU).capacity == 900


def test_terms_without_shares_cost_nothing(world):
    request = world.request(terms=2)
    world.confirm(request, BOB)
    with changes(world) as found:
        receipt = world.market.release(request, sender=BOB)
    assert in_tokens(world, found) == FAULTLESS | {"alice available": 200}
    assert receipt.event("StakeSlashed").args["poolShare"] == 0


@pytest.mark.parametrize("caller", [ALICE, PAYOUT, STRANGER])
@pytest.mark.spec("6.8")
def test_only_its_miner(world, deal, caller):
    with reverts("NotDealMiner", caller):
        world.market.release(deal, sender=caller)


def test_not_another_miner(world, deal):
    world.register(DAVE)
    with reverts("NotDealMiner", DAVE):
        world.market.release(deal, sender=DAVE)


@pytest.mark.spec("6.8", "12.7")
def test_only_until_the_deadline(world, deal):
    deadline = world.deal(deal).time
    with world.evm.rollback():
        world.evm.advance(deal.duration + 1)
        with reverts("DeadlinePassed", deadline):
            world.market.release(deal, sender=BOB)
    world.evm.advance(deal.duration)
    world.market.release(deal, sender=BOB)


def test_not_after_a_result(world, submitted):
    """A miner can't flee from a challenge."""
    with reverts("WrongState", world.request_id(submitted), State.SUBMITTED):
        world.market.release(submitted, sender=BOB)


def test_not_twice(world, deal):
    world.market.release(deal, sender=BOB)
    with reverts("WrongState", world.request_id(deal), State.RELEASED):
        world.market.release(deal, sender=BOB)


def test_of_a_withdrawn_offer_takes_all_its_units_from_sale(world, deal):
    world.market.withdrawOffer(CPU, sender=BOB)
    with changes(world) as found:
        world.market.release(deal, sender=BOB)
    assert (found["bob published"], found["published"]) == (-100, -100)
    assert (found["bob capacity"], found["registered"]) == (-1, -1)
    offer = world.market.offerOf(BOB, CPU)
    assert (offer.published, offer.reserved, offer.capacity) == (0, 0, 999)
