from collections.abc import Iterator

import pytest

from suanli.engine.host import Pool
from suanli.python import FunctionExecutor, local_executor
from tests.harness.functions import interpreter_pool


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    with interpreter_pool() as pool:
        yield pool


@pytest.fixture(scope="module")
def executor(pool: Pool) -> Iterator[FunctionExecutor]:
    """Calls may use 3,000 units, a third of a second."""
    with local_executor(2, pool=pool, units=3_000, memory=128 << 20) as executor:
        yield executor
