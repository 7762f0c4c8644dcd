"""One market per run, rolled back after each test."""

from collections.abc import Iterator

import pytest

from tests.harness.market import World


@pytest.fixture(scope="session")
def shared_world() -> World:
    """For properties: they roll back each example themselves (`with world.evm.rollback()`)."""
    return World()


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """A market with classes and terms, and nobody in it yet."""
    with shared_world.evm.rollback():
        yield shared_world
