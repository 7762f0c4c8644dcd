import pytest

from tests.harness.books import changes
from tests.harness.evm import account, reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    GUARDIAN,
    OWNER,
    PRICE,
    ROOT,
    STRANGER,
    TERMS,
    State,
    World,
    value_down,
    value_up,
)

OTHER_COURT = account("other court")
TRIAL = 8 * 86_400  # window and verdictBy


@pytest.mark.spec("6.15", "8.2", "8.3", "8.4")
def test_takes_the_collateral_and_shares_it(world, challenged):
    with changes(world) as found:
        receipt = world.court.overturn(challenged)
    assert found == {
        "alice locked": -200 * world.unit,
        "alice available": (200 + 30) * world.unit,
        "court available": 34 * world.unit,
        "pool available": 136 * world.unit,
        "bob stake": -200 * world.unit,
        "bob pledged": -200 * world.unit,
        "bob computePower": -100,
        "bob overturned": 1,
        "bob capacity": -100,
        "bob published": -100,
        "bob reserved": -100,
        "registered": -100,
        "published": -100,
        "demanded": -100,
    }
    assert world.state(challenged) == State.OVERTURNED
    ids = {"id": world.request_id(challenged), "minerId": world.deal(challenged).minerId}
    assert {event.name for event in receipt.events} == {"StakeSlashed", "RequestOverturned"}
    assert receipt.event("RequestOverturned").args == ids | {"refunded": 200 * world.unit}
    assert receipt.event("StakeSlashed").args == ids | {
        "compensation": 30 * world.unit,
        "courtShare": 34 * world.unit,
        "poolShare": 136 * world.unit,
    }


def test_compensates_whatever_was_claimed(world):
    request = world.request()
    world.submit(request, BOB, 0)
    world.court.freeze(request)
    with changes(world) as found:
        world.court.overturn(request)
    assert found["alice available"] == 230 * world.unit


@pytest.mark.parametrize("court_share", [0, 10_000])
def test_without_compensation_court_and_pool_share_all(world, court_share):
    terms = world.add_terms(court=world.court.address, compensationCap=0, courtBps=court_share)
    request = world.request(terms=terms)
    world.submit(request, BOB)
    world.court.freeze(request)
    with changes(world) as found:
        world.court.overturn(request)
    assert found.get("court available", 0) == 200 * world.unit * court_share // 10_000
    assert found.get("pool available", 0) == 200 * world.unit * (10_000 - court_share) // 10_000
    assert found["alice available"] == 200 * world.unit


@pytest.mark.parametrize("caller", [ALICE, BOB, OWNER, STRANGER, OTHER_COURT])
@pytest.mark.spec("6.15", "7.2")
def test_only_the_court_of_the_terms(world, challenged, caller):
    world.add_terms(court=OTHER_COURT)
    with reverts("NotCourt", caller, world.court.address):
        world.market.overturn(challenged, sender=caller)


@pytest.mark.spec("6.15", "11.4")
def test_only_with_a_challenge_open(world, submitted):
    """No court can slash what nobody challenged in the window."""
    with reverts("NoChallengeOpen", world.request_id(submitted)):
        world.court.overturn(submitted)


def test_one_of_several_challenges_is_enough(world, challenged):
    world.court.freeze(challenged)
    world.court.overturn(challenged)
    with reverts("WrongState", world.request_id(challenged), State.OVERTURNED):
        world.court.overturn(challenged)
    with reverts("WrongState", world.request_id(challenged), State.OVERTURNED):
        world.court.thaw(challenged)


@pytest.mark.spec("6.4", "6.15", "11.4")
def test_until_the_courts_time_is_up(world, challenged):
    deadline = world.evm.time + TRIAL
    with world.evm.rollback():
        world.evm.advance(TRIAL + 1)
        with reverts("DeadlinePassed", deadline):
            world.court.overturn(challenged)
    world.evm.advance(TRIAL)
    world.court.overturn(challenged)


def test_not_of_a_settled_deal(world, submitted):
    world.market.acceptResult(submitted, ROOT, 80, sender=ALICE)
    with reverts("WrongState", world.request_id(submitted), State.SETTLED):
        world.court.overturn(submitted)


def test_of_a_withdrawn_offer_takes_its_units_once(world, challenged):
    world.market.withdrawOffer(CPU, sender=BOB)
    with changes(world) as found:
        world.court.overturn(challenged)
    assert (found["bob published"], found["bob capacity"]) == (-100, -100)
    offer = world.market.offerOf(BOB, CPU)
    assert (offer.published, offer.reserved, offer.capacity) == (0, 0, 900)


def test_the_miners_other_offer_stays_whole(world, challenged):
    world.register(BOB, resource=2, capacity=77)
    before = world.market.offerOf(BOB, 2)
    world.court.overturn(challenged)
    assert world.market.offerOf(BOB, 2) == before
    status = world.market.minerStatus(BOB)
    assert status.pledged == value_up(77, 1_333_333_333_333_333_333) + value_up(900, 2 * PRICE)


@pytest.mark.spec("4.5")
def test_what_governance_does_midway_changes_nothing(world, challenged):
    world.market.retireResourceClass(CPU, sender=OWNER)
    world.market.retireTerms(TERMS, sender=OWNER)
    world.market.pause(sender=GUARDIAN)
    with changes(world) as found:
        world.court.overturn(challenged)
    assert found["alice available"] == 230 * world.unit


@pytest.mark.parametrize("decimals", [6, 18, 24])
@pytest.mark.spec("1.4", "8.4")
def test_rounds_slashes_and_shares_down_and_gives_the_pool_the_rest(decimals):
    world = World(decimals=decimals)
    per_unit, cap = 1_333_333_333_333_333_333, PRICE // 3 + 1
    world.register(BOB, resource=2, capacity=10, ask=PRICE // 7)
    terms = world.add_terms(
        court=world.court.address, defaultBps=3_333, overturnBps=3_333, compensationCap=cap
    )
    request = world.request(resource=2, units=7, maxPrice=PRICE // 7, terms=terms)
    world.submit(request, BOB)
    world.court.freeze(request)
    receipt = world.court.overturn(request)
    slashed = value_down(7, per_unit, decimals) * 3_333 // 10_000
    compensation = min(slashed, value_down(1, cap, decimals), value_down(7, PRICE // 7, decimals))
    court = (slashed - compensation) * 2_000 // 10_000
    shares = receipt.event("StakeSlashed").args
    assert shares["compensation"] == compensation
    assert shares["courtShare"] == court
    assert shares["poolShare"] == slashed - compensation - court
    status = world.market.minerStatus(BOB)
    assert status.stake == value_up(10, per_unit, decimals) - slashed
    lost = -(-slashed * 10**18 // (per_unit * 10**decimals))
    assert world.market.offerOf(BOB, 2).capacity == 10 - lost
    assert status.pledged == value_up(10 - lost, per_unit, decimals) <= status.stake
