"""Capacity and collateral after any sequence of calls, beside sums kept in plain Python."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.harness.evm import Reverted
from tests.harness.market import (
    BOB,
    CPU,
    CPU_LARGE,
    DAVE,
    GPU,
    MAX_UINT32,
    World,
    value_down,
    value_up,
)

STAKE = 60
PER_UNIT = {CPU: 2 * 10**18, CPU_LARGE: 1_333_333_333_333_333_333, GPU: 2 * 10**18}


class Books:
    """What registry and classes should hold."""

    def __init__(self, decimals: int) -> None:
        self.decimals = decimals
        self.capacity = {(miner, resource): 0 for miner in (BOB, DAVE) for resource in PER_UNIT}
        self.published = dict(self.capacity)
        self.unbonding = {BOB: 0, DAVE: 0}
        self.offered: set[tuple[str, int]] = set()

    def pledged(self, miner, without=None):
        return sum(
            value_up(self.capacity[miner, resource], per_unit, self.decimals)
            for resource, per_unit in PER_UNIT.items()
            if resource != without
        )

    def total(self, of, resource):
        return sum(units for (_, other), units in of.items() if other == resource)

    def register(self, miner, resource, capacity):
        published = self.published[miner, resource]
        if capacity < published:
            return Reverted("CapacityBelowPublished", capacity, published)
        pledge = value_up(capacity, PER_UNIT[resource], self.decimals)
        stake = STAKE * 10**self.decimals
        free = stake - self.pledged(miner, without=resource) - self.unbonding[miner]
        if pledge > free:
            return Reverted("InsufficientStake", free, pledge)
        self.capacity[miner, resource] = capacity

    def publish(self, miner, resource, units):
        capacity = self.capacity[miner, resource]
        if units == 0:
            return Reverted("ZeroAmount")
        if units > capacity:
            return Reverted("PublishedAboveCapacity", units, capacity)
        self.published[miner, resource] = units
        self.offered.add((miner, resource))

    def withdraw(self, miner, resource):
        if (miner, resource) not in self.offered:
            return Reverted("NoOffer", miner, resource)
        self.published[miner, resource] = 0
        self.offered.remove((miner, resource))

    def unbond(self, miner, amount):
        free = STAKE * 10**self.decimals - self.pledged(miner) - self.unbonding[miner]
        if amount == 0:
            return Reverted("ZeroAmount")
        if amount > free:
            return Reverted("InsufficientStake", free, amount)
        self.unbonding[miner] += amount


@cache
def world_with(decimals):
    world = World(decimals)
    for miner in (BOB, DAVE):
        world.register(miner, capacity=0, stake=STAKE * world.unit)
    return world


miners = st.sampled_from([BOB, DAVE])
resources = st.sampled_from(list(PER_UNIT))
units = st.integers(0, 40) | st.integers(0, 2**64 - 1)
steps = st.one_of(
    st.tuples(st.just("register"), miners, resources, units),
    st.tuples(st.just("publish"), miners, resources, units),
    st.tuples(st.just("withdraw"), miners, resources),
    st.tuples(st.just("unbond"), miners, st.fractions(0, 1).map(lambda share: share * STAKE / 4)),
)


def attempt(world, books, step):
    """Do it on both sides; the outcome must be the same, to the error's arguments."""
    name, miner, *rest = step
    market = world.market
    if name == "unbond":
        rest = [int(rest[0] * world.unit)]
    call = {
        "register": lambda: market.registerResource(*rest, sender=miner),
        "publish": lambda: market.publishOffer(*rest, 0, MAX_UINT32, False, sender=miner),
        "withdraw": lambda: market.withdrawOffer(*rest, sender=miner),
        "unbond": lambda: market.startUnbonding(miner, *rest, sender=miner),
    }[name]
    expected = getattr(books, name)(miner, *rest)
    try:
        call()
        outcome = None
    except Reverted as error:
        outcome = error
    assert str(outcome) == str(expected)


def compare(world, books):
    for miner in (BOB, DAVE):
        status = world.market.minerStatus(miner)
        assert status.pledged == books.pledged(miner)
        assert status.computePower == sum(books.capacity[miner, r] for r in PER_UNIT)
        assert status.pledged + books.unbonding[miner] <= status.stake == STAKE * world.unit
        assert world.market.minerAccount(miner).unbonding == books.unbonding[miner]
        for resource in PER_UNIT:
            offer = world.market.offerOf(miner, resource)
            assert offer.capacity == books.capacity[miner, resource]
            assert offer.published == books.published[miner, resource]
            assert bool(offer.validUntil) == ((miner, resource) in books.offered)
    for resource in PER_UNIT:
        registered = books.total(books.capacity, resource)
        published = books.total(books.published, resource)
        supply = (registered, published, 0, registered - published)
        assert world.market.supplyOf(resource) == supply


@pytest.mark.parametrize("decimals", [6, 18, 24])
@given(sequence=st.lists(steps, max_size=25))
@pytest.mark.spec("3.5", "4.6")
def test_pledges_and_totals_are_their_sums(decimals, sequence):
    world, books = world_with(decimals), Books(decimals)
    with world.evm.rollback():
        for step in sequence:
            attempt(world, books, step)
            compare(world, books)


@given(
    decimals=st.sampled_from([6, 12, 18, 24]),
    capacity=st.integers(1, 2**25),  # a larger pledge, at 24 decimals, is more than a market holds
    per_unit=st.integers(1, 10**20),
)
@pytest.mark.spec("1.4")
def test_the_pledge_is_the_value_rounded_up(decimals, capacity, per_unit):
    world = world_with(decimals)
    with world.evm.rollback():
        resource = world.add_class(stakePerUnit=per_unit)
        world.stake(BOB, value_up(capacity, per_unit, decimals))
        world.market.registerResource(resource, capacity, sender=BOB)
        pledged = world.market.minerStatus(BOB).pledged
        exact = capacity * per_unit * 10**decimals
        assert exact <= pledged * 10**18 < exact + 10**18


@given(
    decimals=st.sampled_from([6, 18, 24]),
    per_unit=st.integers(1, 10**20) | st.integers(10**11, 10**13),
    units=st.integers(1, 10**6),
    spare=st.integers(0, 1_000),
    slash=st.integers(0, 10_000),
    withdrawn=st.booleans(),
)
@pytest.mark.spec("8.4")
def test_after_slashing_stake_still_covers_the_rounded_pledge(
    decimals, per_unit, units, spare, slash, withdrawn
):
    world = world_with(decimals)
    with world.evm.rollback():
        resource = world.add_class(stakePerUnit=per_unit, maxTaskUnits=units, floor=1)
        terms = world.add_terms(releaseBps=0, defaultBps=slash)
        before = world.market.minerStatus(BOB).stake
        world.register(BOB, resource=resource, capacity=units + spare)
        request = world.request(resource=resource, units=units, terms=terms, maxPrice=1)
        world.confirm(request, BOB)
        if withdrawn:
            world.market.withdrawOffer(resource, sender=BOB)
        world.evm.advance(request.duration + 1)
        world.market.claimDefault(request)
        slashed = value_down(units, per_unit, decimals) * slash // 10_000
        lost = -(-slashed * 10**18 // (per_unit * 10**decimals))
        capacity = units + spare - lost
        status, offer = world.market.minerStatus(BOB), world.market.offerOf(BOB, resource)
        assert lost <= units
        assert status.stake == before + value_up(units + spare, per_unit, decimals) - slashed
        assert status.pledged == value_up(capacity, per_unit, decimals) <= status.stake - before
        assert status.computePower == offer.capacity == capacity
        assert (offer.published, offer.reserved) == (0 if withdrawn else capacity, 0)
        published = offer.published
        assert world.market.supplyOf(resource) == (capacity, published, 0, capacity - published)
