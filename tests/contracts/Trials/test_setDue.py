import pytest

from tests.harness.books import changes
from tests.harness.evm import account, reverts
from tests.harness.market import ALICE, BOB, MAX_UINT64, OWNER, ROOT, STRANGER, State, Trial

OTHER_COURT = account("other court")
WINDOW = 86_400
TRIAL = 8 * WINDOW  # window and verdictBy


@pytest.mark.spec("6.18")
def test_moves_nothing_yet(world, challenged):
    with changes(world) as found:
        receipt = world.court.setDue(challenged, 30)
    assert found == {}
    deal = world.deal(challenged)
    assert (deal.trial, deal.dueSet, deal.unitsDue, deal.unitsUsed) == (Trial.FROZEN, True, 30, 80)
    assert [event.name for event in receipt.events] == ["DueSet"]
    assert receipt.events[0].args == {
        "id": world.request_id(challenged),
        "minerId": deal.minerId,
        "unitsDue": 30,
    }


@pytest.mark.parametrize(("due", "paid"), [(0, 0), (40, 60), (80, 120)])
@pytest.mark.spec("8.8")
def test_a_court_that_falls_silent_leaves_this_to_pay(world, challenged, due, paid):
    world.court.setDue(challenged, due)
    world.evm.advance(TRIAL + 1)
    with changes(world) as found:
        receipt = world.market.settle(challenged, sender=STRANGER)
    fee = paid * world.unit // 40
    assert found.get("bob earnings", 0) == paid * world.unit - fee
    assert found.get("treasury available", 0) == fee
    assert found["alice available"] == (200 - paid) * world.unit
    assert "bob stake" not in found
    assert "bob overturned" not in found
    assert receipt.event("RequestSettled").args["refunded"] == (200 - paid) * world.unit
    assert world.deal(challenged).trial == Trial.SILENT


@pytest.mark.spec("6.18")
def test_the_last_word_counts(world, challenged):
    """A miner that was silent and then serves what was asked for gets its pay back."""
    for due in (0, 50, 80, 20):
        world.court.setDue(challenged, due)
    world.evm.advance(TRIAL + 1)
    world.market.settleMany([challenged], sender=STRANGER)
    assert world.market.minerAccount(BOB).earnings == 29_250 * world.unit // 1_000


@pytest.mark.spec("6.18", "8.8")
def test_stays_when_the_deal_is_thawed(world, challenged):
    world.court.setDue(challenged, 20)
    world.court.thaw(challenged)
    world.evm.advance(WINDOW + 1)
    world.market.settle(challenged, sender=STRANGER)
    assert world.market.minerAccount(BOB).earnings == 29_250 * world.unit // 1_000
    assert world.deal(challenged).trial == Trial.NONE


@pytest.mark.spec("8.7")
def test_a_verdict_says_its_own(world, challenged):
    world.court.setDue(challenged, 0)
    world.court.resolve(challenged, 80, 0)
    assert world.market.minerAccount(BOB).earnings == 117 * world.unit


@pytest.mark.spec("6.11")
def test_acceptance_pays_what_it_names(world, challenged):
    world.court.setDue(challenged, 0)
    world.market.acceptResult(challenged, ROOT, 80, sender=ALICE)
    assert world.market.minerAccount(BOB).earnings == 117 * world.unit


@pytest.mark.parametrize("due", [81, 100, MAX_UINT64])
@pytest.mark.spec("6.18")
def test_at_most_what_was_claimed(world, challenged, due):
    with reverts("UnitsAboveDeal", due, 80):
        world.court.setDue(challenged, due)


@pytest.mark.parametrize("caller", [ALICE, BOB, OWNER, STRANGER, OTHER_COURT])
@pytest.mark.spec("6.18", "7.2")
def test_only_the_court_of_the_terms(world, challenged, caller):
    world.add_terms(court=OTHER_COURT)
    with reverts("NotCourt", caller, world.court.address):
        world.market.setDue(challenged, 0, sender=caller)


@pytest.mark.spec("6.18")
def test_only_of_a_frozen_deal(world, submitted):
    with reverts("WrongTrial", world.request_id(submitted), Trial.NONE):
        world.court.setDue(submitted, 0)


def test_only_of_a_submitted_result(world, deal):
    with reverts("WrongState", world.request_id(deal), State.CONFIRMED):
        world.court.setDue(deal, 0)


@pytest.mark.spec("6.4", "6.18")
def test_until_the_courts_time_is_up(world, challenged):
    deadline = world.evm.time + TRIAL
    with world.evm.rollback():
        world.evm.advance(TRIAL + 1)
        with reverts("DeadlinePassed", deadline):
            world.court.setDue(challenged, 0)
    world.evm.advance(TRIAL)
    world.court.setDue(challenged, 0)
