"""registerResource: capacity is set absolutely, and stake pledged for it."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    CPU_LARGE,
    DAVE,
    GPU,
    MAX_UINT32,
    MAX_UINT64,
    MAX_UINT96,
    OWNER,
    STRANGER,
    World,
    value_up,
)


@pytest.fixture(autouse=True)
def miner(world):
    """Bob: 20 tokens of stake; a unit of CPU pledges 2."""
    world.register(BOB, capacity=0, stake=20 * world.unit)


def standing(world, miner=BOB):
    status = world.market.minerStatus(miner)
    return status.computePower, status.pledged


@pytest.mark.parametrize("resource", [CPU, GPU])
@pytest.mark.spec("3.5")
def test_pledges_stake(world, resource):
    receipt = world.market.registerResource(resource, 7, sender=BOB)
    assert receipt.event("ResourceRegistered").args == {
        "minerId": 1,
        "resource": resource,
        "capacity": 7,
    }
    assert standing(world) == (7, 14 * world.unit)
    assert world.market.minerStatus(BOB).stake == 20 * world.unit
    assert world.market.supplyOf(resource) == (7, 0, 0, 7)
    assert world.market.offerOf(BOB, resource) == (0, 0, 0, False, 0, 7)


def test_sets_rather_than_adds(world):
    for capacity in (7, 3, 10, 10, 0):
        world.market.registerResource(CPU, capacity, sender=BOB)
        assert standing(world) == (capacity, 2 * capacity * world.unit)
        assert world.market.supplyOf(CPU).registered == capacity


@pytest.mark.spec("3.5")
def test_each_class_pledges_for_itself(world):
    world.market.registerResource(CPU, 4, sender=BOB)
    world.market.registerResource(CPU_LARGE, 3, sender=BOB)
    pledged = 8 * world.unit + value_up(3, 1_333_333_333_333_333_333)
    assert standing(world) == (7, pledged)
    with reverts("InsufficientStake", 20 * world.unit - pledged + 8 * world.unit, 18 * world.unit):
        world.market.registerResource(CPU, 9, sender=BOB)


@pytest.mark.spec("3.5")
def test_stake_must_cover_it_to_the_last_unit(world):
    world.market.registerResource(CPU, 10, sender=BOB)
    with reverts("InsufficientStake", 20 * world.unit, 22 * world.unit):
        world.market.registerResource(CPU, 11, sender=BOB)
    world.stake(BOB, 2 * world.unit - 1)
    with reverts("InsufficientStake", 22 * world.unit - 1, 22 * world.unit):
        world.market.registerResource(CPU, 11, sender=BOB)
    world.stake(BOB, 1)
    world.market.registerResource(CPU, 11, sender=BOB)


@pytest.mark.parametrize(
    ("decimals", "pledge"), [(6, 1_333_334), (24, 1_333_333_333_333_333_333 * 10**6)]
)
@pytest.mark.spec("1.4", "3.5")
def test_the_pledge_is_rounded_up(decimals, pledge):
    world = World(decimals)
    world.register(BOB, capacity=0, stake=pledge - 1)
    with reverts("InsufficientStake", pledge - 1, pledge):
        world.market.registerResource(CPU_LARGE, 1, sender=BOB)
    world.stake(BOB, 1)
    world.market.registerResource(CPU_LARGE, 1, sender=BOB)
    assert world.market.minerStatus(BOB).pledged == pledge


def test_freed_stake_can_leave(world):
    world.market.registerResource(CPU, 10, sender=BOB)
    with reverts("InsufficientStake", 0, 1):
        world.market.startUnbonding(BOB, 1, sender=BOB)
    world.market.registerResource(CPU, 9, sender=BOB)
    world.market.startUnbonding(BOB, 2 * world.unit, sender=BOB)


@pytest.mark.spec("3.5")
def test_not_below_what_is_published(world):
    world.market.registerResource(CPU, 10, sender=BOB)
    world.market.publishOffer(CPU, 6, 0, world.evm.time, False, sender=BOB)
    with reverts("CapacityBelowPublished", 5, 6):
        world.market.registerResource(CPU, 5, sender=BOB)
    world.market.registerResource(CPU, 6, sender=BOB)


def test_not_below_what_deals_reserve(world):
    world.stake(BOB, 200 * world.unit)
    world.market.registerResource(CPU, 110, sender=BOB)
    world.market.publishOffer(CPU, 110, 0, world.evm.time, False, sender=BOB)
    world.confirm(world.request(units=100), BOB)
    world.market.withdrawOffer(CPU, sender=BOB)
    with reverts("CapacityBelowPublished", 99, 100):
        world.market.registerResource(CPU, 99, sender=BOB)
    world.market.registerResource(CPU, 100, sender=BOB)
    assert standing(world) == (100, 200 * world.unit)


@pytest.mark.spec("3.5")
def test_refuses_strangers(world):
    with reverts("NotRegistered", STRANGER):
        world.market.registerResource(CPU, 1, sender=STRANGER)


@pytest.mark.parametrize("resource", [0, 4, 2**32 - 1])
@pytest.mark.parametrize("capacity", [0, 1])
def test_refuses_unknown_classes(world, resource, capacity):
    with reverts("UnknownResource", resource):
        world.market.registerResource(resource, capacity, sender=BOB)


@pytest.mark.spec("4.3")
def test_a_retired_class_takes_no_new_capacity_but_frees_it(world):
    world.market.registerResource(CPU, 5, sender=BOB)
    world.market.retireResourceClass(CPU, sender=OWNER)
    with reverts("ResourceRetired", CPU):
        world.market.registerResource(CPU, 6, sender=BOB)
    world.market.registerResource(CPU, 5, sender=BOB)
    world.market.registerResource(CPU, 0, sender=BOB)
    assert standing(world) == (0, 0)


def test_overflow_sized_numbers(world):
    resource = world.add_class(stakePerUnit=MAX_UINT96)
    pledge = value_up(MAX_UINT64, MAX_UINT96)
    with reverts("InsufficientStake", 20 * world.unit, pledge):
        world.market.registerResource(resource, MAX_UINT64, sender=BOB)
    # With 24 decimals the pledge passes 2^112 and must not be cut off.
    wide = World(24)
    resource = wide.add_class(stakePerUnit=MAX_UINT96)
    wide.register(BOB, capacity=0, stake=2**112 - 1)
    pledge = value_up(MAX_UINT64, MAX_UINT96, 24)
    assert pledge > 2**112
    with reverts("InsufficientStake", 2**112 - 1, pledge):
        wide.market.registerResource(resource, MAX_UINT64, sender=BOB)


def test_the_largest_capacities_of_several_classes_add_up(world):
    dust = [world.add_class(stakePerUnit=1) for _ in range(3)]
    world.stake(BOB, 100 * world.unit)
    for resource in dust:
        world.market.registerResource(resource, MAX_UINT64, sender=BOB)
    assert standing(world) == (3 * MAX_UINT64, 3 * MAX_UINT64)


def test_miners_add_up_in_a_class(world):
    world.market.registerResource(CPU, 3, sender=BOB)
    world.register(DAVE, capacity=4, published=0)
    assert world.market.supplyOf(CPU).registered == 7
    world.market.registerResource(CPU, 0, sender=BOB)
    assert world.market.supplyOf(CPU).registered == 4
    assert standing(world, DAVE) == (4, 8 * world.unit)


def test_works_while_paused(world):
    world.market.pause(sender=OWNER)
    world.market.registerResource(CPU, 3, sender=BOB)
    assert standing(world) == (3, 6 * world.unit)


@pytest.mark.deep
@pytest.mark.spec("1.6")
def test_supply_stops_at_the_end_of_its_slot(world):
    """A class's supply is below 2^80: 65,536 miners of the largest size fit, no more."""
    resource = world.add_class(stakePerUnit=1)
    world.fund(ALICE, 1_300_000 * world.unit)
    miners = [f"0x{2**80 + number:040x}" for number in range(2**16 + 1)]
    for miner in miners:
        world.market.registerMiner(miner, sender=miner)
        world.market.addStake(miner, MAX_UINT64, sender=ALICE)
        if miner != miners[-1]:
            world.market.registerResource(resource, MAX_UINT64, sender=miner)
            world.market.publishOffer(resource, MAX_UINT64, 0, MAX_UINT32, False, sender=miner)
    total = 2**16 * MAX_UINT64
    assert world.market.supplyOf(resource) == (total, total, 0, 0)
    with reverts("SafeCastOverflowedUintDowncast", 80, total + MAX_UINT64):
        world.market.registerResource(resource, MAX_UINT64, sender=miners[-1])
    room = 2**80 - 1 - total
    world.market.registerResource(resource, room, sender=miners[-1])
    assert world.market.supplyOf(resource).registered == 2**80 - 1
