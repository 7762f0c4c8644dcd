import pytest

from tests.contracts.Leasing.conftest import CHANNELS, DAY, STORAGE
from tests.harness.books import changes
from tests.harness.evm import reverts
from tests.harness.market import ALICE, BOB, GPU, OWNER, PAYOUT, STRANGER

YEAR = 365 * DAY


@pytest.mark.spec("13.1")
def test_the_payout_permits(world, lease):
    receipt = world.market.permitOperator(BOB, STORAGE, YEAR, sender=PAYOUT)
    assert [event.name for event in receipt.events] == ["OperatorPermitted"]
    assert receipt.events[0].args == {"minerId": lease.miner, "operator": STORAGE, "longest": YEAR}
    assert world.market.longestLot(lease.miner, STORAGE) == YEAR
    assert world.market.longestLot(lease.miner, CHANNELS) == DAY


@pytest.mark.parametrize("longest", [DAY, DAY - 1, 0])
@pytest.mark.parametrize("caller", [BOB, PAYOUT])
@pytest.mark.spec("13.1")
def test_miner_and_payout_permit_less(world, lease, caller, longest):
    world.market.permitOperator(BOB, CHANNELS, longest, sender=caller)
    assert world.market.longestLot(lease.miner, CHANNELS) == longest


@pytest.mark.spec("13.1")
def test_a_hot_key_permits_no_more(world):
    """Whoever stole it could keep stake pledged for as long."""
    with reverts("NotPayout", BOB, PAYOUT):
        world.market.permitOperator(BOB, CHANNELS, DAY + 1, sender=BOB)
    with reverts("NotPayout", BOB, PAYOUT):
        world.market.permitOperator(BOB, STORAGE, 1, sender=BOB)


@pytest.mark.parametrize("caller", [ALICE, OWNER, STRANGER, CHANNELS])
@pytest.mark.spec("13.1")
def test_nobody_else(world, caller):
    with reverts("NotPayout", caller, PAYOUT):
        world.market.permitOperator(BOB, CHANNELS, YEAR, sender=caller)
    with reverts("NotMinerOrPayout", caller, BOB):
        world.market.permitOperator(BOB, CHANNELS, 0, sender=caller)


@pytest.mark.spec("13.1")
def test_a_year_at_most(world):
    with reverts("OutOfBounds", YEAR + 1, 0, YEAR):
        world.market.permitOperator(BOB, STORAGE, YEAR + 1, sender=PAYOUT)


def test_of_a_miner_only(world):
    with reverts("NotRegistered", ALICE):
        world.market.permitOperator(ALICE, CHANNELS, DAY, sender=ALICE)


@pytest.mark.spec("13.5")
def test_taking_it_back_ends_no_lot(world, lease):
    lease.take()
    with changes(world) as found:
        world.market.permitOperator(BOB, CHANNELS, 0, sender=BOB)
    assert found == {}
    assert world.market.offerOf(BOB, GPU).reserved == 60
    with reverts("OperatorNotPermitted", lease.miner, CHANNELS):
        lease.extend(busyUntil=world.evm.time + DAY + 1)
    with reverts("OperatorNotPermitted", lease.miner, CHANNELS):
        lease.take(lot=b"\x02" * 32, units=1)
    world.evm.advance(DAY)
    assert world.market.offerOf(BOB, GPU).reserved == 60
    world.evm.advance(1)
    world.market.pruneLots(CHANNELS, [b"\x01" * 32], sender=STRANGER)
    assert world.market.offerOf(BOB, GPU).reserved == 0


@pytest.mark.spec("13.6")
def test_all_that_a_malicious_operator_can_do(world, lease):
    """It takes all that is for sale for as long as it may: no money moves, nothing else is touched,
    and once Bob has left, his stake is free at most a day later."""
    with changes(world) as found:
        lease.take(units=100)
    assert {name for name in found if "bob" in name} <= {"bob reserved"}
    assert not {name for name in found if "available" in name or "stake" in name}
    world.market.permitOperator(BOB, CHANNELS, 0, sender=BOB)
    world.market.withdrawOffer(GPU, sender=BOB)
    with reverts("CapacityBelowPublished", 0, 100):
        world.market.registerResource(GPU, 0, sender=BOB)
    world.evm.advance(DAY + 1)
    world.market.pruneLots(CHANNELS, [b"\x01" * 32], sender=BOB)
    world.market.registerResource(GPU, 0, sender=BOB)
    assert world.market.minerStatus(BOB).pledged == 0
