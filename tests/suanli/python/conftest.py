"""One pool for all tests of functions, with its modules where every run finds them: compiling the
interpreter takes ten seconds."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from suanli.engine.host import Pool
from suanli.python import FunctionExecutor, interpreter_for, local_executor

CACHE = Path(__file__).parents[3] / ".cache" / "modules"


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    CACHE.parent.mkdir(exist_ok=True)
    with Pool(2, cache=CACHE) as pool:
        # Of several processes that test, one compiles.
        with CACHE.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert pool.prepare(interpreter_for(()).module()) is None
        yield pool


@pytest.fixture(scope="module")
def executor(pool: Pool) -> Iterator[FunctionExecutor]:
    """Calls may use 3,000 units, a third of a second."""
    with local_executor(2, pool=pool, units=3_000, memory=128 << 20) as executor:
        yield executor
