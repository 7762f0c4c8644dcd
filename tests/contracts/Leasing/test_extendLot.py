import pytest

from tests.contracts.Leasing.conftest import ASK, CHANNELS, DAY, KEY, STORAGE
from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import BOB, GPU, GUARDIAN, OWNER, PRICE


@pytest.fixture
def taken(world, lease):
    """Taken an hour ago."""
    lease.take()
    world.evm.advance(3_600)
    return world.evm.time - 3_600 + DAY


@pytest.mark.spec("13.3")
def test_moves_the_end_and_nothing_else(world, lease, taken):
    with changes(world) as found:
        receipt = lease.extend()
    assert found == {}
    assert receipt.value == (ASK, 3_600)
    assert world.market.lotOf(CHANNELS, KEY).busyUntil == world.evm.time + DAY
    assert [event.name for event in receipt.events] == ["LotExtended"]
    assert receipt.events[0].args == {
        "operator": CHANNELS,
        "lot": KEY,
        "minerId": lease.miner,
        "price": ASK,
        "busyUntil": world.evm.time + DAY,
    }


@pytest.mark.spec("13.3")
def test_at_todays_price_without_its_own_units(world, lease, taken):
    world.market.publishOffer(GPU, 100, 0, 2**32 - 1, False, sender=BOB)
    assert lease.extend().value.price == PRICE - PRICE // 10


@pytest.mark.spec("13.3")
def test_to_a_later_end_that_is_permitted(world, lease, taken):
    latest = world.evm.time + DAY
    for end in (taken, taken - 1, latest + 1):
        with reverts("LotEndOutOfBounds", end, taken + 1, latest):
            lease.extend(busyUntil=end)
    lease.extend(busyUntil=taken + 1)


@pytest.mark.spec("13.3")
def test_until_it_has_lapsed(world, lease, taken):
    world.evm.advance(taken - world.evm.time)
    with world.evm.rollback():
        lease.extend()
    world.evm.advance(1)
    with reverts("LotLapsed", taken):
        lease.extend()


@pytest.mark.spec("13.3", "13.6")
def test_its_own_only(world, lease, taken):
    with reverts("NoLot", STORAGE, KEY):
        lease.extend(by=STORAGE)


@pytest.mark.spec("9.3", "13.3")
def test_only_as_new_business(world, lease, taken):
    with world.evm.rollback():
        world.market.pause(sender=GUARDIAN)
        with reverts("EnforcedPause"):
            lease.extend()
    with world.evm.rollback():
        world.market.retireResourceClass(GPU, sender=OWNER)
        with reverts("ResourceRetired", GPU):
            lease.extend()
    with world.evm.rollback():
        world.market.withdrawOffer(GPU, sender=BOB)
        with reverts("OfferExpired", 0):
            lease.extend()
    with reverts("AskAboveBid", ASK, ASK - 1):
        lease.extend(maxPrice=ASK - 1)
    floor = world.market.resourceClass(GPU).floor
    with reverts("BidBelowFloor", floor - 1, floor):
        lease.extend(maxPrice=floor - 1)
