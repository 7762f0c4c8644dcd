import pytest

from tests.contracts.Leasing.conftest import CHANNELS, DAY, KEY, OTHER_KEY
from tests.harness.market import BOB, GPU, STRANGER


@pytest.mark.spec("13.4")
def test_anybody_gives_back_what_has_lapsed(world, lease):
    lease.take(units=10, busyUntil=world.evm.time + 60)
    lease.take(lot=OTHER_KEY, units=20)
    missing = b"\x09" * 32
    world.evm.advance(60)
    keys = [missing, OTHER_KEY, KEY, KEY]
    assert world.market.pruneLots(CHANNELS, keys, sender=STRANGER).events == ()
    world.evm.advance(1)
    receipt = world.market.pruneLots(CHANNELS, keys, sender=STRANGER)
    assert receipt.event("LotFreed").args == {
        "operator": CHANNELS,
        "lot": KEY,
        "minerId": lease.miner,
    }
    assert world.market.offerOf(BOB, GPU).reserved == 20
    assert world.market.supplyOf(GPU).demanded == 20
    world.evm.advance(DAY)
    world.market.pruneLots(CHANNELS, keys, sender=STRANGER)
    assert world.market.supplyOf(GPU).demanded == 0


@pytest.mark.spec("13.4")
def test_a_lapsed_lot_counts_until_it_is_pruned(world, lease):
    lease.take(units=100)
    world.evm.advance(DAY + 1)
    assert world.market.supplyOf(GPU).demanded == 100
    world.market.pruneLots(CHANNELS, [KEY], sender=STRANGER)
    lease.take(units=100)
