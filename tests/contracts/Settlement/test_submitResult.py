import pytest

from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, DAVE, MAX_UINT64, PAYOUT, ROOT, STRANGER, State


@pytest.mark.spec("6.6", "7.1")
def test_opens_the_window_and_moves_nothing(world, deal):
    world.evm.advance(100)
    with changes(world) as found:
        receipt = world.market.submitResult(deal, ROOT, 80, sender=BOB)
    assert found == {}
    assert world.state(deal) == State.SUBMITTED
    stored = world.deal(deal)
    assert (stored.root, stored.unitsUsed) == (ROOT, 80)
    assert stored.time == world.evm.time
    assert [event.name for event in receipt.events] == ["ResultSubmitted"]
    assert receipt.events[0].args == {
        "id": world.request_id(deal),
        "minerId": stored.minerId,
        "root": ROOT,
        "unitsUsed": 80,
    }


@pytest.mark.parametrize("used", [0, 1, 99, 100])
def test_units_up_to_the_deals(world, deal, used):
    world.market.submitResult(deal, ROOT, used, sender=BOB)
    assert world.deal(deal).unitsUsed == used


@pytest.mark.parametrize("used", [101, MAX_UINT64])
@pytest.mark.spec("7.1")
def test_not_more_units_than_the_deals(world, deal, used):
    with reverts("UnitsAboveDeal", used, 100):
        world.market.submitResult(deal, ROOT, used, sender=BOB)


@pytest.mark.spec("7.1")
def test_needs_a_root(world, deal):
    with reverts("NoRoot"):
        world.market.submitResult(deal, bytes(32), 80, sender=BOB)


@pytest.mark.parametrize("caller", [ALICE, PAYOUT, STRANGER, DAVE])
@pytest.mark.spec("6.6")
def test_only_its_miner(world, deal, caller):
    world.register(DAVE)
    with reverts("NotDealMiner", caller):
        world.market.submitResult(deal, ROOT, 80, sender=caller)


@pytest.mark.spec("6.4", "6.6")
def test_the_deadline_is_the_last_second(world, deal):
    deadline = world.deal(deal).time
    with world.evm.rollback():
        world.evm.advance(deal.duration + 1)
        with reverts("DeadlinePassed", deadline):
            world.market.submitResult(deal, ROOT, 80, sender=BOB)
    world.evm.advance(deal.duration)
    world.market.submitResult(deal, ROOT, 80, sender=BOB)


def test_once(world, submitted):
    with reverts("WrongState", world.request_id(submitted), State.SUBMITTED):
        world.market.submitResult(submitted, b"\x02" * 32, 100, sender=BOB)
    assert world.deal(submitted).root == ROOT


def test_not_of_a_posted_request(world):
    request = world.request()
    world.post(request)
    with reverts("WrongState", world.request_id(request), State.POSTED):
        world.market.submitResult(request, ROOT, 1, sender=BOB)


@pytest.mark.spec("6.3")
def test_the_window_is_that_of_the_terms(world):
    terms = world.add_terms(challengeWindow=60)
    request = world.request(terms=terms)
    world.submit(request, BOB)
    world.evm.advance(60)
    assert world.state(request) == State.SUBMITTED
    world.evm.advance(1)
    assert world.state(request) == State.SETTLEABLE
