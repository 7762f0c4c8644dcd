"""multicall: several calls in the caller's name, all or none."""

import pytest

from tests.contracts.Multicall.batches import call, changed
from tests.harness.evm import Reverted, reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    MAX_UINT64,
    OWNER,
    PAYOUT,
    PRICE,
    ROOT,
    STRANGER,
    State,
    World,
)


@pytest.fixture
def world(world):
    world.register(BOB, payout=PAYOUT, ask=PRICE)
    world.fund(ALICE, 10_000 * world.unit)
    return world


@pytest.mark.spec("9.6")
def test_makes_calls_in_order_and_returns_what_they_do(world):
    market, request = world.market, world.request()
    calls = [
        call(market.confirmRequest, request, world.sign(request)),
        call(market.submitAccepted, request, ROOT, 50, world.sign_acceptance(request, ROOT, 50)),
        call(market.collectEarnings, BOB),
    ]
    receipt = market.multicall(calls, sender=BOB)
    price, *rest = receipt.value
    assert int.from_bytes(price, "big") == world.deal(request).price
    assert rest == [b"", b""]
    assert [event.name for event in receipt.events if event.address == market.address] == [
        "RequestConfirmed",
        "RequestSettled",
        "EarningsCollected",
    ]
    assert world.state(request) == State.SETTLED


@pytest.mark.spec("9.6")
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_that_reverts_undoes_all(world, place):
    market = world.market
    calls = [call(market.withdrawOffer, CPU), call(market.registerResource, CPU, 0)]
    calls.insert(place, call(market.collectEarnings, BOB))
    before = changed(world, BOB)
    with reverts("NoEarnings", BOB):
        market.multicall(calls, sender=BOB)
    assert changed(world, BOB) == before


@pytest.mark.spec("9.6")
def test_the_caller_stays_the_caller(world):
    """What nobody may do alone, nobody may do so."""
    market = world.market
    with reverts("NotMinerOrPayout", STRANGER, BOB):
        market.multicall([call(market.collectEarnings, BOB)], sender=STRANGER)
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        market.multicall([call(market.setGuardian, STRANGER)], sender=STRANGER)


@pytest.mark.spec("9.6")
def test_reaches_both_parts_of_the_market(world):
    market = world.market
    market.multicall(
        [
            call(market.setGuardian, ALICE),
            call(market.retireTerms, 2),
            call(market.transferOwnership, PAYOUT),
        ],
        sender=OWNER,
    )
    assert (market.guardian(), market.pendingOwner()) == (ALICE, PAYOUT)
    with reverts("OnlyThroughMarket"):
        world.evm.at(market.extension(), "MarketExtension").multicall([], sender=OWNER)


def test_calls_may_be_views_or_calls_of_several(world):
    market = world.market
    views = [call(market.priceOf, CPU), call(market.owner)]
    inner = call(market.multicall, views)
    (returned,) = market.multicall([inner], sender=ALICE).value
    assert market.multicall.codec.result(returned) == market.multicall(views, sender=ALICE).value
    assert market.multicall([], sender=ALICE).value == ()


@pytest.mark.parametrize("data", [b"", b"\1\2\3\4", bytes(36)])
def test_what_the_market_does_not_know_reverts(world, data):
    with reverts("Empty"):
        world.market.multicall([data], sender=ALICE)


@pytest.mark.spec("2.8")
def test_takes_no_ether(world):
    world.evm.fund(ALICE, 1)
    for function in (world.market.multicall, world.market.multicallSkip):
        with reverts("Empty"):
            function([], sender=ALICE, value=1)


def test_money_is_not_spent_twice(world):
    """The same withdrawal twice, and a deposit that a hook would double."""
    market, all_of_it = world.market, world.account_of(ALICE)[0]
    twice = [call(market.withdraw, ALICE, all_of_it)] * 2
    with reverts("InsufficientAvailable", ALICE, 0, all_of_it):
        market.multicall(twice, sender=ALICE)
    done, _ = market.multicallSkip(twice, sender=ALICE).value
    assert done == (True, False)
    assert world.token.balanceOf(ALICE) == all_of_it


def test_a_deposit_within_takes_what_it_says(world):
    market = world.market
    world.mint(ALICE, 5)
    before = world.account_of(ALICE)[0]
    market.multicall([call(market.deposit, 2), call(market.deposit, 3)], sender=ALICE)
    assert world.account_of(ALICE)[0] == before + 5


def test_a_hook_can_not_enter_a_deposit_by_it():
    world = World(token="HookedToken")
    thief = world.wallet(ALICE)
    world.fund(thief, 10)
    world.mint(thief, 10)
    market = world.market
    world.hook(thief, market.multicall, [call(market.deposit, 5)])
    receipt = world.send(thief, market.multicall, [call(market.deposit, 5)])
    with pytest.raises(Reverted, match="ReentrancyGuardReentrantCall"):
        world.hook_outcome(receipt)
    assert world.account_of(thief) == (15, 0)
    assert world.held() == 15


def test_units_and_capacity_stay_together(world):
    """Within one batch as over several: what a call leaves, the next finds."""
    market = world.market
    requests = [world.request(salt=salt, units=400) for salt in range(3)]
    calls = [call(market.confirmRequest, request, world.sign(request)) for request in requests]
    with reverts("InsufficientCapacity", 200, 400):
        market.multicall(calls, sender=BOB)
    done, _ = market.multicallSkip(calls, sender=BOB).value
    assert done == (True, True, False)
    assert market.offerOf(BOB, CPU).reserved == 800 < MAX_UINT64
