"""Modules that try to harm their host, one test each: always an answer, never a dead pool."""

import os

import pytest
import wasmtime

from suanli.engine import CompileFailed, Limits, Module, Outcome, Task
from suanli.engine.guest.compile import ModuleRejected, compile_module
from suanli.engine.guest.worker import compile_bytes
from suanli.engine.host import Pool
from suanli.engine.host.library import Library, compile_seconds
from suanli.engine.runtime import new_engine
from tests.suanli.engine.conftest import SMALL, command, slow_to_compile, wat


def leb(number: int) -> bytes:
    """Unsigned LEB128."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + leb(rest) if rest else bytes([low])


GREETING = '(data (i32.const 8) "\\10\\00\\00\\00\\05\\00\\00\\00hello")'


def test_endless_loop_runs_out_of_fuel(run):
    result = run(command("(loop (br 0))"))
    assert result.outcome is Outcome.OUT_OF_FUEL
    assert (result.fuel, result.units) == (SMALL.fuel, SMALL.units)


def test_endless_loop_of_host_calls_runs_out_of_fuel(run):
    body = "(loop (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 0))) (br 0))"
    result = run(command(body, imports="clock_time_get"))
    assert result.outcome is Outcome.OUT_OF_FUEL
    assert result.seconds < 1


def test_memory_bomb_is_stopped_at_its_limit(run):
    body = """
      (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
      (call $proc_exit (memory.size))"""
    assert run(command(body)).exit_code == SMALL.memory // 65536


def test_memory_above_the_limit_from_the_start_is_invalid(run):
    result = run(wat('(module (memory 2000) (func (export "_start")))'))
    assert result.outcome is Outcome.INVALID
    assert result.units == 0
    assert "above its limit" in result.detail


def test_table_bomb_is_stopped(run):
    result = run(
        wat("""(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (table $t 1 funcref)
        (func (export "_start")
          (loop $more (br_if $more (i32.ne
            (table.grow $t (ref.null func) (i32.const 65536)) (i32.const -1))))
          (call $exit (table.size $t))))""")
    )
    assert 0 < result.exit_code <= 1 << 20


@pytest.mark.parametrize(
    "tables", ["(table 2000000 funcref)", "(table 1 funcref)" * 5], ids=["large", "many"]
)
def test_too_much_table_from_the_start_is_invalid(run, tables):
    result = run(wat(f'(module {tables} (func (export "_start")))'))
    assert result.outcome is Outcome.INVALID
    assert "tables" in result.detail


def test_tables_count_as_memory(run):
    starts = wat('(module (table 100000 funcref) (func (export "_start")))')
    assert run(starts, limits=Limits(memory=800_000)).ok
    result = run(starts, limits=Limits(memory=799_999))
    assert result.outcome is Outcome.INVALID
    assert "starts with 800000 bytes of memory, above its limit" in result.detail
    grows = wat("""(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (table $t 0 funcref)
        (func (export "_start")
          (drop (table.grow $t (ref.null func) (i32.const 1000)))
          (drop (table.grow $t (ref.null func) (i32.const 1)))
          (call $exit (table.size $t))))""")
    assert run(grows, limits=Limits(memory=8000)).exit_code == 1000


@pytest.mark.parametrize(("fd", "quota"), [(1, "stdout_bytes"), (2, "stderr_bytes")])
def test_output_flood_passes_its_limit(run, fd, quota):
    body = f"""(loop (drop (call $fd_write
      (i32.const {fd}) (i32.const 8) (i32.const 1) (i32.const 100))) (br 0))"""
    module = command(body, imports="fd_write", data=GREETING)
    limits = Limits(fuel=10**9, stdout_bytes=1003, stderr_bytes=1003)
    result = run(module, limits=limits)
    assert (result.outcome, result.detail) == (Outcome.LIMIT, quota)
    assert len(result.stdout + result.stderr) == 1000
    assert result.fuel == limits.fuel


OPEN = """(drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 4)
  (i32.const 1) (i64.const 0x44) (i64.const 0) (i32.const 0) (i32.const 100)))"""


def test_flood_of_files_passes_its_limit(run):
    body = f"""(loop
      (i32.store (i32.const 16) (i32.add (i32.load (i32.const 16)) (i32.const 1)))
      {OPEN} (drop (call $fd_close (i32.load (i32.const 100)))) (br 0))"""
    result = run(command(body, imports="path_open fd_close", data='(data (i32.const 16) "aaaa")'))
    assert (result.outcome, result.detail) == (Outcome.LIMIT, "files")
    assert result.files == {}


def test_flood_of_descriptors_fails_in_the_guest(run):
    body = f"""(local $n i32) (loop $more {OPEN}
      (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1)))
        (i32.const 2000))))
      (call $proc_exit (i32.load (i32.const 100)))"""
    result = run(command(body, imports="path_open", data='(data (i32.const 16) "aaaa")'))
    assert result.exit_code == 1023


def test_flood_into_a_file_passes_its_limit(run):
    body = f"""{OPEN} (loop (drop (call $fd_write
      (i32.load (i32.const 100)) (i32.const 8) (i32.const 1) (i32.const 104))) (br 0))"""
    data = '(data (i32.const 8) "\\00\\00\\00\\00\\00\\80\\00\\00aaaa")'
    result = run(command(body, imports="path_open fd_write", data=data))
    assert (result.outcome, result.detail) == (Outcome.LIMIT, "file_bytes")


def test_a_gap_in_a_file_counts(run):
    body = f"""{OPEN}
      (drop (call $fd_seek (i32.load (i32.const 100)) (i64.const 0xffffffff) (i32.const 0)
        (i32.const 112)))
      (drop (call $fd_write
        (i32.load (i32.const 100)) (i32.const 8) (i32.const 1) (i32.const 104)))"""
    data = '(data (i32.const 8) "\\10\\00\\00\\00\\01\\00\\00\\00aaaa")'
    result = run(command(body, imports="path_open fd_seek fd_write", data=data))
    assert (result.outcome, result.detail) == (Outcome.LIMIT, "file_bytes")


def test_deep_recursion_traps(run):
    result = run(wat('(module (func $f (export "_start") (call $f) (call $f)))'))
    assert (result.outcome, result.detail) == (Outcome.TRAPPED, "stack overflow")
    assert result.fuel == SMALL.fuel
    assert result.seconds < 1


def test_slow_compilation_is_given_up_and_hurts_nobody(pool, run, tmp_path):
    module = slow_to_compile(1500)
    assert len(module.code) < 30_000
    with Pool(1, cache=tmp_path, compile_seconds=1) as hasty:
        with pytest.raises(CompileFailed, match="1 s of processor time"):
            hasty.submit(Task(module)).result(timeout=60)
        assert hasty.submit(Task(command(""))).result(timeout=60).ok


def test_what_overran_its_limit_is_not_compiled_again(tmp_path, monkeypatch):
    module = slow_to_compile(1500)
    with Pool(1, cache=tmp_path, compile_seconds=1) as hasty:
        with pytest.raises(CompileFailed):
            hasty.prepare(module)
        monkeypatch.setattr(Library, "_compile", None)
        with pytest.raises(CompileFailed, match="1 s of processor time"):
            hasty.prepare(module)


def test_a_compilation_that_takes_too_much_memory_says_so(tmp_path):
    count = 250_000
    pieces = (
        (1, b"\1\x60\0\0"),
        (3, leb(count) + b"\0" * count),
        (7, b"\1\6_start\0\0"),
        (10, leb(count) + b"\2\0\x0b" * count),
    )
    code = b"\0asm\1\0\0\0"
    for section, content in pieces:
        code += bytes([section]) + leb(len(content)) + content
    with (
        Pool(1, cache=tmp_path) as pool,
        pytest.raises(CompileFailed, match="more than the memory that its 1000040 bytes allow"),
    ):
        pool.prepare(Module(code))


def test_how_long_compiling_may_take_grows_with_size():
    assert compile_seconds(600_000, 300) == 11
    assert compile_seconds(97_000_000, 300) == 300
    assert compile_seconds(25_000_000, 300) == 85
    assert compile_seconds(25_000_000, 20) == 20
    assert compile_bytes(600_000) == (1 << 30) + 32 * 600_000
    assert compile_bytes(128 << 20) == 4 << 30


def test_what_can_not_run_is_refused_before_it_is_compiled(tmp_path):
    module = Module(slow_to_compile(1500).code.replace(b"_start", b"_stark"))
    with Pool(1, cache=tmp_path, compile_seconds=1) as hasty:
        assert hasty.prepare(module).startswith("exports no function _start")


def test_a_refusal_is_kept(tmp_path, monkeypatch):
    module = wat('(module (import "env" "system" (func)) (func (export "_start")))')
    with Pool(1, cache=tmp_path) as pool:
        reason = pool.prepare(module)
    monkeypatch.setattr(Library, "_compile", None)
    with Pool(1, cache=tmp_path) as pool:
        assert pool.prepare(module) == reason
        assert pool.submit(Task(module)).result().outcome is Outcome.INVALID


@pytest.mark.parametrize(
    ("item", "named"),
    [
        ('(import "env" "system" (func (param i32)))', "env::system"),
        ('(import "wasi_snapshot_preview1" "fd_open_anything" (func))', "fd_open_anything"),
        ('(import "wasi_snapshot_preview1" "fd_close" (func (param i64)))', "fd_close"),
        ('(import "wasi" "thread-spawn" (func (param i32) (result i32)))', "thread-spawn"),
        (
            '(import "wasi_snapshot_preview1" "proc_exit" (func (param i64)))',
            "wasi_snapshot_preview1::proc_exit as i64 -> nothing; it is i32 -> nothing",
        ),
        ('(import "wasi_snapshot_preview1" "proc_exit" (memory 1))', "the memory wasi_snapshot_"),
        ('(import "env" "memory" (memory 1))', "the memory env::memory"),
        ('(import "env" "table" (table 1 funcref))', "the table env::table"),
        ('(import "env" "base" (global (mut i64)))', "the global env::base"),
        ('(import "a\\1b[31m" "x" (func))', "a?[31m::x"),
    ],
)
def test_unknown_imports_are_invalid_and_named(run, item, named):
    result = run(wat(f'(module {item} (func (export "_start")))'))
    assert result.outcome is Outcome.INVALID
    assert named in result.detail


@pytest.mark.parametrize(
    ("call", "arguments"),
    [("sock_accept", 3), ("sock_recv", 6), ("sock_send", 5), ("sock_shutdown", 2)],
)
def test_standard_input_is_no_socket(run, call, arguments):
    body = f"(call $proc_exit (call ${call} {'(i32.const 0)' * arguments}))"
    assert run(command(body, imports=call)).exit_code == 57


@pytest.mark.parametrize(
    "text",
    [
        '(module (memory 1 1 shared) (func (export "_start")))',
        '(module (memory 1 1) (func (export "_start") (drop (i32.atomic.load (i32.const 0)))))',
        '(module (memory i64 1) (func (export "_start")))',
        '(module (memory 1) (memory 1) (func (export "_start")))',
        '(module (type (struct (field i32))) (func (export "_start")))',
        '(module (func (export "_start") (param externref)))',
        '(module (func (export "_start") (drop (i8x16.relaxed_swizzle'
        " (v128.const i64x2 0 0) (v128.const i64x2 0 0)))))",
        '(module (func (export "_start") (param i32)))',
        '(module (memory (export "_start") 1))',
        '(module (func (export "_start") (result i32) (i32.const 1)))',
        "(module)",
        "(component)",
        '(component (core module (func (export "_start"))))',
    ],
    ids=[
        "shared-memory",
        "atomics",
        "memory64",
        "multi-memory",
        "gc",
        "externref",
        "relaxed-simd",
        "start-with-parameters",
        "start-not-a-function",
        "start-with-a-result",
        "empty",
        "component",
        "component-of-modules",
    ],
)
def test_what_is_not_a_command_module_is_invalid(run, text):
    result = run(wat(text))
    assert (result.outcome, result.units) == (Outcome.INVALID, 0)
    assert result.detail


@pytest.mark.parametrize(
    "code",
    [b"", b"\0asm", b'(module (func (export "_start")))', b"\x7fELF" + bytes(100), b"#!/bin/sh"],
)
def test_what_is_not_wasm_is_invalid(run, code):
    assert run(Module(code)).outcome is Outcome.INVALID


def test_precompiled_code_is_never_accepted(run):
    artefact = wasmtime.Module(new_engine(), '(module (func (export "_start")))').serialize()
    assert run(Module(bytes(artefact))).outcome is Outcome.INVALID


def test_every_truncation_is_invalid():
    code = wat('(module (func (export "_start") (loop (br_if 0 (i32.const 0)))))').code
    engine = new_engine()
    compile_module(code, engine)
    for size in range(len(code)):
        with pytest.raises(ModuleRejected):
            compile_module(code[:size], engine)


def test_memory_that_grew_between_calls_is_seen(run):
    get = "(call $random_get (i32.const {}) (i32.const 8))"
    body = f"""(local $before i32)
      (drop {get.format(0)})
      (local.set $before {get.format(65536)})
      (drop (memory.grow (i32.const 1)))
      (if {get.format(65536)} (then unreachable))
      (call $proc_exit (i32.add (local.get $before)
        (i64.ne (i64.load (i32.const 65536)) (i64.const 0))))"""
    assert run(command(body, imports="random_get")).exit_code == 21 + 1


def test_without_a_memory_every_pointer_is_a_fault(run):
    module = wat("""(module
      (import "wasi_snapshot_preview1" "random_get" (func $f (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (func (export "_start") (call $exit (call $f (i32.const 0) (i32.const 1)))))""")
    assert run(module).exit_code == 21


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("unreachable", "unreachable"),
        ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", "integer division by zero"),
        ("(drop (i32.load (i32.const -4)))", "memory out of bounds"),
    ],
)
def test_traps_are_billed_the_whole_limit(run, body, detail):
    result = run(command(body))
    assert (result.outcome, result.detail) == (Outcome.TRAPPED, detail)
    assert result.units == SMALL.units


def test_starting_code_is_metered_and_may_end_the_task(run):
    def module(body):
        return wat(f"""(module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 1) (func $begin {body}) (start $begin)
          (func (export "_start") unreachable))""")

    assert run(module("(loop (br 0))")).outcome is Outcome.OUT_OF_FUEL
    assert run(module("(call $exit (i32.const 9))")).exit_code == 9
    outside = wat('(module (memory 1) (data (i32.const -1) "a") (func (export "_start")))')
    assert run(outside).outcome is Outcome.TRAPPED


def test_nothing_of_the_host_can_be_read(run):
    flags = "(i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 100)"
    for path, errno in [("etc/passwd", 44), ("../../etc/passwd", 63), ("/etc/passwd", 63)]:
        assert os.path.exists("/etc/passwd")
        body = f"""(call $proc_exit (call $path_open (i32.const 3) (i32.const 1)
          (i32.const 16) (i32.const {len(path)}) {flags}))"""
        data = f'(data (i32.const 16) "{path}")'
        assert run(command(body, imports="path_open", data=data)).exit_code == errno
