"""runtimesOf: what may run a class's tasks, in the order by which requests name them."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import CPU, OWNER, RUNTIME


@pytest.mark.spec("4.2")
def test_lists_them_in_the_order_in_which_they_came(world):
    added = [bytes([number]) * 32 for number in (9, 7, 8)]
    for runtime in added:
        world.market.permitRuntime(CPU, runtime, sender=OWNER)
    assert world.market.runtimesOf(CPU) == (RUNTIME, *added)


@pytest.mark.parametrize("resource", [0, 4, 2**32 - 1])
def test_refuses_unknown_classes(world, resource):
    with reverts("UnknownResource", resource):
        world.market.runtimesOf(resource)
