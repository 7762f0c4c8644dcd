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
    World,
    value_down,
)


@pytest.mark.parametrize("caller", [ALICE, BOB, PAYOUT, OWNER, GUARDIAN, STRANGER])
@pytest.mark.spec("6.10", "8.2", "8.3")
def test_refunds_and_compensates_the_requester(world, deal, caller):
    world.evm.advance(deal.duration + 1)
    with changes(world) as found:
        receipt = world.market.claimDefault(deal, sender=caller)
    assert found == {
        "alice locked": -200 * world.unit,
        "alice available": (200 + 30) * world.unit,
        "pool available": 70 * world.unit,
        "bob stake": -100 * world.unit,
        "bob pledged": -100 * world.unit,
        "bob computePower": -50,
        "bob defaulted": 1,
        "bob capacity": -50,
        "bob published": -50,
        "bob reserved": -100,
        "registered": -50,
        "published": -50,
        "demanded": -100,
    }
    assert world.state(deal) == State.DEFAULTED
    ids = {"id": world.request_id(deal), "minerId": world.deal(deal).minerId}
    assert {event.name for event in receipt.events} == {"StakeSlashed", "RequestDefaulted"}
    assert receipt.event("RequestDefaulted").args == ids | {"refunded": 200 * world.unit}
    assert receipt.event("StakeSlashed").args == ids | {
        "compensation": 30 * world.unit,
        "courtShare": 0,
        "poolShare": 70 * world.unit,
    }


@pytest.mark.spec("8.3")
def test_the_rest_goes_to_the_pool_and_nothing_to_the_court(world):
    terms = world.add_terms(
        defaultBps=10_000, compensationCap=15 * PRICE, courtBps=10_000, court=world.court.address
    )
    request = world.request(terms=terms)
    world.confirm(request, BOB)
    world.evm.advance(request.duration + 1)
    with changes(world) as found:
        world.market.claimDefault(request, sender=STRANGER)
    assert found["bob stake"] == -200 * world.unit
    assert found["alice available"] == (200 + 15) * world.unit
    assert found["pool available"] == 185 * world.unit
    assert "court available" not in found


@pytest.mark.spec("6.4", "6.10")
def test_not_before_the_deadline_is_over(world, deal):
    deadline = world.deal(deal).time
    for _ in range(2):
        with reverts("DeadlineNotPassed", deadline):
            world.market.claimDefault(deal, sender=ALICE)
        world.evm.advance(deadline - world.evm.time)
    world.evm.advance(1)
    world.market.claimDefault(deal, sender=ALICE)


def test_not_of_a_submitted_result(world, submitted):
    world.evm.advance(10**8)
    with reverts("WrongState", world.request_id(submitted), State.SUBMITTED):
        world.market.claimDefault(submitted, sender=ALICE)


def test_not_of_a_posted_request(world):
    request = world.request()
    world.post(request)
    world.evm.advance(10**8)
    with reverts("WrongState", world.request_id(request), State.POSTED):
        world.market.claimDefault(request, sender=ALICE)


def test_not_twice(world, deal):
    world.evm.advance(deal.duration + 1)
    world.market.claimDefault(deal, sender=ALICE)
    with changes(world) as found, reverts("WrongState", world.request_id(deal), State.DEFAULTED):
        world.market.claimDefault(deal, sender=ALICE)
    assert found == {}


def test_takes_no_stake_of_other_deals(world, deal):
    """Two deals fill the capacity; one defaults with all its collateral, the other still pays."""
    terms = world.add_terms(defaultBps=10_000)
    other = world.request(units=900, salt=1, terms=terms)
    world.confirm(other, BOB)
    world.evm.advance(100)
    world.market.submitResult(deal, b"\x01" * 32, 100, sender=BOB)
    world.evm.advance(other.duration)
    world.market.claimDefault(other, sender=STRANGER)
    status = world.market.minerStatus(BOB)
    assert (status.stake, status.pledged) == (200 * world.unit, 200 * world.unit)
    offer = world.market.offerOf(BOB, CPU)
    assert (offer.capacity, offer.published, offer.reserved) == (100, 100, 100)
    world.court.freeze(deal)
    world.court.resolve(deal, 0, 10_000)
    assert world.market.minerStatus(BOB).stake == 0
    assert tuple(world.market.supplyOf(CPU)) == (0, 0, 0, 0)


@pytest.mark.spec("12.9")
def test_stake_on_its_way_out_is_not_touched(world, deal):
    world.stake(BOB, 50 * world.unit)
    world.market.startUnbonding(BOB, 50 * world.unit, sender=BOB)
    world.evm.advance(deal.duration + 1)
    world.market.claimDefault(deal, sender=STRANGER)
    account, status = world.market.minerAccount(BOB), world.market.minerStatus(BOB)
    assert account.unbonding == 50 * world.unit
    assert status.stake - status.pledged == 50 * world.unit


def test_stake_behind_the_deal_can_not_leave_before(world, deal):
    with reverts("InsufficientStake", 0, 1):
        world.market.startUnbonding(BOB, 1, sender=BOB)
    world.market.withdrawOffer(CPU, sender=BOB)
    with reverts("CapacityBelowPublished", 99, 100):
        world.market.registerResource(CPU, 99, sender=BOB)
    world.market.registerResource(CPU, 100, sender=BOB)
    with reverts("InsufficientStake", 1_800 * world.unit, 1_800 * world.unit + 1):
        world.market.startUnbonding(BOB, 1_800 * world.unit + 1, sender=BOB)
    world.evm.advance(deal.duration + 1)
    with changes(world) as found:
        world.market.claimDefault(deal, sender=ALICE)
    assert found["bob stake"] == -100 * world.unit
    assert (found["bob published"], found["bob capacity"]) == (-100, -50)


@pytest.mark.spec("4.5")
def test_what_governance_does_midway_changes_nothing(world, deal):
    broken = world.evm.deploy("Puppet")
    broken.instruct(b"", True)
    world.market.setPriceModel(CPU, broken.address, sender=OWNER)
    world.market.retireResourceClass(CPU, sender=OWNER)
    world.market.retireTerms(TERMS, sender=OWNER)
    world.market.pause(sender=GUARDIAN)
    world.evm.advance(deal.duration + 1)
    with changes(world) as found:
        world.market.claimDefault(deal, sender=STRANGER)
    assert found["alice available"] == 230 * world.unit


@pytest.mark.spec("12.10")
def test_dust_costs_no_stake(world):
    """Slashes round down: a share below one base unit takes neither stake nor capacity."""
    resource = world.add_class(stakePerUnit=1, floor=1)
    world.register(BOB, resource=resource, capacity=10)
    request = world.request(units=1, maxPrice=PRICE, resource=resource)
    world.confirm(request, BOB)
    world.evm.advance(request.duration + 1)
    receipt = world.market.claimDefault(request, sender=STRANGER)
    assert receipt.event("StakeSlashed").args["compensation"] == 0
    offer = world.market.offerOf(BOB, resource)
    assert (offer.capacity, offer.reserved) == (10, 0)


def gained_by_failing(world, parts):
    """What Alice gains when 300 units at the floor price fail, in so many deals."""
    requests = [
        world.request(units=300 // parts, maxPrice=PRICE // 100, salt=salt) for salt in range(parts)
    ]
    with world.evm.rollback():
        world.market.publishOffer(CPU, 1_000, PRICE // 100, 2**32 - 1, False, sender=BOB)
        for request in requests:
            world.confirm(request, BOB)
        brought = sum(world.lock_of(request) for request in requests)
        world.evm.advance(7_201)
        for request in requests:
            world.market.claimDefault(request, sender=ALICE)
        return world.account_of(ALICE)[0] - brought


@pytest.mark.parametrize("parts", [1, 3, 10, 300])
@pytest.mark.spec("8.3", "10.2")
def test_work_made_to_fail_gains_its_price_at_most(world, parts):
    """However it is split, and however much collateral stands behind it."""
    assert gained_by_failing(world, parts) == 3 * world.unit


@pytest.mark.parametrize("end", ["claimDefault", "overturn"])
@pytest.mark.spec("1.4", "8.3")
def test_compensation_is_at_most_the_price_rounded_down(end):
    """Seven units at a price of 1.5 base units are worth 10.5: ten come back, not eleven."""
    world = World(decimals=6)
    resource = world.add_class(floor=1)
    world.register(BOB, resource=resource, ask=3 * 10**12 // 2)
    terms = world.add_terms(court=world.court.address, compensationCap=10**18)
    request = world.request(units=7, maxPrice=3 * 10**12 // 2, resource=resource, terms=terms)
    world.confirm(request, BOB)
    if end == "overturn":
        world.market.submitResult(request, ROOT, 7, sender=BOB)
        world.court.freeze(request)
        receipt = world.court.resolve(request, 0, 10_000)
    else:
        world.evm.advance(request.duration + 1)
        receipt = world.market.claimDefault(request, sender=STRANGER)
    assert receipt.event("StakeSlashed").args["compensation"] == 10
    assert world.account_of(ALICE) == (11 + 10, 0)


@pytest.mark.parametrize("cap", [0, 1, PRICE // 2, 10 * PRICE])
@pytest.mark.spec("8.3", "10.2")
def test_compensation_is_capped_per_deal(world, cap):
    terms = world.add_terms(compensationCap=cap)
    request = world.request(terms=terms)
    world.confirm(request, BOB)
    world.evm.advance(request.duration + 1)
    with changes(world) as found:
        world.market.claimDefault(request, sender=STRANGER)
    assert found["alice available"] == 200 * world.unit + value_down(1, cap)
    assert found["pool available"] == 100 * world.unit - value_down(1, cap)
