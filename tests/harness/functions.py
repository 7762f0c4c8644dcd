"""One pool for all tests of Python functions, with its modules where every run finds them:
compiling the interpreter takes ten seconds."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suanli.engine.host import Pool
from suanli.python import interpreter_for

CACHE = Path(__file__).parents[2] / ".cache" / "modules"


@contextmanager
def interpreter_pool() -> Iterator[Pool]:
    CACHE.parent.mkdir(exist_ok=True)
    with Pool(2, cache=CACHE) as pool:
        with one_compiles():
            assert pool.prepare(interpreter_for(()).module()) is None
        yield pool


@contextmanager
def one_compiles() -> Iterator[None]:
    """Of several processes that test."""
    with CACHE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
