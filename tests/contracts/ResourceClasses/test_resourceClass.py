"""resourceClass: a class as it was added."""

import pytest

from tests.harness.evm import reverts
from tests.harness.market import GPU, LEASED, resource_class


def test_shows_all_fields(world):
    expected = {"priceModel": world.model.address} | resource_class(kind=LEASED, runtimes=1)
    assert world.market.resourceClass(GPU)._asdict() == expected


@pytest.mark.parametrize("resource", [0, 4, 2**32 - 1])
def test_refuses_unknown_classes(world, resource):
    with reverts("UnknownResource", resource):
        world.market.resourceClass(resource)
