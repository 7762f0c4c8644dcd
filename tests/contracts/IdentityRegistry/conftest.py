import pytest

from tests.harness.registry import Registry


@pytest.fixture
def registry(world):
    """One attestor, least level 2; rolled back after each test."""
    return Registry(world)
