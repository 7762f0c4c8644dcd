"""A rewritten module does what it did, and counts exactly what it executes."""

import time

import pytest
import wasmtime

from suanli.engine import Limits, Module, Outcome
from suanli.engine.guest.compile import ModuleRejected, compile_module
from suanli.engine.guest.inspect import needs_of
from suanli.engine.guest.rewrite.module import rewrite
from suanli.engine.runtime import new_engine
from tests.suanli.engine.conftest import MODULES, command, wat
from tests.suanli.engine.interpreter import Maker, Run, TooLong

PLENTY = 1 << 60
PAGE, ENTRY, CALL, HOST_CALL = 64_000, 2, 4, 12_000


def execute(code: bytes, engine: wasmtime.Engine, fuel: int | None):
    """Fuel left, memory, and whether it trapped; `fuel` None for a module as it is."""
    with wasmtime.Store(engine) as store:
        exports = wasmtime.Instance(store, wasmtime.Module(engine, code), []).exports(store)
        if fuel is not None:
            exports["fuel"].set_value(store, wasmtime.Val.i64(fuel))
        trapped = False
        try:
            exports["_start"](store)
        except wasmtime.Trap:
            trapped = True
        memory = bytes(exports["memory"].read(store))
        return fuel is not None and exports["fuel"].value(store), memory, trapped


def check(seeds: range) -> int:
    """How many programs could be compared."""
    engine, compared = new_engine(cranelift_opt_level="none"), 0
    for seed in seeds:
        program = Maker(seed).program()
        try:
            expected = Run(program)
        except TooLong:
            continue
        code = bytes(wasmtime.wat2wasm(program.text()))
        rewritten = rewrite(code, 65_536)
        _, memory, trapped = execute(code, engine, None)
        assert (memory, trapped) == (expected.memory, expected.trapped), seed
        left, memory, trapped = execute(rewritten, engine, PLENTY)
        assert (memory, trapped) == (expected.memory, expected.trapped), seed
        if trapped:
            # A trap may lose what was counted since the last call; what was counted is not more.
            assert PLENTY - left <= expected.fuel, seed
            continue
        assert PLENTY - left == expected.fuel, seed
        assert execute(rewritten, engine, expected.fuel)[0] == 0, seed
        assert execute(rewritten, engine, expected.fuel - 1)[0] < 0, seed
        compared += 1
    return compared


def test_random_modules_cost_what_the_interpreter_says():
    assert check(range(200)) > 100


@pytest.mark.deep
def test_many_random_modules_cost_what_the_interpreter_says():
    assert check(range(1_000, 11_000)) > 5_000


def fuel_of(run, module, **rest) -> int:
    result = run(module, **rest)
    assert result.outcome is Outcome.EXITED, result
    return result.fuel


def test_memory_data_and_elements_are_charged_at_the_start(run):
    def start(fields: str) -> int:
        return fuel_of(run, wat(f'(module {fields} (func (export "_start")))'))

    assert start("") == ENTRY
    assert start("(memory 3)") == 3 * PAGE + ENTRY
    # Sections: how many, then for each its kind, where (3 bytes), how long, and what is in it.
    assert start('(memory 1) (data (i32.const 0) "abcde")') == PAGE + 1 + 1 + 3 + 1 + 5 + ENTRY
    function = "(table 1 funcref) (elem (i32.const 0) $f) (func $f)"
    assert start(function) == PAGE + 50 * (1 + 1 + 3 + 1 + 1) + ENTRY


def test_a_start_function_is_charged_and_may_call_the_host(run):
    module = wat("""(module
      (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
      (func $first (drop (call $yield))) (start $first)
      (func (export "_start") (drop (i32.const 7))))""")
    assert fuel_of(run, module) == (ENTRY + CALL + HOST_CALL) + (ENTRY + 1)
    endless = wat('(module (func $f (loop (br 0))) (start $f) (func (export "_start")))')
    assert run(endless).outcome is Outcome.OUT_OF_FUEL


def test_too_little_for_the_start_is_out_of_fuel(run):
    module = wat('(module (memory 3) (func (export "_start")))')
    for fuel, ends in ((3 * PAGE + ENTRY, Outcome.EXITED), (3 * PAGE + ENTRY - 1, None), (1, None)):
        result = run(module, limits=Limits(fuel=fuel))
        assert result.outcome is (ends or Outcome.OUT_OF_FUEL)
        assert result.fuel == fuel


def test_a_programs_own_unreachable_is_no_lack_of_fuel(run):
    loop = """(local $i i32) (loop $more (br_if $more (i32.lt_u
      (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000)))) unreachable"""
    result = run(command(loop))
    assert (result.outcome, result.detail) == (Outcome.TRAPPED, "unreachable")
    result = run(command(loop), limits=Limits(fuel=PAGE + 5_000))
    assert (result.outcome, result.detail) == (Outcome.OUT_OF_FUEL, "")


def test_a_program_can_neither_take_our_names_nor_reach_our_global(run):
    module = wat("""(module (global $g (mut i64) (i64.const 5)) (memory (export "m") 1)
      (func $f (export "start") unreachable) (export "fuel" (global $g)) (export "1" (func $f))
      (table 1 funcref) (elem declare func $f) (export "memory" (func $f))
      (func (export "_start") (global.set $g (i64.const 99)) (drop (ref.func $f))))""")
    assert fuel_of(run, module) == 2 * PAGE + 50 * 5 + ENTRY + 2 + 100
    code = bytes(wasmtime.wat2wasm('(module (global i32 (i32.const 1)) (func (export "_start")))'))
    for index, valid in ((0, True), (1, False)):
        body = bytes([5, 0, 0x23, index, 0x1A, 0x0B])
        other = code.replace(bytes([2, 0, 0x0B]), body).replace(b"\x0a\x04\x01", b"\x0a\x07\x01")
        assert run(Module(other)).outcome is (Outcome.EXITED if valid else Outcome.INVALID)


@pytest.mark.parametrize(
    ("body", "price"),
    [
        ("(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))", 400 + 3),
        ("(memory.fill (i32.const 0) (i32.const 0) (i32.const 1000))", 400 + 3 + 1000),
        ("(memory.copy (i32.const 0) (i32.const 9) (i32.const 1000))", 400 + 3 + 1000),
        ("(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 3))", 400 + 3 + 3),
        ("(data.drop 0)", 400),
        ("(drop (memory.grow (i32.const 2)))", 300 + 1 + 2 * PAGE),
        ("(drop (memory.grow (i32.const 70000)))", 300 + 1),
        ("(drop (table.grow (ref.null func) (i32.const 9)))", 300 + 1 + 1 + 9 * 5),
        ("(drop (table.grow (ref.null func) (i32.const -1)))", 300 + 1 + 1),
        ("(table.fill (i32.const 0) (ref.null func) (i32.const 5))", 400 + 3 + 5 * 5),
        ("(table.copy (i32.const 0) (i32.const 1) (i32.const 5))", 400 + 3 + 5 * 5),
        ("(table.init 0 (i32.const 0) (i32.const 0) (i32.const 1))", 400 + 3 + 50),
        ("(table.set (i32.const 0) (table.get (i32.const 1)))", 10 + 3 + 2),
        ("(drop (i32x4.extract_lane 3 (f32x4.sqrt (v128.const i64x2 1 2))))", 12),
        ("(drop (v128.load8_lane 5 (i32.const 0) (i8x16.add (v128.load (i32.const 0)) "
         "(i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.const i64x2 1 2) "
         "(v128.const i64x2 1 2)))))", 8),
        ("(drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 3)))", 4),
        ("(drop (i32.rem_s (i32.const 1) (i32.const 2)))", 5 + 2),
        ("(block (br_table 0 0 0 (i32.const 5)))", 2),
        ("(return_call $f)", CALL + ENTRY),
        ("(return_call_indirect (type $t) (i32.const 0))", 8 + 1 + ENTRY),
        ("(drop (call $two)) drop", CALL + ENTRY + 2),
    ],
)  # fmt: skip
def test_prices(run, body, price):
    def module(body: str):
        return wat(f"""(module (type $t (func)) (memory 1) (data "abc") (table 10 funcref)
          (elem funcref (ref.func $f)) (elem (i32.const 0) $f) (func $f)
          (func $two (result i32 i32) (i32.const 1) (i32.const 2))
          (func (export "_start") {body}))""")

    assert fuel_of(run, module(body)) - fuel_of(run, module("")) == price


def test_large_bulk_operations_are_refused_before_they_are_done(run):
    module = wat("""(module (memory 1000) (func (export "_start")
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536000))))""")
    limits = Limits(fuel=1000 * PAGE + 60_000_000)
    assert run(module, limits=limits).outcome is Outcome.OUT_OF_FUEL


def test_calls_without_any_loop_run_out_too(run):
    """Twenty functions, each calling the one before forty times."""
    lines = ["(func $f0 (drop (i32.const 1)))"]
    lines += [f"(func $f{i} {f'(call $f{i - 1})' * 40})" for i in range(1, 20)]
    module = wat(f'(module {" ".join(lines)} (func (export "_start") (call $f19)))')
    assert run(module).outcome is Outcome.OUT_OF_FUEL


@pytest.mark.parametrize(("size", "detail"), [(1_000, ""), (5, "in a host call")])
def test_long_functions_are_checked_and_short_ones_not(run, size, detail):
    """The host call that follows finds that nothing is left, unless a check did before."""
    module = wat(f"""(module
      (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
      (func $f {"(drop (i32.const 1))" * size})
      (func (export "_start") (call $f) (call $f) (drop (call $yield))))""")
    result = run(module, limits=Limits(fuel=size + 10))
    assert (result.outcome, result.detail) == (Outcome.OUT_OF_FUEL, detail)


HOSTILE = {
    "nested": lambda n: f"{'block ' * n} {'end ' * n}",
    "br-table": lambda n: f"(block (br_table {'0 ' * n} (i32.const 0)))",
    "br-tables": lambda n: f"(block {'(br_table 0 0 (i32.const 0)) ' * n})",
    "locals": lambda n: f"(local {'i64 ' * n}) (drop (local.get {n - 1}))",
    "long": lambda n: "(drop (i32.const 1)) " * n,
    "calls": lambda n: "(call 0) " * n,
    "nested-tries": lambda n: f"{'try_table (catch_all 0) ' * n} {'end ' * n}",
    "tries": lambda n: "(block (try_table (catch_all 0) nop)) " * n,
    "catches": lambda n: f"(block (try_table {'(catch_all 0) (catch 1 0)' * n}))",
    "references": lambda n: (
        "(block (result exnref) (try_table (catch_all_ref 0) nop)"
        " unreachable) local.set 0 (return)" * n
    ),
    "held": lambda n: f"(local {'exnref ' * n}) (block (try_table (catch_all 0) nop))",
    "throws": lambda n: "(if (i32.const 1) (then (throw 1))) " * n,
    "floats": lambda n: (
        "(local.set 1 (f64.mul (local.get 1) (f64.sqrt (local.get 1)))) " * n
        + "(f64.store (i32.const 0) (local.get 1))"
    ),
    "vectors": lambda n: "(v128.store (i32.const 0) (f32x4.sqrt (v128.load (i32.const 0)))) " * n,
    "stack": lambda n: "(f64.const 1) " * n + "drop " * n,
}


PORTABLE = ("locals", "nested-tries", "held", "floats", "vectors", "stack")
"""Those that give the walk that looks for NaNs something to do."""


@pytest.mark.parametrize(
    ("name", "portable"),
    [*((name, False) for name in HOSTILE), *((name, True) for name in PORTABLE)],
)
def test_rewriting_takes_time_by_size(name, portable):
    def seconds(count: int) -> float:
        body = HOSTILE[name](count)
        first = "" if name in ("locals", "held") else "(local exnref f64)"
        code = bytes(
            wasmtime.wat2wasm(f"""(module {"(tag) " * (count if name == "throws" else 2)}
          (memory 1) (func (export "_start") {first} {body}))""")
        )
        times = []
        for _ in range(2):
            started = time.process_time()
            rewrite(code, 0, portable)
            times.append(time.process_time() - started)
        return min(times)

    # Sixteen times as long takes sixteen times as long, and would take 256 if it went by squares.
    assert seconds(16_000) < 64 * seconds(1_000) + 0.01


@pytest.mark.parametrize("kind", ["tags", "types", "functions", "globals", "segments"])
def test_many_of_a_kind_take_time_by_their_number(kind):
    wide = "(param" + " i32" * 1000 + ")"
    fields = {
        "tags": "(tag (type 0)) ",
        "types": "(type (func (param i32 exnref))) ",
        "functions": "(func (type 0)) ",
        "globals": "(global v128 (v128.const i64x2 11 11)) ",
        "segments": '(data "abc") ',
    }

    def seconds(count: int) -> float:
        code = bytes(
            wasmtime.wat2wasm(f"""(module (type (func {wide})) {fields[kind] * count}
          (memory 1) (func (export "_start")))""")
        )
        started = time.process_time()
        assert not needs_of(code).objection({})
        rewrite(code, 0)
        return time.process_time() - started

    seconds(10)
    assert seconds(48_000) < 64 * seconds(3_000) + 0.01


def padded(number: int, size: int = 5) -> bytes:
    """A number in more bytes than it needs, which is valid."""
    return bytes(
        [(number >> 7 * i & 0x7F) | 0x80 for i in range(size - 1)] + [number >> 7 * (size - 1)]
    )


def test_numbers_written_in_more_bytes_than_they_need_are_read(run):
    """In each place that the rewriter reads."""
    caught = b"\x02" + padded(1) + b"\x1f\x40" + padded(1) + b"\0" + padded(0) + padded(0)
    caught += b"\x41" + padded(7) + b"\x08" + padded(0) + b"\x0b\x00\x0b"
    table = b"\x02\x40\x41" + padded(0) + b"\x0e" + padded(2) + padded(0) * 3 + b"\x0b"
    # The call of proc_exit with what was caught.
    body = padded(1) + padded(1) + b"\x7e" + table + caught + b"\x10" + padded(0) + b"\x0b"
    sections = (
        (
            1,
            padded(3)
            + b"\x60\0\0"
            + b"\x60"
            + padded(0)
            + padded(1)
            + b"\x7f\x60\1\x7f"
            + padded(0),
        ),
        (2, padded(1) + b"\x16wasi_snapshot_preview1" + padded(9) + b"proc_exit\0" + padded(2)),
        (3, padded(1) + padded(0)),
        (13, padded(1) + b"\0" + padded(2)),
        (7, padded(1) + padded(6) + b"_start\0" + padded(1)),
        (10, padded(1) + padded(len(body)) + body),
    )
    code = b"\0asm\1\0\0\0"
    code += b"".join(bytes([kind]) + padded(len(content)) + content for kind, content in sections)
    assert run(Module(code)).exit_code == 7


def test_what_metering_makes_too_large_is_rejected():
    engine = new_engine()
    body = "(local " + "i64 " * 50_000 + ") (loop (br 0))"
    code = bytes(wasmtime.wat2wasm(f'(module (func (export "_start") {body}))'))
    with pytest.raises(ModuleRejected, match="too large to be metered"):
        compile_module(code, engine)


def test_an_opcode_written_in_more_bytes_than_it_needs_is_rejected(run):
    code = wat('(module (memory 1) (data "") (func (export "_start") (data.drop 0)))').code
    longer = code.replace(b"\xfc\x09\x00", b"\xfc\x89\x00\x00")
    at = longer.index(b"\x0a\x07\x01\x05")
    longer = longer[:at] + b"\x0a\x08\x01\x06" + longer[at + 4 :]
    result = run(Module(longer))
    assert result.outcome is Outcome.INVALID
    assert "in a form that is not supported" in result.detail


def test_rewritten_twice_alike():
    code = (MODULES / "libc.wasm").read_bytes()
    assert rewrite(code, needs_of(code).memory) == rewrite(code, needs_of(code).memory)
