"""An epoch from the first reading to what nobody claimed."""

import pytest

from suanli.model import ClassWeight
from suanli.protocol import Refused, reward
from tests.harness.evm import Reverted
from tests.harness.market import BOB, CPU, DAVE, OWNER, PRICE, STRANGER, TREASURY
from tests.harness.rewards import EPOCH, SETTLING, WEIGHTS


def refused(error, *arguments):
    return pytest.raises(Refused, match=rf"^{error}\({', '.join(map(str, arguments))}\)$")


def funded(world, amount=10**6 * PRICE):
    world.give(OWNER, amount)
    world.pool_call("grant", OWNER, amount)


@pytest.mark.spec("16.1")
def test_fees_are_kept_in_part_and_passed_on(world):
    world.miner(BOB, 300)
    fee = world.deal(BOB)
    assert fee > 0
    before = world.token.balanceOf(TREASURY)
    collected = world.pool_call("collect", STRANGER).event("FeesCollected").args
    assert collected == {"kept": fee // 2, "passedOn": fee - fee // 2}
    assert world.pool.free() == fee // 2
    assert world.token.balanceOf(TREASURY) == before + fee - fee // 2
    with refused("ZeroAmount"):
        world.pool_call("collect", STRANGER)


@pytest.mark.spec("16.3")
def test_what_is_seen_twice_counts(world):
    bob = world.miner(BOB, 1_000)
    world.read(bob)
    assert world.pool.observedOf(0, bob, CPU) == (0, 1_000, world.evm.time)
    world.advance(SETTLING - 1)
    world.read(bob)
    assert world.pool.observedOf(0, bob, CPU).counted == 0
    world.advance(1)
    world.read(bob)
    assert world.pool.observedOf(0, bob, CPU) == (1_000, 1_000, world.evm.time)
    world.sell(BOB, 600)
    world.read(bob)
    assert world.pool.observedOf(0, bob, CPU)[:2] == (600, 600)


@pytest.mark.spec("16.3")
def test_the_least_of_all_readings_in_between_counts(world):
    bob = world.miner(BOB, 300)
    for units in (300, 100, 300):
        world.sell(BOB, units)
        world.read(bob)
        world.advance(1)
    assert world.pool.observedOf(0, bob, CPU).candidate == 100
    world.advance(SETTLING)
    world.read(bob)
    assert world.pool.observedOf(0, bob, CPU)[:2] == (100, 300)


@pytest.mark.spec("16.4", "16.5")
def test_fees_of_more_than_64_bits(world):
    """18,000 million tokens: no more count, but what is reserved suffices."""
    bob, most = world.miner(BOB, 300), 2**88 - 1
    world.pool_call("set_rules", OWNER, 5_000, [ClassWeight(CPU, 2**60)])
    funded(world, 9 * 10**9 * PRICE)
    world.read_twice(bob)
    world.sell(BOB, 300, ask=most)
    for _ in range(3):
        world.deal(BOB, units=300, maxPrice=most)
    world.sell(BOB, 300)
    world.read(bob)
    world.end_epoch()
    world.draw(0)
    assert world.pool.limitOf(0, bob) == (2**64 - 1) * 10**9 // 2
    assert world.pool.reserved() == 9 * 10**9 * PRICE
    world.paid(0, bob)


@pytest.mark.parametrize("why", ["dear", "expired", "withdrawn"])
@pytest.mark.spec("16.3")
def test_what_nobody_can_take_at_the_price_is_not_seen(world, why):
    bob = world.miner(BOB, 500)
    if why == "dear":
        world.sell(BOB, 500, ask=world.market.priceOf(CPU) + 1)
    elif why == "withdrawn":
        world.sell(BOB, 0)
    else:
        world.market_call("publish_offer", BOB, CPU, 500, 0, world.evm.time + 5, False)
        world.advance(6)
    world.read(bob)
    assert world.pool.observedOf(0, bob, CPU).candidate == 0
    world.sell(BOB, 500, ask=PRICE // 2)
    world.advance(SETTLING)
    world.read(bob)
    assert world.pool.observedOf(0, bob, CPU).candidate == 500


@pytest.mark.spec("16.4", "16.5")
def test_the_formula_sizes_the_reward_and_units_divide_it(world):
    """Until its fees limit it."""
    bob, dave = world.miner(BOB, 300), world.miner(DAVE, 100)
    funded(world)
    world.read_twice(bob, dave)
    for _ in range(9):
        world.deal(BOB)
        world.deal(DAVE)
    rate = reward(400, 0, world.market.priceOf(CPU))
    assert rate == world.market.priceOf(CPU)
    world.read(bob, dave)
    epoch = world.end_epoch()
    world.draw(epoch)
    counting = sum(moment >= SETTLING for moment in relative_moments(world, epoch))
    assert counting == 4
    record = world.pool.epochOf(epoch)
    assert record.wanted == WEIGHTS[0].units * rate // 4 * counting == record.granted
    assert world.reward(epoch, bob) == record.granted * 3 // 4
    assert world.reward(epoch, dave) == record.granted // 4
    assert world.paid(epoch, bob) == world.token.balanceOf(BOB)
    with refused("AlreadyClaimed", epoch, bob):
        world.pool_call("claim", STRANGER, epoch, bob)


def relative_moments(world, epoch):
    start = world.model_pool.genesis + epoch * EPOCH
    moments = world.pool.momentsOf(epoch)
    assert list(moments) == world.model_pool.moments(epoch)
    assert all(start <= moment < start + EPOCH for moment in moments)
    return [moment - start for moment in moments]


@pytest.mark.spec("16.5")
def test_no_miner_gets_more_than_half_of_its_own_fees(world):
    bob = world.miner(BOB, 300)
    funded(world)
    before = world.deal(BOB)
    world.read_twice(bob)
    fee = world.deal(BOB, units=30)
    world.read(bob)
    after = world.deal(BOB)
    assert before > 0 < after
    epoch = world.end_epoch()
    world.draw(epoch)
    assert world.paid(epoch, bob) == fee // 2


@pytest.mark.spec("16.4")
def test_a_poor_pool_pays_in_proportion(world):
    bob, dave = world.miner(BOB, 300), world.miner(DAVE, 100)
    funded(world, 1_003)
    world.read_twice(bob, dave)
    world.deal(BOB)
    world.deal(DAVE)
    world.read(bob, dave)
    epoch = world.end_epoch()
    world.draw(epoch)
    assert world.pool.epochOf(epoch).granted == 1_003
    paid = world.paid(epoch, bob) + world.paid(epoch, dave)
    assert 1_003 - 2 * 4 <= paid <= 1_003


@pytest.mark.spec("16.4", "16.10")
def test_what_is_reserved_is_granted_to_no_later_epoch(world):
    bob = world.miner(BOB, 300)
    for epoch, amount in enumerate((1_003, 500)):
        funded(world, amount)
        world.read_twice(bob)
        world.deal(BOB)
        world.read(bob)
        assert world.end_epoch() == epoch
        world.draw(epoch)
        assert world.pool.epochOf(epoch).granted == amount
    assert (world.pool.free(), world.pool.reserved()) == (0, 1_503)


@pytest.mark.spec("16.6")
def test_moments_are_drawn_by_a_block_named_after_the_epoch(world):
    bob = world.miner(BOB, 300)
    with refused("EpochNotOver", 0, world.model_pool.genesis + EPOCH):
        world.pool_call("prepare_draw", STRANGER, 0)
    with refused("DrawNotPrepared", 0):
        world.pool_call("draw", STRANGER, 0)
    world.read(bob)
    world.end_epoch()
    world.pool_call("prepare_draw", STRANGER, 0)
    named = world.evm.number + 4
    for _ in range(2):
        with refused("DrawPending", 0, named):
            world.pool_call("prepare_draw", STRANGER, 0)
        with refused("DrawPending", 0, named):
            world.pool_call("draw", STRANGER, 0)
        world.advance(48, 4)
        with refused("DrawPending", 0, named):
            world.pool_call("draw", STRANGER, 0)
        world.advance(12 * 256, 256)
        with refused("DrawPending", 0, named):
            world.pool_call("prepare_draw", STRANGER, 0)
        world.advance(12)
        with refused("DrawNotPrepared", 0):
            world.pool_call("draw", STRANGER, 0)
        world.pool_call("prepare_draw", STRANGER, 0)
        named = world.evm.number + 4
    world.advance(12 * 5, 5)
    world.pool_call("draw", STRANGER, 0)
    for call in ("draw", "prepare_draw"):
        with refused("AlreadyDrawn", 0):
            world.pool_call(call, STRANGER, 0)


@pytest.mark.spec("16.6")
def test_an_epoch_in_which_nobody_read_is_not_drawn(world):
    world.end_epoch()
    with refused("EpochNotRead", 0):
        world.pool_call("prepare_draw", STRANGER, 0)
    with refused("NotDrawn", 0):
        world.pool_call("claim", STRANGER, 0, 1)
    with refused("NotDrawn", 0):
        world.pool_call("return_unclaimed", STRANGER, 0)
    for view in ("momentsOf", "rewardOf"):
        with pytest.raises(Reverted, match=r"NotDrawn\(0\)"):
            getattr(world.pool, view)(*((0, 1) if view == "rewardOf" else (0,)))


@pytest.mark.spec("16.7")
def test_what_nobody_claims_in_time_is_free_again(world):
    bob, dave = world.miner(BOB, 300), world.miner(DAVE, 100)
    funded(world, 10 * PRICE)
    world.read_twice(bob, dave)
    world.deal(BOB)
    world.deal(DAVE)
    world.read(bob, dave)
    world.end_epoch()
    world.draw(0)
    paid = world.paid(0, bob)
    assert paid > 0 < world.reward(0, dave)
    ends = world.evm.time + 4 * EPOCH
    world.advance(ends - world.evm.time)
    with refused("ClaimsNotEnded", 0, ends):
        world.pool_call("return_unclaimed", STRANGER, 0)
    world.advance(1)
    with refused("ClaimsEnded", 0, ends):
        world.pool_call("claim", STRANGER, 0, dave)
    world.pool_call("return_unclaimed", STRANGER, 0)
    assert (world.pool.free(), world.pool.reserved()) == (10 * PRICE - paid, 0)
    with refused("AlreadyReturned", 0):
        world.pool_call("return_unclaimed", STRANGER, 0)


@pytest.mark.spec("16.7")
def test_a_miner_without_fees_or_readings_has_nothing_to_claim(world):
    bob, dave = world.miner(BOB, 300), world.miner(DAVE, 100)
    funded(world)
    world.read_twice(bob)
    world.deal(DAVE)
    world.end_epoch()
    world.draw(0)
    for miner in (bob, dave, 77):
        with refused("NothingDue", 0, miner):
            world.pool_call("claim", STRANGER, 0, miner)


@pytest.mark.spec("16.7")
def test_a_payout_that_is_the_pool_is_refused(world):
    bob = world.miner(BOB, 300)
    funded(world)
    world.read_twice(bob)
    world.deal(BOB)
    world.read(bob)
    world.end_epoch()
    world.draw(0)
    world.market_call("set_payout", BOB, BOB, world.pool.address)
    with refused("InvalidRecipient", world.pool.address):
        world.pool_call("claim", STRANGER, 0, bob)


@pytest.mark.spec("16.3")
def test_only_miners_are_read(world):
    bob = world.miner(BOB, 300)
    with refused("UnknownMiner", 2):
        world.read(bob, 2)
    with refused("UnknownMiner", 0):
        world.read(0)
