import pytest

from tests.contracts.Leasing.conftest import ASK, CHANNELS, DAY, KEY, OTHER_KEY, STORAGE
from tests.harness.evm import reverts
from tests.harness.market import BOB, CPU, GPU, GUARDIAN, MAX_UINT64, OWNER, PAYOUT, PRICE


@pytest.mark.spec("4.6", "13.2")
def test_reserves_and_demands_the_units(world, lease):
    before = world.market.supplyOf(GPU)
    receipt = lease.take()
    assert receipt.value == (ASK, 3_600)
    assert tuple(world.market.lotOf(CHANNELS, KEY)) == (
        lease.miner,
        GPU,
        60,
        world.evm.time + DAY,
    )
    assert world.market.offerOf(BOB, GPU).reserved == 60
    supply = world.market.supplyOf(GPU)
    assert supply.demanded == before.demanded + 60
    assert (supply.registered, supply.published) == (before.registered, before.published)
    assert [event.name for event in receipt.events] == ["LotTaken"]
    assert receipt.events[0].args == {
        "operator": CHANNELS,
        "lot": KEY,
        "minerId": lease.miner,
        "resource": GPU,
        "units": 60,
        "price": ASK,
        "busyUntil": world.evm.time + DAY,
    }


@pytest.mark.spec("13.2")
def test_the_price_is_the_models_between_ask_and_bid(world, lease):
    """Each unit taken raises it by 0.001 token, each published lowers it."""
    world.market.publishOffer(GPU, 100, 0, 2**32 - 1, False, sender=BOB)
    assert lease.take(units=50).value.price == PRICE - PRICE // 10
    assert lease.take(lot=OTHER_KEY, units=1).value.price == PRICE - PRICE // 20
    assert lease.take(lot=b"\x03" * 32, units=1, maxPrice=PRICE // 2).value.price == PRICE // 2


@pytest.mark.spec("13.2")
def test_a_key_once_at_a_time_for_each_operator(world, lease):
    world.market.permitOperator(BOB, STORAGE, DAY, sender=PAYOUT)
    lease.take(units=10)
    with reverts("LotExists", CHANNELS, KEY):
        lease.take(units=10)
    lease.take(by=STORAGE, units=10)
    world.evm.advance(DAY + 1)
    with reverts("LotExists", CHANNELS, KEY):
        lease.take(units=10)
    world.market.pruneLots(CHANNELS, [KEY])
    lease.take(units=10)


@pytest.mark.spec("13.2")
def test_an_operator_that_is_permitted(world, lease):
    with reverts("OperatorNotPermitted", lease.miner, STORAGE):
        lease.take(by=STORAGE)
    with reverts("OperatorNotPermitted", 99, CHANNELS):
        lease.take(minerId=99)


@pytest.mark.spec("13.2")
def test_for_no_longer_than_is_permitted(world, lease):
    now = world.evm.time
    for end in (now, now + DAY + 1, 0):
        with reverts("LotEndOutOfBounds", end, now + 1, now + DAY):
            lease.take(busyUntil=end)
    lease.take(busyUntil=now + 1)


@pytest.mark.spec("4.4", "13.2")
def test_leased_classes_only(world, lease):
    world.register(BOB, resource=CPU, capacity=100)
    with reverts("ResourceNotLeased", CPU):
        lease.take(resource=CPU)
    with reverts("UnknownResource", 9):
        lease.take(resource=9)


@pytest.mark.spec("4.3", "13.2")
def test_not_of_a_retired_class(world, lease):
    world.market.retireResourceClass(GPU, sender=OWNER)
    with reverts("ResourceRetired", GPU):
        lease.take()


@pytest.mark.spec("9.3", "13.2")
def test_not_while_paused(world, lease):
    world.market.pause(sender=GUARDIAN)
    with reverts("EnforcedPause"):
        lease.take()


@pytest.mark.spec("13.2")
def test_what_the_offer_has_free(world, lease):
    lease.take(units=60)
    for units in (41, MAX_UINT64):
        with reverts("InsufficientCapacity", 40, units):
            lease.take(lot=OTHER_KEY, units=units)
    with reverts("ZeroAmount"):
        lease.take(lot=OTHER_KEY, units=0)
    lease.take(lot=OTHER_KEY, units=40)


@pytest.mark.spec("13.2")
def test_of_a_valid_offer_between_ask_and_bid(world, lease):
    with reverts("AskAboveBid", ASK, ASK - 1):
        lease.take(maxPrice=ASK - 1)
    floor = world.market.resourceClass(GPU).floor
    with reverts("BidBelowFloor", floor - 1, floor):
        lease.take(maxPrice=floor - 1)
    world.market.withdrawOffer(GPU, sender=BOB)
    with reverts("OfferExpired", 0):
        lease.take()
