"""Bob leases out 100 GPUs at a token an hour or more; Alice has money in the channels."""

import pytest

from tests.harness.channels import ChannelWorld
from tests.harness.market import ALICE, BOB, PRICE

_WORLD: list[ChannelWorld] = []


def built() -> ChannelWorld:
    world = ChannelWorld()
    world.lessor(BOB, 100)
    world.fund_here(ALICE, 1_000 * PRICE)
    return world


@pytest.fixture
def world():
    if not _WORLD:
        _WORLD.append(built())
    with _WORLD[0].rollback():
        yield _WORLD[0]
