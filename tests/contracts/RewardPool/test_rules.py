"""Who sets what, within which bounds, and what that reaches."""

import pytest

from suanli.model import ClassWeight
from suanli.protocol import Refused
from tests.harness.evm import Evm, account, reverts
from tests.harness.market import (
    BOB,
    CPU,
    CPU_LARGE,
    MAX_UINT256,
    OWNER,
    STRANGER,
    TREASURY,
    ZERO,
    World,
    deploy_market,
)
from tests.harness.rewards import EPOCH, SETTLING, SHARE, WEIGHTS, RewardWorld

ONE = [ClassWeight(CPU, 3)]
HEIR = account("heir")


def refused(error, *arguments):
    return pytest.raises(Refused, match=rf"^{error}\({', '.join(map(str, arguments))}\)$")


@pytest.mark.spec("16.1", "16.2")
def test_it_says_what_it_is_for(world):
    pool = world.pool
    assert pool.market() == world.market.address
    assert pool.owner() == OWNER
    assert pool.treasury() == TREASURY
    assert pool.genesis() == world.model_pool.genesis
    assert (pool.epochLength(), pool.settling()) == (EPOCH, SETTLING)
    assert pool.feeShareBps() == SHARE
    assert pool.weights() == pool.weightsOf(0) == WEIGHTS
    world.advance(EPOCH - 1)
    assert pool.currentEpoch() == 0
    world.advance(1)
    assert pool.currentEpoch() == 1


@pytest.mark.parametrize("length", [63, 7 * 86_400 + 1])
@pytest.mark.spec("16.8")
def test_an_epoch_is_no_longer_than_stake_takes_to_leave(length):
    with reverts("OutOfBounds", length, 64, 7 * 86_400):
        RewardWorld(epoch=length)


@pytest.mark.spec("16.8")
def test_elsewhere_an_epoch_lasts_a_day_at_least_and_a_month_at_most():
    evm = Evm(chain_id=5)
    token = evm.deploy("FixedToken")
    market = deploy_market(evm, token.address, delay=60 * 86_400)
    for length in (86_399, 30 * 86_400 + 1):
        with reverts("OutOfBounds", length, 86_400, 30 * 86_400):
            evm.deploy("RewardPool", market.address, OWNER, TREASURY, length, 0, [])
    for length in (86_400, 30 * 86_400):
        pool = evm.deploy("RewardPool", market.address, OWNER, TREASURY, length, 0, [])
        assert pool.epochLength() == length


@pytest.mark.parametrize(
    ("treasury", "error"),
    [(ZERO, ("ZeroAddress",)), ("token", ("InvalidRecipient", "token"))],
)
@pytest.mark.spec("16.1")
def test_the_treasury_can_be_paid(treasury, error):
    world = World()
    token = world.token.address
    treasury = token if treasury == "token" else treasury
    with reverts(*(token if part == "token" else part for part in error)):
        world.evm.deploy("RewardPool", world.market.address, OWNER, treasury, EPOCH, 0, [])


@pytest.mark.spec("16.8")
def test_only_the_owner_sets_rules(world):
    for caller in (STRANGER, BOB, TREASURY):
        with refused("OwnableUnauthorizedAccount", caller):
            world.pool_call("set_rules", caller, 100, ONE)
    changed = world.pool_call("set_rules", OWNER, 100, ONE).event("RulesChanged").args
    assert changed == {"feeShareBps": 100, "weights": tuple(ONE)}
    assert world.pool.weights() == tuple(ONE)
    assert world.pool.feeShareBps() == 100


@pytest.mark.parametrize(
    ("share", "weights", "error"),
    [
        (5_001, ONE, ("OutOfBounds", 5_001, 0, 5_000)),
        (0, [ClassWeight(n, 1) for n in range(1, 10)], ("TooManyClasses", 8)),
        (0, [ClassWeight(2, 1), ClassWeight(1, 1)], ("ResourceNotAscending", 1)),
        (0, [ClassWeight(1, 1), ClassWeight(1, 1)], ("ResourceNotAscending", 1)),
        (0, [ClassWeight(0, 1)], ("ResourceNotAscending", 0)),
        (0, [ClassWeight(9, 1)], ("UnknownResource", 9)),
        (0, [ClassWeight(1, 0)], ("ZeroAmount",)),
    ],
)
@pytest.mark.spec("16.8")
def test_no_vote_passes_the_bounds(world, share, weights, error):
    with refused(*error):
        world.pool_call("set_rules", OWNER, share, weights)


@pytest.mark.spec("16.8")
def test_rules_reach_no_epoch_that_was_read(world):
    bob = world.miner(BOB, 100)
    world.read(bob)
    world.pool_call("set_rules", OWNER, 0, [ClassWeight(CPU_LARGE, 9)])
    assert world.pool.weightsOf(0) == WEIGHTS
    assert world.pool.weightsOf(1) == ((CPU_LARGE, 9),)
    world.advance(SETTLING)
    world.read(bob)
    assert world.pool.observedOf(0, bob, CPU).counted == 100
    world.end_epoch()
    world.read(bob)
    assert world.pool.weightsOf(1) == ((CPU_LARGE, 9),)
    assert world.pool.observedOf(1, bob, CPU).candidate == 0


@pytest.mark.spec("16.8")
def test_ownership_moves_in_two_steps(world):
    world.pool.transferOwnership(HEIR, sender=OWNER)
    assert (world.pool.owner(), world.pool.pendingOwner()) == (OWNER, HEIR)
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        world.pool.acceptOwnership(sender=STRANGER)
    world.pool.acceptOwnership(sender=HEIR)
    assert world.pool.owner() == HEIR


@pytest.mark.spec("16.1")
def test_grants_are_what_they_say(world):
    with refused("ZeroAmount"):
        world.pool_call("grant", STRANGER, 0)
    with refused("TransferFromFailed"):
        world.pool_call("grant", STRANGER, 5)
    world.give(STRANGER, 5)
    granted = world.pool_call("grant", STRANGER, 5).event("Granted").args
    assert granted == {"from": STRANGER, "amount": 5}


@pytest.mark.spec("16.1")
def test_a_token_that_delivers_less_is_refused():
    world = World(token="FeeToken")
    arguments = world.market.address, OWNER, TREASURY, EPOCH, SHARE, WEIGHTS
    pool = world.evm.deploy("RewardPool", *arguments)
    world.token.faucet(10_000, sender=STRANGER)
    world.token.approve(pool.address, MAX_UINT256, sender=STRANGER)
    world.token.setFee(100)
    with reverts("DeliveryMismatch", 10_000, 9_900):
        pool.grant(10_000, sender=STRANGER)
    assert pool.free() == 0


@pytest.mark.spec("16.1")
def test_no_door_opens_while_another_is():
    """A token that calls back in the middle of a grant."""
    world = World(token="HookedToken")
    arguments = world.market.address, OWNER, TREASURY, EPOCH, SHARE, WEIGHTS
    pool = world.evm.deploy("RewardPool", *arguments)
    wallet = world.wallet(STRANGER)
    for holder in (STRANGER, wallet):
        world.send(holder, world.token.faucet, 10)
        world.send(holder, world.token.approve, pool.address, MAX_UINT256)
    world.hook(wallet, pool.grant, 3)
    receipt = pool.grant(7, sender=STRANGER)
    with reverts("ReentrancyGuardReentrantCall"):
        world.hook_outcome(receipt)
    assert pool.free() == 7
