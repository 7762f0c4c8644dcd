"""The same task gives the same result: again, elsewhere, optimized or not, fresh or cached."""

import subprocess
import sys
from pathlib import Path

import pytest

from suanli.engine import Limits, Module, Outcome, Runtime, Task, default_runtime, runtime_id
from suanli.engine import runtime as runtimes
from suanli.engine.guest.compile import compile_module
from suanli.engine.guest.run import Loaded
from suanli.engine.guest.run import run as run_here
from suanli.engine.guest.wasi.link import Host
from suanli.engine.host import Pool
from suanli.engine.host.cache import ModuleCache
from suanli.engine.runtime import new_engine
from tests.suanli.engine.conftest import MODULES, command, wat

SHOW = """
  (i64.store (i32.const 200) {value})
  (i32.store (i32.const 100) (i32.const 200)) (i32.store (i32.const 104) (i32.const 8))
  (drop (call $fd_write (i32.const 1) (i32.const 100) (i32.const 1) (i32.const 108)))"""


def shows(value: str, before: str = "", locals_: str = "") -> Module:
    """A module that writes the eight bytes of a 64-bit value."""
    return command(before + SHOW.format(value=value), imports="fd_write", locals_=locals_)


THROWER = "(tag $e (param i32)) (func $thrower (param i32) (throw $e (local.get 0)))"
KEEPER = f"""(tag $e (param {"i64 " * 100}))
  (func $keeper (param $n i32) (local $x exnref)
    (local.set $x (block $h (result exnref) (try_table (catch_all_ref $h)
      {"(i64.const 3) " * 100} throw $e) unreachable))
    (if (local.get $n) (then (call $keeper (i32.sub (local.get $n) (i32.const 1)))))
    (drop (ref.is_null (local.get $x))))"""
PROGRAMS = {
    "nan-bits": shows(
        """(i64.xor
          (i64.reinterpret_f64 (f64.div (f64.const 0) (f64.const -0)))
          (i64.reinterpret_f64 (f64.add (f64.const nan:0x123) (f64.sqrt (f64.const -1)))))"""
    ),
    "float-loop": shows(
        "(i64.reinterpret_f64 (local.get $x))",
        """(loop $more
          (local.set $x (f64.div (f64.sqrt (f64.add (local.get $x) (f64.const 1.1)))
            (f64.const 0.3)))
          (br_if $more (i32.lt_u
            (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 99999))))""",
        "(local $x f64) (local $i i32)",
    ),
    "bulk-memory": shows(
        "(i64.load (i32.const 40000))",
        """(memory.fill (i32.const 1000) (i32.const 7) (i32.const 30000))
        (memory.copy (i32.const 31000) (i32.const 900) (i32.const 20000))""",
    ),
    "growing-memory": shows("(i64.extend_i32_u (memory.grow (i32.const 500)))"),
    "clock": command(
        "(drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 300)))"
        + SHOW.format(value="(i64.load (i32.const 300))"),
        imports="fd_write clock_time_get",
    ),
    "random": command(
        "(drop (call $random_get (i32.const 300) (i32.const 8)))"
        + SHOW.format(value="(i64.load (i32.const 300))"),
        imports="fd_write random_get",
    ),
    "trap-after-work": command(
        """(local $i i32) (loop $more (br_if $more (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 99999)))) unreachable"""
    ),
    "out-of-fuel": shows("(i64.const 1)", "(loop (br_if 0 (i32.const 1)))"),
    "exceptions": command(
        """(local $i i32) (local $x exnref)
        (loop $more
          (local.set $x (block $h (result exnref)
            (try_table (catch_all_ref $h) (call $thrower (local.get $i))) unreachable))
          (i32.store (i32.const 300) (block $h (result i32)
            (try_table (catch $e $h) (throw_ref (local.get $x))) unreachable))
          (br_if $more (i32.lt_u
            (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5000))))"""
        + SHOW.format(value="(i64.load32_u (i32.const 300))"),
        imports="fd_write",
        data=THROWER,
    ),
    "too many exceptions": command(
        SHOW.format(value="(i64.const 1)") + "(call $keeper (i32.const 700))",
        imports="fd_write",
        data=KEEPER,
    ),
    "uncaught exception": command("(call $thrower (i32.const 7))", data=THROWER),
    "libc": Module.from_file(MODULES / "libc.wasm"),
}
LIMITS = Limits(fuel=60_000_000, memory=64 << 20)


@pytest.fixture(scope="module", params=Runtime)
def runtime(request):
    """Each that there is on this platform."""
    if request.param is not Runtime.PORTABLE and request.param is not default_runtime():
        pytest.skip(f"no {request.param} here")
    return request.param


@pytest.fixture(scope="module")
def pool(runtime, tmp_path_factory):
    with Pool(2, cache=tmp_path_factory.mktemp("one"), runtime=runtime) as pool:
        yield pool


@pytest.fixture(scope="module")
def other(runtime, tmp_path_factory):
    """A pool that shares nothing with the first, its compiler included."""
    with Pool(1, cache=tmp_path_factory.mktemp("other"), runtime=runtime) as other:
        yield other


def task(name: str) -> Task:
    return Task(
        PROGRAMS[name],
        ("a", "b c"),
        {"NAME": "value"},
        b"standard input\n",
        {"inputs/data.csv": b"x,y\n1,2\n"},
        LIMITS,
    )


def run_with(one: Task, runtime: Runtime, round_trip: bool = False, **changes):
    engine = new_engine(runtime, **changes)
    host = Host(engine)
    artefact = compile_module(one.module.code, engine, runtime).artefact
    if round_trip:
        engine = new_engine(runtime, **changes)
        host = Host(engine)
    loaded = Loaded(artefact, 0, engine, host)
    return run_here(one, loaded, engine, host)


@pytest.mark.parametrize("name", PROGRAMS)
def test_again_and_in_other_processes(name, pool, other):
    first = pool.submit(task(name)).result()
    assert first.fuel > 0
    assert all(result == first for result in pool.map([task(name)] * 20))
    assert other.submit(task(name)).result() == first


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("level", ["none", "speed_and_size"])
def test_optimized_or_not(name, level, pool, runtime):
    found = run_with(task(name), runtime, cranelift_opt_level=level)
    assert found == pool.submit(task(name)).result()


@pytest.mark.parametrize("name", PROGRAMS)
def test_through_a_round_of_machine_code(name, pool, runtime):
    assert run_with(task(name), runtime, round_trip=True) == pool.submit(task(name)).result()


@pytest.mark.parametrize("name", ["libc", "float-loop"])
def test_machine_code_is_the_same_everywhere(name, runtime, tmp_path):
    """What only the code generator decides, such as the depth of the stack, rests on this."""
    found = []
    for folder in (tmp_path / "one", tmp_path / "other"):
        with Pool(1, cache=folder, runtime=runtime) as pool:
            pool.prepare(PROGRAMS[name])
        found.append(ModuleCache(folder, runtime_id(runtime)).get(PROGRAMS[name].digest))
    assert found[0] is not None
    assert found[0] == found[1]


def test_what_the_programs_show(pool, runtime):
    """The comparisons above would hold for programs that do nothing, so look at some."""
    results = {name: pool.submit(task(name)).result() for name in PROGRAMS}
    ends = {name: result.outcome for name, result in results.items()}
    for name in ("trap-after-work", "too many exceptions", "uncaught exception"):
        assert ends.pop(name) is Outcome.TRAPPED
    assert results["too many exceptions"].stdout == (1).to_bytes(8, "little")
    assert results["exceptions"].stdout == (4999).to_bytes(8, "little")
    assert ends.pop("out-of-fuel") is Outcome.OUT_OF_FUEL
    assert set(ends.values()) == {Outcome.EXITED}
    assert all(len(results[name].stdout) == 8 for name in ends if name != "libc")
    assert (results["libc"].exit_code, results["libc"].stderr) == (42, b"done\n")
    assert results["float-loop"].fuel > 99_999
    assert results["bulk-memory"].fuel > 50_000
    # Canonical NaNs have the same bits, so that nothing is left of their xor; those of processors
    # tell where they come from.
    left = {Runtime.PORTABLE: 0, Runtime.FAST: 0x8000_0000_0000_0123}
    assert results["nan-bits"].stdout == left[runtime].to_bytes(8, "little")


def test_the_stack_ends_at_the_same_depth_everywhere(pool, other):
    """Frames are laid out by the code generator, which the runtime id pins down."""

    module = wat("""(module
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\04\\00\\00\\00")
      (func $f (param i32) (result i32)
        (if (result i32) (local.get 0)
          (then (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1)))))
          (else (i32.const 0))))
      (func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (drop (call $f (i32.load (i32.const 16))))))""")

    def fits(depth: int, where: Pool) -> bool:
        one = Task(module, stdin=depth.to_bytes(4, "little"), limits=LIMITS)
        return where.submit(one).result().ok

    low, high = 1, 1_000_000
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle, pool) else (low, middle)
    for _ in range(3):
        assert fits(low, other)
        assert not fits(high, other)
    assert low > 10_000


class TestRuntimeId:
    def test_is_a_digest_and_stays(self):
        assert len(runtime_id()) == 32
        assert runtime_id() == runtime_id()

    def test_tells_the_runtimes_apart(self):
        assert runtime_id() == runtime_id(default_runtime())
        if default_runtime() is not Runtime.PORTABLE:
            assert runtime_id(Runtime.FAST) != runtime_id(Runtime.PORTABLE)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("WASMTIME", "0.0.0"),
            ("WASI_VERSION", "other"),
            ("REWRITER_VERSION", "other"),
            ("TRACE_VERSION", "other"),
            ("CONFIG", {}),
            ("MAX_TABLES", 1),
            ("TARGETS", {k: (v[0], ()) for k, v in runtimes.TARGETS.items()}),
        ],
    )
    def test_covers(self, monkeypatch, name, value):
        before = runtime_id()
        monkeypatch.setattr(runtimes, name, value)
        runtimes._id_of.cache_clear()
        changed = runtime_id()
        monkeypatch.undo()
        runtimes._id_of.cache_clear()
        assert (changed == before) is (runtimes.target()[1] == () and name == "TARGETS")

    def test_is_known_without_wasmtime(self):
        code = "import sys, suanli.cli, suanli.engine as e; e.runtime_id();"
        code += "sys.exit('wasmtime' in sys.modules)"
        root = Path(__file__).parents[3]
        assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0

    def test_misspelt_settings_are_noticed(self):
        with pytest.raises(runtimes.EngineUnavailable, match="wasm_thread"):
            new_engine(wasm_thread=False)
