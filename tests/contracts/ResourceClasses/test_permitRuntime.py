"""permitRuntime: one more runtime id at the end of a class's list; none is ever taken back."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import CPU, CPU_LARGE, OWNER, RUNTIME, STRANGER

OTHER = b"\x02" * 32


@pytest.mark.spec("4.2")
def test_permits_in_this_class_only(world):
    receipt = world.market.permitRuntime(CPU, OTHER, sender=OWNER)
    assert receipt.event("RuntimePermitted").args == {
        "resource": CPU,
        "runtime": 1,
        "runtimeId": OTHER,
    }
    assert world.market.runtimesOf(CPU) == (RUNTIME, OTHER)
    assert world.market.resourceClass(CPU).runtimes == 2
    assert world.market.runtimesOf(CPU_LARGE) == (RUNTIME,)


@pytest.mark.spec("4.2")
def test_once(world):
    with reverts("RuntimeAlreadyPermitted", CPU, RUNTIME):
        world.market.permitRuntime(CPU, RUNTIME, sender=OWNER)


@pytest.mark.parametrize("resource", [0, 4, 2**32 - 1])
def test_refuses_unknown_classes(world, resource):
    with reverts("UnknownResource", resource):
        world.market.permitRuntime(resource, OTHER, sender=OWNER)


def test_a_retired_class_may_get_one_for_its_live_deals(world):
    world.market.retireResourceClass(CPU, sender=OWNER)
    world.market.permitRuntime(CPU, OTHER, sender=OWNER)
    assert world.market.runtimesOf(CPU) == (RUNTIME, OTHER)


def test_only_the_owner_may(world):
    with reverts("OwnableUnauthorizedAccount", STRANGER):
        world.market.permitRuntime(CPU, OTHER, sender=STRANGER)
