"""minerStatus: a miner's power, stake and counters."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import BOB, CPU_LARGE, GPU, PRICE, STRANGER, World, value_up


def test_starts_at_nothing(world):
    world.market.registerMiner(BOB, sender=BOB)
    assert world.market.minerStatus(BOB)._asdict() == {
        "computePower": 0,
        "lastPaymentTime": 0,
        "stake": 0,
        "pledged": 0,
        "completed": 0,
        "defaulted": 0,
        "overturned": 0,
        "tenure": 0,
        "earnedTotal": 0,
        "feesPaid": 0,
    }


def test_power_and_pledge_sum_over_classes(world):
    world.register(BOB, capacity=200)
    world.register(BOB, capacity=7, resource=CPU_LARGE)
    world.register(BOB, capacity=30, resource=GPU, stake=100 * world.unit)
    pledged = 460 * world.unit + value_up(7, 1_333_333_333_333_333_333)
    status = world.market.minerStatus(BOB)
    assert (status.computePower, status.pledged) == (237, pledged)
    assert status.stake == pledged + 40 * world.unit


@pytest.mark.spec("8.6")
def test_counts_each_end_of_a_deal(world):
    world.register(BOB, capacity=1_000, ask=PRICE)
    requests = [world.request(units=10, salt=salt) for salt in range(5)]
    settled, defaulted, overturned, released, agreed = requests
    for request in (settled, overturned):
        world.submit(request, BOB)
    for request in (defaulted, released, agreed):
        world.confirm(request, BOB)
    world.evm.advance(5)
    paid_at = world.evm.time
    world.accept(settled)
    world.court.freeze(overturned)
    world.court.resolve(overturned, 0, 10_000)
    world.market.release(released, sender=BOB)
    world.market.releaseByAgreement(agreed, world.sign_release(agreed), sender=BOB)
    world.evm.advance(defaulted.duration)
    world.market.claimDefault(defaulted)
    status = world.market.minerStatus(BOB)
    assert (status.completed, status.defaulted, status.overturned) == (1, 1, 1)
    assert status.lastPaymentTime == paid_at


def test_refuses_an_unknown_miner(world):
    with reverts("NotRegistered", STRANGER):
        world.market.minerStatus(STRANGER)


@pytest.mark.spec("8.9")
@pytest.mark.parametrize("decimals", [6, 18, 24])
def test_sums_of_payments_and_fees_outlast_collecting(decimals):
    """Two deals of 80 units at 1.5 tokens, with a fee of 250 bps."""
    world = World(decimals=decimals)
    world.register(BOB, capacity=1_000, ask=3 * PRICE // 2)
    for salt in range(2):
        request = world.request(salt=salt)
        world.submit(request, BOB, 80)
        world.accept(request)
        world.market.collectEarnings(BOB, sender=BOB)
    status = world.market.minerStatus(BOB)
    assert (status.earnedTotal, status.feesPaid) == (234 * world.unit, 6 * 10**9)
    assert world.market.minerAccount(BOB).earnings == 0


@pytest.mark.spec("8.9")
def test_a_fee_below_a_billionth_token_is_not_in_the_sum(world):
    resource = world.add_class(floor=1)
    world.register(BOB, resource=resource, capacity=1_000, ask=10**9)
    request = world.request(resource=resource, units=1, maxPrice=10**9)
    world.submit(request, BOB)
    world.accept(request)
    status = world.market.minerStatus(BOB)
    assert (status.earnedTotal, status.feesPaid) == (975_000_000, 0)
