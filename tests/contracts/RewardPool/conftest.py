"""A market with a pool that rewards two classes, an epoch of 6,400 seconds long."""

import pytest

from tests.harness.rewards import RewardWorld


@pytest.fixture
def world():
    return RewardWorld()
