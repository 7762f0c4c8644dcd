"""A market with a class whose price adapts: 1,000 units for sale, 1 token a unit at first."""

import pytest

from tests.harness.adaptive import AdaptiveWorld


@pytest.fixture
def world():
    return AdaptiveWorld()
