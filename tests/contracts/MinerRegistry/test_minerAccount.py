"""minerAccount: a miner's number, payout, earnings and stake on its way out."""

from tests.harness.evm import reverts
from tests.harness.market import BOB, DAVE, PAYOUT, STRANGER, UNBONDING_DELAY


def test_shows_what_is_owed(world):
    world.market.registerMiner(DAVE, sender=DAVE)
    world.register(BOB, payout=PAYOUT, ask=10**18, stake=2_010 * world.unit)
    request = world.request()
    world.submit(request, BOB)
    world.accept(request)
    world.market.startUnbonding(BOB, 10, sender=BOB)
    assert world.market.minerAccount(BOB)._asdict() == {
        "minerId": 2,
        "payout": PAYOUT,
        "earnings": 975 * world.unit // 10,
        "unbonding": 10,
        "unbondingEnds": world.evm.time + UNBONDING_DELAY,
    }


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.minerAccount(STRANGER)
