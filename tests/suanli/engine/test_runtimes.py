"""What a machine must have and do to serve a runtime."""

import pytest

from suanli.engine import EngineUnavailable, Runtime, default_runtime, runtime, wire
from suanli.engine.guest import selftest
from suanli.engine.guest.worker import Worker
from suanli.engine.host import Isolation, Pool, process
from suanli.engine.runtime import new_engine

pytestmark = pytest.mark.skipif(
    default_runtime() is not Runtime.FAST, reason="the fast runtime needs x86-64"
)


def test_a_processor_without_avx2_is_refused_before_anything_starts(monkeypatch, tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text("flags : fpu sse2 avx bmi1 bmi2 abm\n")
    monkeypatch.setattr(runtime, "_CPUINFO", info)
    problem = r"lacks avx2, fma, which the runtime x86-64-v3 uses: choose the runtime portable"
    with pytest.raises(EngineUnavailable, match=problem):
        Pool(1, cache=tmp_path)
    Pool(1, cache=tmp_path, runtime=Runtime.PORTABLE).close()


def test_a_processor_with_other_nans_is_refused(monkeypatch):
    monkeypatch.setattr(selftest, "_KNOWN", ("00" * 16, *selftest._KNOWN[1:]))
    with pytest.raises(EngineUnavailable, match="other NaNs than those of x86-64-v3"):
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
