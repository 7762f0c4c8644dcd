"""Bob leases 100 units out, at a token for each hour; he has collateral here, and Alice money."""

import pytest

from tests.harness.market import ALICE, BOB, PRICE
from tests.harness.storage import StorageWorld

_WORLD: list[StorageWorld] = []


def built() -> StorageWorld:
    world = StorageWorld()
    world.keeper(BOB, 100)
    world.fund_here(ALICE, 1_000 * PRICE)
    return world


@pytest.fixture
def world():
    if not _WORLD:
        _WORLD.append(built())
    with _WORLD[0].rollback():
        yield _WORLD[0]
