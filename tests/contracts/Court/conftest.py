"""A courtroom, rolled back after each test."""

from collections.abc import Iterator

import pytest

from tests.harness.courtroom import Courtroom


@pytest.fixture(scope="session")
def shared_room() -> Courtroom:
    return Courtroom()


@pytest.fixture
def room(shared_room: Courtroom) -> Iterator[Courtroom]:
    with shared_room.evm.rollback():
        yield shared_room
