from tests.contracts.Leasing.conftest import CHANNELS, DAY, STORAGE
from tests.harness.evm import account
from tests.harness.market import BOB, PAYOUT


def test_tells_what_is_permitted(world, lease):
    assert world.market.longestLot(lease.miner, CHANNELS) == DAY
    assert world.market.longestLot(lease.miner, STORAGE) == 0
    assert world.market.longestLot(99, CHANNELS) == 0


def test_stays_with_the_miners_number(world, lease):
    heir = account("heir")
    world.market.nameSuccessor(BOB, heir, sender=PAYOUT)
    world.market.succeed(BOB, sender=heir)
    assert world.market.longestLot(lease.miner, CHANNELS) == DAY
