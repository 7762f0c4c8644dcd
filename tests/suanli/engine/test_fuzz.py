"""Mutated and random modules: an answer each time, the same each time, and a pool that lives."""

import random
import time

import hypothesis.strategies as st
import pytest
import wasmtime
from hypothesis import given, settings

from suanli.engine import CompileFailed, Limits, Module, Outcome, Task
from suanli.engine.guest.inspect import needs_of
from suanli.engine.guest.wasi.link import SIGNATURES, Host
from suanli.engine.host import Pool
from suanli.engine.runtime import new_engine
from suanli.engine.task import MAX_MODULE_BYTES
from tests.suanli.engine.conftest import MODULES, command

SECONDS = 120
LIMITS = Limits(fuel=20_000_000, memory=16 << 20, files=10, file_bytes=1 << 16)
SEEDS = [
    (MODULES / "libc.wasm").read_bytes(),
    command(
        """(loop (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 4)
        (i32.const 1) (i64.const 0x44) (i64.const 0) (i32.const 0) (i32.const 100)))
        (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 104)))
        (br_if 0 (memory.grow (i32.const 1))))""",
        imports="path_open fd_write",
        data='(data (i32.const 8) "\\10\\00\\00\\00\\04\\00\\00\\00aaaa")',
    ).code,
]


def mutated(choose: random.Random, seed: bytes = b"") -> bytes:
    """A seed with a few bytes changed, moved, doubled or cut out."""
    code = bytearray(seed or choose.choice(SEEDS))
    for _ in range(choose.choice([1, 1, 2, 4, 16])):
        at = choose.randrange(8, len(code))
        size = choose.choice([1, 1, 2, 8, 64])
        match choose.randrange(5):
            case 0:
                code[at] = choose.randrange(256)
            case 1:
                code[at] ^= 1 << choose.randrange(8)
            case 2:
                del code[at : at + size]
            case 3:
                code[at:at] = code[at : at + size]
            case 4:
                source = choose.randrange(8, len(code))
                code[at : at + size] = code[source : source + size]
        if len(code) < 16:
            break
    return bytes(code)


def validates(code: bytes) -> bool:
    try:
        wasmtime.Module.validate(new_engine(), code)
    except wasmtime.WasmtimeError:
        return False
    return True


def check(pool: Pool, code: bytes) -> Outcome:
    task = Task(Module(code), ("x",), {"NAME": "x"}, b"x\n", {"inputs/data.csv": b"y\n"}, LIMITS)
    result = pool.submit(task).result()
    assert pool.submit(task).result() == result
    assert result.fuel <= LIMITS.fuel
    return result.outcome


@settings(max_examples=15)
@given(st.randoms(use_true_random=False))
def test_a_few_mutants(pool, choose):
    check(pool, mutated(choose))


def links(code: bytes, engine: wasmtime.Engine, host: Host) -> bool:
    """Whether wasmtime itself finds all that a module imports, and a `_start` to call."""
    with wasmtime.Module(engine, code) as module:
        starts = [export.type for export in module.exports if export.name == "_start"]
        if not starts or not isinstance(starts[0], wasmtime.FuncType):
            return False
        try:
            host.linker.instantiate_pre(module).close()
        except wasmtime.WasmtimeError:
            return False
        return not starts[0].params and not starts[0].results


def test_what_is_refused_unseen_is_what_wasmtime_can_not_link():
    choose, engine = random.Random(7), new_engine()
    host = Host(engine)
    seen = {True: 0, False: 0}
    while min(seen.values()) < 30:
        code = mutated(choose, SEEDS[1])
        try:
            wasmtime.Module.validate(engine, code)
        except wasmtime.WasmtimeError:
            continue
        fine = not needs_of(code).objection(SIGNATURES)
        assert fine == links(code, engine, host), code.hex()
        seen[fine] += 1


@settings(max_examples=5)
@given(st.binary(max_size=300))
def test_a_few_random_bytes(pool, content):
    assert check(pool, b"\0asm\x01\0\0\0" + content) in (Outcome.INVALID, Outcome.EXITED)


@pytest.mark.deep
def test_mutants_for_two_minutes(pool):
    choose = random.Random()
    seen: dict[Outcome, int] = {}
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        code = mutated(choose)
        # Most mutants are invalid, and a compiler process for each would leave time for few others.
        if not validates(code) and choose.random() > 0.02:
            continue
        try:
            outcome = check(pool, code)
        except CompileFailed:
            continue
        except BaseException:
            print(f"module: {code.hex()}")
            raise
        seen[outcome] = seen.get(outcome, 0) + 1
    print(seen)
    assert set(seen) > {Outcome.INVALID}, "no mutant was valid: the fuzzer does not fuzz"


def test_modules_above_the_largest_size_are_invalid(pool):
    code = SEEDS[1] + b"\0" * MAX_MODULE_BYTES
    assert pool.prepare(Module(code)) == f"larger than {MAX_MODULE_BYTES} bytes"
