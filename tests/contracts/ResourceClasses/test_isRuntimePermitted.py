"""isRuntimePermitted: whether a class's tasks may name a runtime id."""

import pytest

from tests.harness.market import CPU, RUNTIME


@pytest.mark.parametrize(
    ("resource", "runtime", "permitted"),
    [(CPU, RUNTIME, True), (CPU, b"\0" * 32, False), (0, RUNTIME, False), (4, RUNTIME, False)],
)
def test_tells_what_was_permitted(world, resource, runtime, permitted):
    assert world.market.isRuntimePermitted(resource, runtime) is permitted
