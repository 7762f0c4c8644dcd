"""addResourceClass: the owner adds a class; all but model and retirement is fixed for ever."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import (
    ALICE,
    BOB,
    JUDGED,
    LEASED,
    MAX_UINT64,
    MAX_UINT80,
    MAX_UINT96,
    OWNER,
    STRANGER,
    ZERO,
    resource_class,
)

RUNTIMES = [bytes([number]) * 32 for number in (1, 2, 3)]


def add(world, runtimes=(), unit="GPU-hour", sender=OWNER, **changes):
    record = {"priceModel": world.model.address} | resource_class(**changes)
    return world.market.addResourceClass(record, unit, runtimes, sender=sender)


@pytest.mark.parametrize("kind", [JUDGED, LEASED])
@pytest.mark.spec("4.1")
def test_adds_a_class(world, kind):
    before = world.market.resourceCount()
    receipt = add(world, RUNTIMES, kind=kind)
    assert receipt.value == before + 1 == world.market.resourceCount()
    assert receipt.event("ResourceClassAdded").args == {
        "resource": before + 1,
        "unit": "GPU-hour",
    }
    permitted = [event.args for event in receipt.events if event.name == "RuntimePermitted"]
    assert permitted == [
        {"resource": before + 1, "runtime": index, "runtimeId": runtime}
        for index, runtime in enumerate(RUNTIMES)
    ]
    assert world.market.runtimesOf(before + 1) == tuple(RUNTIMES)
    stored = world.market.resourceClass(before + 1)._asdict()
    assert stored == {"priceModel": world.model.address} | resource_class(kind=kind, runtimes=3)
    assert world.market.supplyOf(before + 1) == (0, 0, 0, 0)


@pytest.mark.spec("4.1")
def test_leaves_other_classes_alone(world):
    before = [world.market.resourceClass(resource) for resource in (1, 2, 3)]
    add(world)
    assert [world.market.resourceClass(resource) for resource in (1, 2, 3)] == before


@pytest.mark.parametrize(
    ("field", "most"),
    [("floor", MAX_UINT80), ("stakePerUnit", MAX_UINT96), ("maxTaskUnits", MAX_UINT64)],
)
@pytest.mark.spec("10.1")
def test_refuses_zero(world, field, most):
    with reverts("OutOfBounds", 0, 1, most):
        add(world, **{field: 0})
    assert world.market.resourceCount() == 3


@pytest.mark.parametrize(
    "bounds",
    [
        {"floor": 1, "stakePerUnit": 1, "maxTaskUnits": 1, "maxTaskMemory": 0, "maxTaskBytes": 0},
        {
            "floor": MAX_UINT80,
            "stakePerUnit": MAX_UINT96,
            "maxTaskUnits": MAX_UINT64,
            "maxTaskMemory": MAX_UINT64,
            "maxTaskBytes": MAX_UINT64,
        },
    ],
)
@pytest.mark.spec("10.1")
def test_takes_the_extremes(world, bounds):
    resource = add(world, **bounds).value
    stored = world.market.resourceClass(resource)._asdict()
    assert {name: stored[name] for name in bounds} == bounds


@pytest.mark.spec("10.1")
def test_a_unit_of_a_leased_class_lasts_and_none_of_a_judged_one(world):
    with reverts("OutOfBounds", 1, 0, 0):
        add(world, unitSeconds=1)
    for seconds in (0, 365 * 86_400 + 1):
        with reverts("OutOfBounds", seconds, 1, 365 * 86_400):
            add(world, kind=LEASED, unitSeconds=seconds)
    for seconds in (1, 365 * 86_400):
        resource = add(world, kind=LEASED, unitSeconds=seconds).value
        assert world.market.resourceClass(resource).unitSeconds == seconds


@pytest.mark.spec("10.1")
def test_counts_the_runtimes_itself(world):
    record = {"priceModel": world.model.address} | resource_class(runtimes=1)
    with reverts("OutOfBounds", 1, 0, 0):
        world.market.addResourceClass(record, "unit", RUNTIMES[:1], sender=OWNER)


@pytest.mark.parametrize("model", [ZERO, ALICE])
@pytest.mark.spec("10.1")
def test_refuses_a_model_without_code(world, model):
    with reverts("NotAContract", model):
        add(world, priceModel=model)


@pytest.mark.spec("10.1")
def test_refuses_a_runtime_named_twice(world):
    with reverts("RuntimeAlreadyPermitted", 4, RUNTIMES[0]):
        add(world, [RUNTIMES[0], RUNTIMES[1], RUNTIMES[0]])


def test_a_class_may_be_retired_from_the_start(world):
    resource = add(world, retired=True).value
    world.register(BOB, capacity=0)
    with reverts("ResourceRetired", resource):
        world.market.registerResource(resource, 1, sender=BOB)


@pytest.mark.parametrize("caller", [STRANGER, ALICE])
def test_only_the_owner_may(world, caller):
    with reverts("OwnableUnauthorizedAccount", caller):
        add(world, sender=caller)
