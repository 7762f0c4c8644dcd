"""What a machine must have and do to serve a runtime."""

import pytest

from suanli.engine import (
    EngineUnavailable,
    Runtime,
    Task,
    default_runtime,
    named_by,
    runtime,
    runtime_id,
    show_runtime,
    wire,
)
from suanli.engine.guest import selftest
from suanli.engine.guest.worker import Worker
from suanli.engine.host import Isolation, Pool, pool, pool_by, process, served, slot, usable
from suanli.engine.host.library import Library
from suanli.engine.runtime import new_engine
from tests.suanli.engine.conftest import SMALL
from tests.suanli.engine.test_determinism import PROGRAMS

pytestmark = pytest.mark.skipif(
    default_runtime() is not Runtime.FAST, reason="the fast runtime needs x86-64"
)


NANS = Task(PROGRAMS["nan-bits"], limits=SMALL)
FAST, PORTABLE = runtime_id(Runtime.FAST), runtime_id(Runtime.PORTABLE)


@pytest.fixture
def old_processor(monkeypatch, tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("flags : fpu sse2 avx bmi1 bmi2 abm\n")
    monkeypatch.setattr(runtime, "_CPUINFO", info)


def test_a_processor_without_avx2_is_refused_before_anything_starts(old_processor, tmp_path):
    problem = r"lacks avx2, fma, which the runtime fast uses: choose the runtime portable \("
    with pytest.raises(EngineUnavailable, match=problem):
        Pool(1, cache=tmp_path, runtime=Runtime.FAST)
    assert default_runtime() is Runtime.PORTABLE
    with (
        Pool(1, cache=tmp_path) as both,
        pytest.raises(EngineUnavailable, match=problem),
    ):
        both.of(FAST)


def test_an_old_processor_can_use_the_portable_one_only(old_processor):
    found = usable()
    assert found[Runtime.PORTABLE] == ""
    lacks = "this processor lacks avx2, fma, which the runtime fast uses"
    assert found[Runtime.FAST] == lacks
    assert served(found) == (Runtime.PORTABLE,)
    with pytest.raises(EngineUnavailable, match=r"^no$"):
        served(dict.fromkeys(Runtime, "no"))


def test_a_processor_without_avx_is_refused_for_both(monkeypatch, tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("flags : fpu sse2\n")
    monkeypatch.setattr(runtime, "_CPUINFO", info)
    found = usable()
    assert found[Runtime.PORTABLE] == (
        "this processor lacks avx, which the runtime portable uses: use a processor that has AVX"
    )
    assert "lacks abm, avx, avx2" in found[Runtime.FAST]


def test_a_processor_with_other_nans_is_refused(monkeypatch):
    monkeypatch.setattr(selftest, "_KNOWN", ("00" * 16, *selftest._KNOWN[1:]))
    with pytest.raises(EngineUnavailable, match="other NaNs than those of the runtime fast"):
        Worker(Runtime.FAST)
    Worker(Runtime.PORTABLE)


def test_why_a_worker_does_not_start_is_told(monkeypatch, tmp_path):
    answer = tmp_path / "answer"
    answer.write_bytes(b"".join(wire.pack({"error": "other NaNs"}, [])))
    monkeypatch.setattr(process, "command", lambda *_: ["/bin/cat", str(answer)])
    with pytest.raises(EngineUnavailable, match="a worker does not start: other NaNs"):
        process.WorkerProcess(Isolation.NONE)


@pytest.mark.parametrize("level", ["none", "speed", "speed_and_size"])
def test_nans_do_not_depend_on_optimization_or_on_avx(level):
    for one in Runtime:
        assert selftest.nans(new_engine(one, cranelift_opt_level=level)) == selftest._KNOWN


def test_a_runtime_is_found_by_its_id():
    assert [named_by(FAST), named_by(PORTABLE)] == [Runtime.FAST, Runtime.PORTABLE]
    assert [show_runtime(FAST), show_runtime(PORTABLE)] == ["fast", "portable"]
    assert show_runtime(b"\x07" * 32) == "0707070707070707…"
    with pytest.raises(EngineUnavailable) as problem:
        named_by(b"\x07" * 32)
    assert str(problem.value) == (
        "this version of suanli has no runtime 0707070707070707… here, only fast"
        f" ({FAST.hex()[:16]}…), portable ({PORTABLE.hex()[:16]}…): add the package that has it"
        " (suanli runtime add)"
    )
    with pytest.raises(EngineUnavailable, match="has no runtime 0707"):
        pool_by(b"\x07" * 32)


def test_one_pool_serves_both_in_the_same_place(tmp_path):
    with Pool(1, cache=tmp_path) as both:
        fast, portable = both.of(FAST), both.of(PORTABLE)
        first = [one.submit(NANS).result().stdout for one in (fast, portable)]
        assert len(set(first)) == 2, "they differ in the bits of NaNs"
        warm = both.pids()
        assert len(warm) == 2, "a worker each"
        again = [one.submit(NANS).result().stdout for one in (fast, portable)]
        assert (again, both.pids()) == (first, warm), "both stay warm"
        assert both.submit(NANS).result().stdout == first[0]
    with Pool(1, cache=tmp_path, runtime=Runtime.PORTABLE) as other:
        assert other.submit(NANS).result().stdout == first[1]


def test_tasks_of_both_take_turns(tmp_path):
    """As many run at a time as the pool has workers, whatever their runtimes."""
    with Pool(1, cache=tmp_path) as both:
        order: list[str] = []
        waiting = []
        for number in range(20):
            one = both.of((FAST, PORTABLE)[number % 2])
            waiting.append(one.submit(NANS))
            waiting[-1].add_done_callback(lambda _, number=number: order.append(number))
        for future in waiting:
            future.result()
    assert order == list(range(20))


def test_a_worker_that_nobody_asks_for_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(slot, "_IDLE", 0)
    with Pool(1, cache=tmp_path) as both:
        both.of(FAST).submit(NANS).result()
        before = both.pids()
        both.of(PORTABLE).submit(NANS).result()
        assert len(both.pids()) == 1
        assert both.pids() != before


def test_both_artefacts_lie_side_by_side(tmp_path, monkeypatch):
    with Pool(1, cache=tmp_path) as both:
        for one in (FAST, PORTABLE):
            assert both.of(one).prepare(NANS.module) is None
    assert len(list(tmp_path.glob("*.bin"))) == 2
    monkeypatch.setattr(Library, "_compile", lambda *_: pytest.fail("not in the cache"))
    with Pool(1, cache=tmp_path) as again:
        for one in (FAST, PORTABLE):
            assert again.of(one).prepare(NANS.module) is None


def test_what_this_machine_can_run_is_seen_by_starting_it(monkeypatch):
    assert usable() == {Runtime.FAST: "", Runtime.PORTABLE: ""}

    def start(isolation, compile_seconds=0, runtime=None):
        if runtime.runtime is Runtime.FAST:
            raise EngineUnavailable("other NaNs")
        return process.WorkerProcess(isolation, compile_seconds, runtime)

    monkeypatch.setattr(pool, "WorkerProcess", start)
    assert usable() == {Runtime.FAST: "other NaNs", Runtime.PORTABLE: ""}
