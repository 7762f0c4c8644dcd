import pytest

from tests.harness.evm import Evm
from tests.harness.governance import Polity
from tests.harness.market import World

MAINNET = 1


@pytest.fixture(scope="session")
def _polity():
    return Polity(Evm(MAINNET))


@pytest.fixture
def polity(_polity):
    """On a chain with all bounds; without a market."""
    with _polity.evm.rollback():
        yield _polity


@pytest.fixture(scope="session")
def _governed():
    world = World()
    world.polity = Polity.of(world)
    return world


@pytest.fixture
def governed(_governed):
    """A world whose market is the timelock's: `governed.polity`."""
    with _governed.evm.rollback():
        yield _governed
