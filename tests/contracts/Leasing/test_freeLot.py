import pytest

from tests.contracts.Leasing.conftest import CHANNELS, DAY, KEY, STORAGE
from tests.harness.market import BOB, GPU, OWNER


@pytest.mark.parametrize("wait", [0, DAY, DAY + 1])
@pytest.mark.spec("13.4")
def test_gives_the_units_back_at_any_time(world, lease, wait):
    before = world.market.supplyOf(GPU)
    lease.take()
    world.evm.advance(wait)
    receipt = world.market.freeLot(KEY, sender=CHANNELS)
    assert world.market.supplyOf(GPU) == before
    assert world.market.offerOf(BOB, GPU).reserved == 0
    assert tuple(world.market.lotOf(CHANNELS, KEY)) == (0, 0, 0, 0)
    assert [event.name for event in receipt.events] == ["LotFreed"]
    assert receipt.events[0].args == {"operator": CHANNELS, "lot": KEY, "minerId": lease.miner}


@pytest.mark.spec("13.4", "13.6")
def test_its_own_only_and_none_is_nothing(world, lease):
    """Who closes a channel must not fail because somebody pruned its lot."""
    lease.take()
    assert world.market.freeLot(KEY, sender=STORAGE).events == ()
    assert world.market.offerOf(BOB, GPU).reserved == 60
    world.market.freeLot(KEY, sender=CHANNELS)
    assert world.market.freeLot(KEY, sender=CHANNELS).events == ()


@pytest.mark.spec("3.7", "9.3", "13.4")
def test_of_a_withdrawn_offer_whatever_governance_did(world, lease):
    lease.take()
    world.market.withdrawOffer(GPU, sender=BOB)
    world.market.pause(sender=OWNER)
    world.market.retireResourceClass(GPU, sender=OWNER)
    assert world.market.offerOf(BOB, GPU).published == 60
    world.market.freeLot(KEY, sender=CHANNELS)
    offer = world.market.offerOf(BOB, GPU)
    assert (offer.published, offer.reserved, offer.capacity) == (0, 0, 120)
    assert world.market.supplyOf(GPU)[:3] == (120, 0, 0)
