"""What attacks gain: the attacker's wealth before and after, without the gas that it pays, too."""

import pytest

from suanli.model import ClassWeight
from suanli.protocol import Refused
from tests.harness.evm import account
from tests.harness.market import BOB, CPU, CPU_LARGE, OWNER, PRICE
from tests.harness.rewards import SETTLING, RewardWorld

EVE, MALLORY = account("eve, an attacker"), account("eve's other account")
IDENTITIES = tuple(account(f"eve's identity {number}") for number in range(4))


def wealth(world, *people):
    """All that they have, in base units: tokens, balances, stake and earnings."""
    market = world.shadow
    found = 0
    for person in people:
        miner = market.miners.get(person)
        found += market.wallets[person] + sum((miner.stake, miner.earnings) if miner else ())
        found += market.accounts[person].available + market.accounts[person].locked
    return found


@pytest.fixture
def rich(world):
    """The pool holds more than it will ever grant; Bob is an honest miner, number 1."""
    world.give(OWNER, 10**9 * PRICE)
    world.pool_call("grant", OWNER, 10**9 * PRICE)
    assert world.miner(BOB, 200) == 1
    return world


def finish(world, *miners):
    """Reads all, ends the epoch and claims for all; what each was paid."""
    world.read(1, *miners)
    epoch = world.end_epoch()
    world.draw(epoch)
    world.paid(epoch, 1)
    return [world.paid(epoch, miner) for miner in miners]


@pytest.mark.spec("16.9")
def test_publishing_without_stake(rich):
    rich.market_call("register_miner", EVE, EVE)
    with pytest.raises(Refused, match=r"InsufficientStake\(0, 200"):
        rich.market_call("register_resource", EVE, CPU, 100)
    with pytest.raises(Refused, match=r"PublishedAboveCapacity\(100, 0\)"):
        rich.sell(EVE, 100)
    before = wealth(rich, EVE)
    rich.read_twice(1, 2)
    assert finish(rich, 2) == [0]
    assert wealth(rich, EVE) - before == 0


@pytest.mark.spec("16.9")
def test_publishing_without_serving(rich):
    eve = rich.miner(EVE, 300)
    before = wealth(rich, EVE)
    rich.read_twice(1, eve)
    rich.deal(BOB)
    assert rich.pool.observedOf(0, eve, CPU).counted == 300
    assert finish(rich, eve) == [0]
    assert wealth(rich, EVE) - before == 0


def flash(world, eve, watched):
    """Shows 500 units whenever it reads itself, and sells 100 in between."""
    world.sell(EVE, 500)
    world.read(eve)
    world.sell(EVE, 100)
    world.advance(7)
    if watched:
        world.read(eve)
        world.sell(EVE, 500)
        world.read(eve)
    world.advance(SETTLING - 7)
    world.sell(EVE, 500)
    world.read(eve)
    world.sell(EVE, 100)


def steady(world, eve, units):
    """Reads itself as often, and sells the same all the time."""
    world.sell(EVE, units)
    world.read(eve)
    world.advance(7)
    world.read(eve)
    world.advance(SETTLING - 7)
    world.read(eve)


@pytest.mark.parametrize("blocks", range(5))
@pytest.mark.spec("16.9")
def test_flashing_capacity_at_a_sample(rich, blocks):
    """In the same blocks, so that the same moments are drawn."""
    eve = rich.miner(EVE, 500)
    rich.sell(EVE, 100)
    rich.read_twice(1, eve)
    rich.advance(1_000, 100 + blocks)
    for _ in range(9):
        rich.deal(EVE)
        rich.deal(BOB)

    def gain(play, *how):
        with rich.rollback():
            before = wealth(rich, EVE)
            play(rich, eve, *how)
            rich.advance(1_000)
            finish(rich, eve)
            return wealth(rich, EVE) - before

    honest = gain(steady, 100)
    assert honest > 0
    assert gain(flash, True) - honest <= 0
    # Unwatched it gets no more than by selling all the time as little, or all that its stake is
    # behind.
    assert gain(flash, False) - max(honest, gain(steady, 500)) <= 0


@pytest.mark.spec("16.9")
def test_splitting_into_many_identities():
    """The same stake, the same deals, the same moments."""

    def gain(*identities):
        world = RewardWorld()
        world.give(OWNER, 10**6 * PRICE)
        world.pool_call("grant", OWNER, 10**6 * PRICE)
        world.miner(BOB, 100)
        numbers = [world.miner(each, 300 // len(identities)) for each in identities]
        world.read_twice(1, *numbers)
        before = wealth(world, *identities)
        for turn in range(12):
            world.deal(identities[turn % len(identities)], units=50)
            world.deal(BOB, units=50)
        earned = wealth(world, *identities) - before
        paid = sum(finish(world, *numbers))
        assert wealth(world, *identities) - before == earned + paid
        return earned, paid

    alone, split = gain(IDENTITIES[0]), gain(*IDENTITIES[:3])
    assert alone[0] == split[0]
    assert alone[1] > 0
    assert split[1] - alone[1] <= 0


@pytest.mark.spec("16.9")
def test_trading_with_oneself_for_reward(rich):
    """Nobody else is there to share with, and the pool has more than enough."""
    rich.sell(BOB, 0)
    eve = rich.miner(EVE, 300)
    rich.give(MALLORY, 1_000 * PRICE)
    rich.read_twice(1, eve)
    before = wealth(rich, EVE, MALLORY)
    fees = sum(rich.deal(EVE, requester=MALLORY, own=True) for _ in range(3))
    (paid,) = finish(rich, eve)
    profit = wealth(rich, EVE, MALLORY) - before
    assert paid == fees // 2 > 0
    assert profit == paid - fees < 0


@pytest.mark.spec("16.9")
def test_trading_with_oneself_for_reward_reputation_and_utilization_together(rich):
    """What raises the price raises the class's reward, but not the limit."""
    eve, price = rich.miner(EVE, 300), rich.market.priceOf(CPU)
    rich.give(MALLORY, 10_000 * PRICE)
    rich.market_call("deposit", MALLORY, 5_000 * PRICE)
    before = wealth(rich, EVE, MALLORY)
    usual = {"terms": rich.terms, "requester": MALLORY, "maxPrice": PRICE // 100}
    posted = [rich.request(units=1_000, salt=10**6 + n, **usual) for n in range(4)]
    for request in posted:
        rich.market_call("post_request", MALLORY, request)
    assert rich.market.priceOf(CPU) > 5 * price
    rich.read_twice(1, eve)
    fees = sum(rich.deal(EVE, units=10, requester=MALLORY, own=True) for _ in range(20))
    (paid,) = finish(rich, eve)
    for request in posted:
        rich.market_call("cancel_request", MALLORY, request)
    assert rich.market.minerStatus(EVE).completed == 20
    profit = wealth(rich, EVE, MALLORY) - before
    assert 0 < paid <= fees // 2
    assert profit == paid - fees < 0


@pytest.mark.spec("16.9")
def test_moving_stake_to_another_identity_within_an_epoch(rich):
    """It leaves the market when the epoch is over, or later."""
    eve = rich.miner(EVE, 300)
    rich.read_twice(eve)
    rich.sell(EVE, 0)
    rich.market_call("register_resource", EVE, CPU, 0)
    rich.market_call("start_unbonding", EVE, EVE, 600 * PRICE)
    rich.advance(rich.model_pool.genesis + rich.model_pool.epoch_length - 1 - rich.evm.time)
    with pytest.raises(Refused, match="StillUnbonding"):
        rich.market_call("withdraw_stake", EVE, EVE)
    assert rich.pool.currentEpoch() == 0


@pytest.mark.spec("16.9")
def test_moving_stake_between_classes_at_a_reading(rich):
    """A reading reads all classes, so its stake counts once."""
    eve = rich.miner(EVE, 300)
    rich.read(eve)
    rich.advance(SETTLING)
    rich.read(eve)
    rich.sell(EVE, 0)
    rich.market_call("register_resource", EVE, CPU, 0)
    rich.market_call("register_resource", EVE, CPU_LARGE, 400)
    rich.sell(EVE, 400, resource=CPU_LARGE)
    for _ in range(3):
        rich.read(eve)
        counted = [rich.pool.observedOf(0, eve, each).counted for each in (CPU, CPU_LARGE)]
        assert 3 * 2 * counted[0] + 4 * counted[1] <= 3 * 600
        rich.advance(SETTLING)
    assert counted == [0, 400]


@pytest.mark.spec("16.4", "16.9")
def test_raising_the_reward_to_bind_what_the_pool_has(rich):
    """Others' next rewards don't suffer: what no limit leaves is not reserved."""
    rich.pool_call("set_rules", OWNER, 5_000, [ClassWeight(CPU, 2**60)])
    rich.read_twice(1)
    fee = rich.deal(BOB)
    rich.read(1)
    epoch = rich.end_epoch()
    rich.draw(epoch)
    record = rich.pool.epochOf(epoch)
    assert record.granted == 10**9 * PRICE < record.wanted
    assert rich.pool.reserved() == record.reserved == fee // 2
    assert rich.paid(epoch, 1) == fee // 2
