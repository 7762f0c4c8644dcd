"""The digest of all that a program is after so much fuel."""

import hashlib
import random

import pytest
import wasmtime

from suanli.engine import (
    BeyondEnd,
    Limits,
    Module,
    Outcome,
    Runtime,
    Task,
    default_runtime,
    runtime_id,
)
from suanli.engine.guest.compile import compile_module
from suanli.engine.guest.run import Loaded
from suanli.engine.guest.run import run as run_here
from suanli.engine.guest.wasi.abi import ALL_RIGHTS, DIRECTORY_RIGHTS, STREAM_RIGHTS, Rights
from suanli.engine.guest.wasi.link import Host
from suanli.engine.host import Pool
from suanli.engine.runtime import new_engine
from tests.suanli.engine.conftest import command, wat
from tests.suanli.engine.interpreter import Maker, Run, TooLong
from tests.suanli.engine.test_determinism import task

PAGE = 64_000
RUNTIMES = sorted({Runtime.PORTABLE, default_runtime()})
ENDS = ("float-loop", "random", "trap-after-work", "out-of-fuel", "uncaught exception", "libc")


class Here:
    """Traces in this process, optimized as one likes."""

    def __init__(self, runtime: Runtime, level: str) -> None:
        self.runtime, self.engine = runtime, new_engine(runtime, cranelift_opt_level=level)
        self.host = Host(self.engine)
        self.loaded: dict[bytes, Loaded] = {}

    def trace(self, one: Task, at: int) -> bytes:
        digest = one.module.digest
        if digest not in self.loaded:
            made = compile_module(one.module.code, self.engine, self.runtime)
            self.loaded[digest] = Loaded(made.artefact, made.memory, self.engine, self.host)
        limits = Limits(**vars(one.limits) | {"fuel": at})
        stopped = Task(one.module, one.args, one.env, one.stdin, one.inputs, limits)
        return run_here(stopped, self.loaded[digest], self.engine, self.host, True).trace


@pytest.fixture(scope="module")
def plain():
    return {runtime: Here(runtime, "none") for runtime in RUNTIMES}


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Shares nothing with the session's pool, its compiler included."""
    with Pool(1, cache=tmp_path_factory.mktemp("other")) as other:
        yield other


def points(name: str, fuel: int) -> list[int]:
    """From the first to the last, and between."""
    chance = random.Random(name)
    return [1, *(chance.randint(1, fuel) for _ in range(4)), fuel]


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_same_everywhere_and_another_at_each_point(name, runtime, pool, other, plain):
    one, by = task(name), runtime_id(runtime)
    result = pool.of(by).submit(one).result()
    found = {}
    for at in points(name, result.fuel):
        stopped = pool.of(by).trace(one, at).result()
        assert stopped.trace == other.of(by).trace(one, at).result().trace
        assert stopped.trace == plain[runtime].trace(one, at)
        found[at] = stopped.trace
    assert len(set(found.values())) == len(found)
    assert all(len(trace) == 32 for trace in found.values())


def test_random_programs_are_the_same_optimized_or_not():
    one, other = (Here(default_runtime(), level) for level in ("none", "speed"))
    compared = 0
    for seed in range(15):
        program = Maker(seed).program()
        try:
            expected = Run(program)
        except TooLong:
            continue
        if expected.trapped:
            continue
        each = Task(Module(bytes(wasmtime.wat2wasm(program.text()))))
        chance = random.Random(seed)
        points = {chance.randint(PAGE, PAGE + expected.fuel) for _ in range(5)}
        traces = [one.trace(each, at) for at in points]
        assert traces == [other.trace(each, at) for at in points], seed
        assert len(set(traces)) == len(points), seed
        compared += len(points)
    assert compared > 40


def untouched_world():
    """No time waited, nothing drawn or written, four descriptors, and a tree with two folders."""
    times = b" ".join([b"946684800000000000"] * 3)
    yield from (b"0 0", b"", b"")
    reads, writes = STREAM_RIGHTS & ~Rights.FD_WRITE, STREAM_RIGHTS & ~Rights.FD_READ
    for fd, rights in enumerate((reads, writes, writes)):
        yield from (b"%d %d 0 0 0" % (fd, rights), times)
    root = b"1 1 2", times
    yield from (b"3 %d %d 0 0" % (DIRECTORY_RIGHTS, ALL_RIGHTS), *root)
    yield from (b"", *root, b"dev", b"7 1 4", times)
    for inode, name in enumerate((b"null", b"random", b"urandom", b"zero"), 3):
        yield from (name, b"%d 1 0" % inode, times)
    yield from (b"tmp", b"2 1 0", times)


def test_says_what_was_when_it_stopped(pool):
    """The loop's head is reached with 64,003 spent, and 7 more each time."""
    counts = """(local $i i32) (loop $more
      (i32.store (i32.const 8) (local.tee $i (i32.add (local.get $i) (i32.const 1))))
      (br $more))"""
    one = Task(command(counts), limits=Limits(fuel=1_000_000, memory=1 << 16))
    stopped = pool.trace(one, PAGE + 100).result()
    assert (stopped.outcome, stopped.fuel) == (Outcome.OUT_OF_FUEL, PAGE + 100)
    begun, each = 3, 7
    rounds = -(-(100 - begun + 1) // each)
    memory = bytearray(1 << 16)
    memory[8] = rounds
    fuel = b"%d %d" % (PAGE + 100, 100 - begun - each * rounds)
    total = hashlib.sha256(b"suanli-trace-1")
    for part in (fuel, memory, *untouched_world()):
        total.update(len(part).to_bytes(8, "little") + part)
    assert stopped.trace == total.digest()


def test_an_end_is_the_last_point(pool):
    one = task("clock")
    fuel = pool.submit(one).result().fuel
    last = pool.trace(one, fuel).result()
    assert (last.outcome, last.fuel, len(last.trace)) == (Outcome.EXITED, fuel, 32)
    workers = pool.pids()
    with pytest.raises(BeyondEnd, match=f"ended after {fuel} fuel, before {fuel + 1}"):
        pool.trace(one, fuel + 1).result()
    assert pool.pids() == workers
    for at in (0, -1, one.limits.fuel + 1):
        with pytest.raises(BeyondEnd, match="1 to 60000000 fuel"):
            pool.trace(one, at)


@pytest.mark.parametrize("name", ["trap-after-work", "out-of-fuel", "uncaught exception"])
def test_what_is_billed_in_full_has_a_trace_up_to_its_limit(name, pool):
    one = task(name)
    result = pool.submit(one).result()
    last = pool.trace(one, result.fuel).result()
    assert last.outcome is result.outcome is not Outcome.EXITED
    assert len(last.trace) == 32


def test_what_can_not_begin_has_none(pool):
    with pytest.raises(BeyondEnd, match="ended after 0 fuel"):
        pool.trace(Task(Module(b"no module")), 1).result()
    too_large = wat('(module (memory 3) (func (export "_start")))')
    with pytest.raises(BeyondEnd, match="ended after 0 fuel"):
        pool.trace(Task(too_large, limits=Limits(memory=1 << 16)), 1).result()


def test_data_beyond_the_memory_traps_before_the_first_step(pool):
    outside = wat('(module (memory 1) (data (i32.const 65536) "x") (func (export "_start")))')
    result = pool.trace(Task(outside), 5).result()
    assert (result.outcome, len(result.trace)) == (Outcome.TRAPPED, 32)


def test_results_have_no_trace_unless_it_was_asked_for(pool):
    assert pool.submit(task("clock")).result().trace == b""


LOOP = "(loop (br 0))"
HIDDEN = '(module (memory 1) (func (export "_start") {} (loop (br 0))))'
GLOBAL = """(module (global $g (mut {0}) ({0}.const 0)) (func (export "_start")
  (global.set $g ({0}.const {1})) (loop (br 0))))"""
VECTOR = """(module (global $g (mut v128) (v128.const i64x2 0 0)) (func (export "_start")
  (global.set $g (v128.const i64x2 0 {})) (loop (br 0))))"""


def closing(fd: int) -> Module:
    return command(f"(drop (call $fd_close (i32.const {fd}))) {LOOP}", imports="fd_close")


def writing(letter: str, to: int) -> Module:
    data = f'(data (i32.const 0) "\\08\\00\\00\\00\\01\\00\\00\\00{letter}")'
    body = f"(drop (call $fd_write (i32.const {to}) (i32.const 0) (i32.const 1) (i32.const 16)))"
    gone = "(i32.store8 (i32.const 8) (i32.const 0))"
    return command(body + gone + LOOP, imports="fd_write", data=data)


def making(name: str) -> Module:
    """A file whose name is not in memory any more."""
    body = """(drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1)
      (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)))
      (i32.store8 (i32.const 0) (i32.const 0))"""
    return command(body + LOOP, imports="path_open", data=f'(data (i32.const 0) "{name}")')


DIFFERENT = {
    "memory that is not exported": [
        wat(HIDDEN.format(f"(i32.store (i32.const 40000) (i32.const {value}))")) for value in (5, 6)
    ],
    **{
        f"a global {kind}": [wat(GLOBAL.format(kind, value)) for value in (1, 2)]
        for kind in ("i32", "i64", "f32", "f64")
    },
    "a global v128": [wat(VECTOR.format(value)) for value in (1, 2)],
    "output": [writing("a", 1), writing("b", 1)],
    "where it is written": [writing("a", 1), writing("a", 2)],
    "what is open": [closing(0), closing(3)],
    "a file's name": [making("a"), making("b")],
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_notices(what, pool):
    one, other = (
        pool.trace(Task(module, limits=Limits(memory=1 << 16)), 500_000).result().trace
        for module in DIFFERENT[what]
    )
    assert len(one) == len(other) == 32
    assert one != other
