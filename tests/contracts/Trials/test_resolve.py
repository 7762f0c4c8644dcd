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
    Trial,
    World,
    value_down,
    value_up,
)

OTHER_COURT = account("other court")
TRIAL = 8 * 86_400  # window and verdictBy


@pytest.mark.spec("6.15", "8.3", "8.4", "8.7")
def test_takes_the_collateral_and_shares_it(world, challenged):
    with changes(world) as found:
        receipt = world.court.resolve(challenged, 0, 10_000)
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
    assert receipt.value == 34 * world.unit
    assert [event.name for event in receipt.events] == [
        "TrialChanged",
        "StakeSlashed",
        "RequestOverturned",
    ]
    assert receipt.event("TrialChanged").args == ids | {"trial": Trial.DECIDED}
    assert receipt.event("RequestOverturned").args == ids | {
        "unitsDue": 0,
        "paid": 0,
        "fee": 0,
        "refunded": 200 * world.unit,
    }
    assert receipt.event("StakeSlashed").args == ids | {
        "compensation": 30 * world.unit,
        "courtShare": 34 * world.unit,
        "poolShare": 136 * world.unit,
    }


@pytest.mark.spec("8.7")
def test_pays_what_is_due_and_slashes_a_share(world, challenged):
    """Half of the units stand, a tenth of the collateral is lost."""
    with changes(world) as found:
        receipt = world.court.resolve(challenged, 40, 1_000)
    assert found == {
        "alice locked": -200 * world.unit,
        "alice available": (140 + 20) * world.unit,
        "treasury available": 15 * world.unit // 10,
        "bob earnings": 585 * world.unit // 10,
        "bob earnedTotal": 585 * world.unit // 10,
        "bob feesPaid": 15 * 10**8,
        "bob lastPaymentTime": world.evm.time,
        "bob stake": -20 * world.unit,
        "bob pledged": -20 * world.unit,
        "bob computePower": -10,
        "bob overturned": 1,
        "bob capacity": -10,
        "bob published": -10,
        "bob reserved": -100,
        "registered": -10,
        "published": -10,
        "demanded": -100,
    }
    assert receipt.value == 0
    overturned = receipt.event("RequestOverturned").args
    assert (overturned["unitsDue"], overturned["refunded"]) == (40, 140 * world.unit)
    assert overturned["paid"] + overturned["fee"] == 60 * world.unit


@pytest.mark.spec("8.1", "8.7")
def test_a_result_that_stands_is_settled(world, challenged):
    with changes(world) as found:
        receipt = world.court.resolve(challenged, 80, 0)
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
    assert receipt.value == 0
    assert [event.name for event in receipt.events] == ["TrialChanged", "RequestSettled"]
    assert world.state(challenged) == State.SETTLED
    assert world.deal(challenged).trial == Trial.DECIDED


@pytest.mark.parametrize(("due", "share"), [(79, 0), (0, 0), (80, 1)])
@pytest.mark.spec("8.7")
def test_anything_taken_away_is_an_overturn(world, challenged, due, share):
    world.court.resolve(challenged, due, share)
    assert world.state(challenged) == State.OVERTURNED
    assert world.market.minerStatus(BOB).overturned == 1
    assert world.market.minerStatus(BOB).completed == 0


@pytest.mark.parametrize("due", [81, 100, 2**64 - 1])
@pytest.mark.spec("8.7")
def test_at_most_the_units_claimed(world, challenged, due):
    with reverts("UnitsAboveDeal", due, 80):
        world.court.resolve(challenged, due, 0)


@pytest.mark.spec("8.7", "11.4")
def test_at_most_the_share_of_the_terms(world):
    terms = world.add_terms(court=world.court.address, overturnBps=3_333, defaultBps=100)
    request = world.request(terms=terms)
    world.submit(request, BOB)
    world.court.freeze(request)
    for share in (3_334, 10_000, 2**16 - 1):
        with reverts("SlashAboveTerms", share, 3_333):
            world.court.resolve(request, 0, share)
    world.court.resolve(request, 0, 3_333)
    assert (
        world.market.minerStatus(BOB).stake == (2_000 * world.unit) - 66_660 * world.unit // 1_000
    )


def test_compensates_whatever_was_claimed(world):
    request = world.request()
    world.submit(request, BOB, 0)
    world.court.freeze(request)
    with changes(world) as found:
        world.court.resolve(request, 0, 10_000)
    assert found["alice available"] == 230 * world.unit


@pytest.mark.parametrize("court_share", [0, 10_000])
def test_without_compensation_court_and_pool_share_all(world, court_share):
    terms = world.add_terms(court=world.court.address, compensationCap=0, courtBps=court_share)
    request = world.request(terms=terms)
    world.submit(request, BOB)
    world.court.freeze(request)
    with changes(world) as found:
        world.court.resolve(request, 0, 10_000)
    assert found.get("court available", 0) == 200 * world.unit * court_share // 10_000
    assert found.get("pool available", 0) == 200 * world.unit * (10_000 - court_share) // 10_000
    assert found["alice available"] == 200 * world.unit


@pytest.mark.parametrize("caller", [ALICE, BOB, OWNER, STRANGER, OTHER_COURT])
@pytest.mark.spec("6.15", "7.2")
def test_only_the_court_of_the_terms(world, challenged, caller):
    world.add_terms(court=OTHER_COURT)
    with reverts("NotCourt", caller, world.court.address):
        world.market.resolve(challenged, 0, 10_000, sender=caller)


@pytest.mark.spec("6.15", "11.4")
def test_only_of_a_frozen_deal(world, submitted):
    """No court can slash what it did not freeze in the window."""
    with reverts("WrongTrial", world.request_id(submitted), Trial.NONE):
        world.court.resolve(submitted, 0, 10_000)


@pytest.mark.parametrize("revealed", [False, True])
@pytest.mark.spec("6.15")
def test_once(world, challenged, revealed):
    if revealed:
        world.court.noteReveal(challenged)
    world.court.resolve(challenged, 0, 10_000)
    with reverts("WrongState", world.request_id(challenged), State.OVERTURNED):
        world.court.resolve(challenged, 0, 10_000)
    with reverts("WrongState", world.request_id(challenged), State.OVERTURNED):
        world.court.thaw(challenged)


@pytest.mark.spec("6.4", "6.15", "11.4")
def test_until_the_courts_time_is_up(world, challenged):
    deadline = world.evm.time + TRIAL
    with world.evm.rollback():
        world.evm.advance(TRIAL + 1)
        with reverts("DeadlinePassed", deadline):
            world.court.resolve(challenged, 0, 10_000)
    world.evm.advance(TRIAL)
    world.court.resolve(challenged, 0, 10_000)


def test_not_of_a_settled_deal(world, submitted):
    world.market.acceptResult(submitted, ROOT, 80, sender=ALICE)
    with reverts("WrongState", world.request_id(submitted), State.SETTLED):
        world.court.resolve(submitted, 0, 10_000)


def test_of_a_withdrawn_offer_takes_its_units_once(world, challenged):
    world.market.withdrawOffer(CPU, sender=BOB)
    with changes(world) as found:
        world.court.resolve(challenged, 0, 10_000)
    assert (found["bob published"], found["bob capacity"]) == (-100, -100)
    offer = world.market.offerOf(BOB, CPU)
    assert (offer.published, offer.reserved, offer.capacity) == (0, 0, 900)


def test_the_miners_other_offer_stays_whole(world, challenged):
    world.register(BOB, resource=2, capacity=77)
    before = world.market.offerOf(BOB, 2)
    world.court.resolve(challenged, 0, 10_000)
    assert world.market.offerOf(BOB, 2) == before
    status = world.market.minerStatus(BOB)
    assert status.pledged == value_up(77, 1_333_333_333_333_333_333) + value_up(900, 2 * PRICE)


@pytest.mark.spec("4.5")
def test_what_governance_does_midway_changes_nothing(world, challenged):
    world.market.retireResourceClass(CPU, sender=OWNER)
    world.market.retireTerms(TERMS, sender=OWNER)
    world.market.pause(sender=GUARDIAN)
    with changes(world) as found:
        world.court.resolve(challenged, 0, 10_000)
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
    receipt = world.court.resolve(request, 0, 3_333)
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
