"""Tasks of other versions, run by an installation that is kept: here this one plays it."""

import io
import sys

import pytest

from suanli.engine import (
    BeyondEnd,
    EngineUnavailable,
    InvalidTask,
    Limits,
    Module,
    Task,
    default_runtime,
    runtime_id,
    wire,
)
from suanli.engine.host import Installation, SeveralVersions, serve
from tests.suanli.engine.conftest import MODULES

THIS = [sys.executable, "-m", "suanli"]
TASK = Task(
    Module.from_file(MODULES / "libc.wasm"),
    ("a", "b"),
    {"NAME": "value"},
    b"typed\n",
    {"inputs/data.csv": b"x,y\n1,2\n"},
    Limits(fuel=60_000_000, memory=64 << 20),
)


class Nothing:
    """As a pool of a version that lacks the runtime."""

    def of(self, runtime):
        raise EngineUnavailable("no such runtime")


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield Installation(THIS)


def test_its_runtimes_are_run_by_it(installation, pool):
    assert runtime_id() in installation.runtimes
    with SeveralVersions(Nothing(), [installation]) as versions:
        engine = versions.of(runtime_id())
        result = engine.submit(TASK).result(timeout=60)
        assert result == pool.submit(TASK).result()
        at = result.fuel // 2
        assert engine.trace(TASK, at).result() == pool.trace(TASK, at).result()
        with pytest.raises(BeyondEnd, match=f"ended after {result.fuel} fuel"):
            engine.trace(TASK, result.fuel + 1).result()
        with pytest.raises(EngineUnavailable, match="no such runtime"):
            versions.of(b"\x01" * 32)


def test_what_this_version_has_it_runs_itself(installation, pool):
    with SeveralVersions(pool, [installation]) as versions:
        assert versions.of(runtime_id(default_runtime())) is pool


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["/nowhere/suanli"], "can't be started"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "ended with 3"),
        (["/bin/echo", "a" * 100], "nonsense|ended"),
    ],
)
def test_what_is_no_installation_is_refused(command, why):
    with pytest.raises(Exception, match=why):
        Installation(command)


def test_a_question_that_is_none():
    for asked in (b"", wire.HEAD.pack(5, 0) + b"hello"):
        with pytest.raises(InvalidTask):
            serve(io.BytesIO(asked), io.BytesIO())
    answer = io.BytesIO()
    serve(io.BytesIO(b"".join(wire.pack({"form": 9}))), answer)
    assert b"questions have the form 1, not 9" in answer.getvalue()
