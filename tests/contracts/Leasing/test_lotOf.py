from tests.contracts.Leasing.conftest import CHANNELS, DAY, KEY, STORAGE
from tests.harness.market import GPU


def test_tells_lots_by_operator_and_key(world, lease):
    assert tuple(world.market.lotOf(CHANNELS, KEY)) == (0, 0, 0, 0)
    lease.take(units=7)
    assert world.market.lotOf(CHANNELS, KEY)._asdict() == {
        "minerId": lease.miner,
        "resource": GPU,
        "units": 7,
        "busyUntil": world.evm.time + DAY,
    }
    assert tuple(world.market.lotOf(STORAGE, KEY)) == (0, 0, 0, 0)
