"""Exceptions: what they do, what they cost, and what they may take."""

import pytest

from suanli.engine import Limits, Module, Outcome, Result, Task
from suanli.engine.guest.compile import ModuleRejected, compile_module
from suanli.engine.guest.run import Loaded
from suanli.engine.guest.run import run as run_here
from suanli.engine.guest.wasi.link import Host
from suanli.engine.runtime import EXCEPTION_BYTES, HELD_BYTES, MAX_GLOBALS, new_engine
from tests.suanli.engine.conftest import SMALL, wat

PAGE, ENTRY, THROW, THROWN = 64_000, 2, 1_000, 250


@pytest.fixture(scope="module")
def run():
    """Run a module in this process."""
    engine = new_engine()
    host = Host(engine)

    def run(module: Module, limits: Limits = SMALL) -> Result:
        try:
            compiled = compile_module(module.code, engine)
        except ModuleRejected as error:
            return Result(Outcome.INVALID, None, detail=str(error))
        loaded = Loaded(compiled.artefact, compiled.memory, engine, host)
        try:
            return run_here(Task(module, limits=limits), loaded, engine, host)
        finally:
            loaded.close()

    return run


def thrower(functions: str, body: str) -> Module:
    """Tags $none, $one (i32) and $two (i32 i64); ends with what `body` leaves."""
    return wat(f"""(module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (tag $none) (tag $one (param i32)) (tag $two (param i32 i64)) (memory 1) {functions}
      (func (export "_start") (local $i i32) (local $x exnref) (call $exit {body})))""")


CAUGHT = "(block $h (result i32) (try_table (catch $one $h) {}) (i32.const 99))"
KEPT = """(block $h (result exnref)
  (try_table (catch_all_ref $h) (throw $one (i32.const 1))) unreachable)"""


@pytest.mark.parametrize(
    ("functions", "body", "code"),
    [
        ("", CAUGHT.format("(throw $one (i32.const 7))"), 7),
        ("(func $f (throw $one (i32.const 8)))", CAUGHT.format("(call $f)"), 8),
        ("(func $f)", CAUGHT.format("(call $f)"), 99),
        # To the end of the function, with no, one and two results, and parameters besides.
        (
            """(func $f (result i32)
              (try_table (catch $one 0) (throw $one (i32.const 9))) (i32.const 3))""",
            "(call $f)",
            9,
        ),
        (
            """(func $f (param i32) (result i32 i64)
              (try_table (catch $two 0) (throw $two (local.get 0) (i64.const 5))) unreachable)""",
            "(call $f (i32.const 3)) i32.wrap_i64 i32.add",
            8,
        ),
        (
            """(func $f (result i32 i64) (try_table (catch $two 0)
              (throw $two (i32.const 1) (i64.const 5))) unreachable)""",
            "(call $f) i32.wrap_i64 i32.add",
            6,
        ),
        # Kept, thrown again, and caught for what it is.
        (
            f"(func $f (local $x exnref) (local.set $x {KEPT}) (throw_ref (local.get $x)))",
            CAUGHT.format("(call $f)"),
            1,
        ),
        # With the type of a reference.
        (
            "",
            """(block $h (result (ref exn)) (try_table (result (ref exn)) (catch_all_ref $h)
              (throw $one (i32.const 1)))) (ref.is_null)""",
            0,
        ),
        # With a loop as where it leads to.
        (
            "",
            """(i32.const 0) (loop $l (param i32) (result i32) (local.set $i)
              (if (i32.ge_u (local.get $i) (i32.const 5)) (then (call $exit (local.get $i))))
              (try_table (catch $one $l) (throw $one (i32.add (local.get $i) (i32.const 1))))
              unreachable)""",
            5,
        ),
        # Tail calls leave what would have caught.
        (
            """(func $g (throw $one (i32.const 4)))
              (func $f (try_table (catch_all 0) (return_call $g)))""",
            CAUGHT.format("(call $f)"),
            4,
        ),
    ],
)  # fmt: skip
def test_what_they_do(run, functions, body, code):
    result = run(thrower(functions, body))
    assert (result.outcome, result.exit_code) == (Outcome.EXITED, code)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ("(throw $none)", "uncaught exception"),
        ("(block (try_table (catch $one $h) (throw $none)))", "uncaught exception"),
        ("(throw_ref (ref.null exn))", "null reference"),
    ],
)
def test_nobody_catches(run, body, detail):
    result = run(thrower("", f"(block $h (result i32) {body} (i32.const 0))"))
    assert (result.outcome, result.detail) == (Outcome.TRAPPED, detail)
    assert result.fuel == SMALL.fuel


@pytest.mark.parametrize(
    ("body", "price"),
    [
        ("(block $h (try_table (catch_all $h) (throw $none)))", THROW),
        ("(block $h (try_table (catch_all $h) (throw $two (i32.const 1) (i64.const 2))))",
         THROW + 2 * THROWN + 2),
        ("(block $h (try_table (catch_all $h) nop))", 0),
        ("(block $h (try_table (catch_all $h) (call $deep (i32.const 0))))",
         4 + 1 + ENTRY + 1 + 1 + THROW),
        ("""(block $h (try_table (catch_all $h) (throw_ref (block $i (result exnref)
            (try_table (catch_all_ref $i) (throw $none)) unreachable))))""", 2 * THROW),
        # What is executed after something was caught counts, and what was not executed does not.
        ("""(block $h (try_table (catch_all $h) (drop (i32.const 1)) (throw $none)
            (drop (i32.const 1)))) (drop (i32.const 1))""", THROW + 2),
        # A loop that catches.
        ("""(loop $l (block $h (try_table (catch_all $h) (throw $none)))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
            (i32.const 10))))""", 10 * (THROW + 7)),
    ],
)  # fmt: skip
def test_prices(run, body, price):
    def fuel(body: str) -> int:
        deep = "(func $deep (param i32) (if (local.get 0) (then)) (throw $none))"
        module = wat(f"""(module (tag $none) (tag $two (param i32 i64)) {deep}
          (func (export "_start") (local $i i32) {body}))""")
        return run(module).fuel

    assert fuel(body) - fuel("") == price


@pytest.mark.parametrize("indirect", [False, True], ids=["call", "call_indirect"])
@pytest.mark.parametrize("depth", [0, 1, 2, 1_000])
def test_functions_that_are_left_cost_and_those_that_return_do_not(run, depth, indirect):
    def call(index: int, argument: str) -> str:
        if indirect:
            return f"(call_indirect (type $t) {argument} (i32.const {index}))"
        return f"(call {index} {argument})"

    def fuel(body: str) -> int:
        less = "(i32.sub (local.get 0) (i32.const 1))"
        throws = call(2, "(i32.const 1)")
        module = wat(f"""(module (tag $e) (type $t (func (param i32)))
          (table 3 funcref) (elem (i32.const 0) $out $in $thrower)
          (func $out (param i32) (if (local.get 0) (then {call(0, less)}) (else {throws})))
          (func $in (param i32) (if (local.get 0) (then {call(1, less)})
            (else (block $h (try_table (catch_all $h) {throws})))))
          (func $thrower (param i32) (if (local.get 0) (then (throw $e))))
          (func (export "_start") {body}))""")
        return run(module).fuel

    # $out calls and is left; $thrower calls nothing.
    left = f"(block $h (try_table (catch_all $h) (call $out (i32.const {depth}))))"
    returned = f"(call $in (i32.const {depth}))"
    for repeated in (1, 3):
        assert fuel(left * repeated) - fuel(returned * repeated) == 60 * (depth + 1) * repeated


def test_a_throw_in_a_loop_takes_no_more_memory_the_longer_it_goes_on(run):
    body = """(loop $l (block $h (result exnref)
        (try_table (catch_all_ref $h) (throw $two (i32.const 1) (i64.const 2))) unreachable)
      (local.set $x)
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 50000)))) (i32.const 7)"""
    least = EXCEPTION_BYTES + 65_536
    result = run(thrower("", body), limits=Limits(memory=least))
    assert (result.outcome, result.exit_code) == (Outcome.EXITED, 7)
    result = run(thrower("", body), limits=Limits(memory=least - 1))
    assert result.outcome is Outcome.INVALID
    assert f"starts with {least} bytes" in result.detail


def deep(leave: str = "") -> str:
    """Each call of $deep holds an exception while it calls the next."""
    return f"""(func $deep (param $n i32) (local $x exnref) (local.set $x {KEPT})
      (if (local.get $n) (then (call $deep (i32.sub (local.get $n) (i32.const 1)))))
      {leave} (drop (ref.is_null (local.get $x))))
      (func $caught (param $n i32)
        (block $h (try_table (catch_all $h) (call $deep (local.get $n)))))"""


FITS = HELD_BYTES // (32 + 2 * 16)
"""Exceptions of the largest tag."""


@pytest.mark.parametrize(
    "leave",
    [
        "",
        "(if (i32.eqz (local.get $n)) (then (throw_ref (local.get $x))))",
        "(if (local.get $n) (then (return)))",
        "(br_if 0 (local.get $n))",
        "(if (local.get $n) (then (return_call $nothing)))",
        "(br_table 0 0 (local.get $n))",
    ],
    ids=["ends", "throws", "return", "br_if", "return_call", "br_table"],
)
def test_so_many_can_be_held_at_once_and_no_more(run, leave):
    functions = "(func $nothing)" + deep(leave)

    def times(count: int, depth: int) -> str:
        return f"(call $caught (i32.const {depth - 1}))" * count + "(i32.const 5)"

    result = run(thrower(functions, times(3, FITS)))
    assert (result.outcome, result.exit_code) == (Outcome.EXITED, 5)
    result = run(thrower(functions, times(1, FITS + 1)))
    assert (result.outcome, result.detail) == (Outcome.TRAPPED, "unreachable")


@pytest.mark.parametrize(
    "leave",
    ["", "return", "(br 0)", "(return_call $nothing)", "(return_call_indirect (i32.const 0))"],
)
def test_nothing_is_held_by_a_function_that_ended(run, leave):
    functions = f"""(table 1 funcref) (elem (i32.const 0) $nothing) (func $nothing)
      (func $f (local $x exnref) (local.set $x {KEPT}) {leave})"""
    body = f"""(loop $l (call $f) (br_if $l (i32.lt_u
      (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {FITS + 1}))))"""
    assert run(thrower(functions, body + "(i32.const 5)")).exit_code == 5


def test_what_is_caught_without_a_reference_is_not_held(run):
    function = f"""(func $f (param $n i32) (local $x exnref)
      (block $p (try_table (catch_all $p) (throw $none)))
      (if (local.get $n)
        (then (call $f (i32.sub (local.get $n) (i32.const 1))))
        (else (local.set $x {KEPT}))))"""
    body = f"(call $f (i32.const {FITS + 1})) (i32.const 5)"
    assert run(thrower(function, body)).exit_code == 5


def test_what_a_loop_catches_is_held_and_charged(run):
    def end(called: str, then: str) -> Result:
        return run(
            wat(f"""(module (tag $one (param i32)) (tag $wide (param {"i64 " * 1000}))
            (func $thrower (throw $one (i32.const 1))) (func $out (call $thrower))
            (func $f (param $n i32) (local $x exnref)
              (ref.null exn)
              (loop $l (param exnref) (local.set $x)
                (if (ref.is_null (local.get $x))
                  (then (try_table (catch_all_ref $l) (call {called})) unreachable))
                {then}))
            (func (export "_start") (call $f (i32.const 65))))""")
        )

    deeper = "(if (local.get $n) (then (call $f (i32.sub (local.get $n) (i32.const 1)))))"
    assert end("$out", "").fuel - end("$thrower", "").fuel == 60 + 4 + 2
    assert end("$thrower", deeper).detail == "unreachable"
    assert end("$thrower", "").outcome is Outcome.EXITED


def test_what_is_caught_again_and_again_counts_as_often_as_it_can_be_held(run):
    """By each of three locals, from each place that catches, and from each that reads a local."""
    function = f"""(func $f (param $n i32) (local $x exnref) (local $y exnref) (local $z exnref)
      (local $i i32)
      (loop $l (local.set $z (local.get $y)) (local.set $y (local.get $x)) (local.set $x {KEPT})
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20))))
      (if (local.get $n) (then (call $f (i32.sub (local.get $n) (i32.const 1))))))"""
    most = HELD_BYTES // (6 * 64)
    for count, ends in ((most, Outcome.EXITED), (most + 1, Outcome.TRAPPED)):
        body = f"(call $f (i32.const {count - 1})) (i32.const 0)"
        assert run(thrower(function, body)).outcome is ends


def test_what_a_loop_was_entered_with_is_held_besides_what_it_catches(run):
    function = f"""(func $f (param $n i32) (local $i i32) (ref.null exn)
      (loop $l (param exnref) {KEPT}
        (local.get $i) (local.set $i (i32.const 1)) (br_if $l (i32.eqz))
        (if (local.get $n) (then (call $f (i32.sub (local.get $n) (i32.const 1)))))
        (drop (ref.is_null)) (drop (ref.is_null))))"""
    for count, ends in ((FITS // 2, Outcome.EXITED), (FITS // 2 + 1, Outcome.TRAPPED)):
        body = f"(call $f (i32.const {count - 1})) (i32.const 0)"
        assert run(thrower(function, body)).outcome is ends


def test_what_is_held_fits_on_the_heap_whatever_its_size(run):
    """The most that may be held, of the largest exceptions among small ones, with memory's limit
    as low as it may be."""
    values = "(i64.const 0) " * 200
    module = wat(f"""(module (tag $large (param {"i64 " * 200})) (tag $small) (memory 1)
      (func $deep (param $n i32) (local $x exnref)
        (local.set $x (block $h (result exnref) (try_table (catch_all_ref $h)
          (if (i32.and (local.get $n) (i32.const 1)) (then (throw $small)))
          {values} throw $large) unreachable))
        (if (local.get $n) (then (call $deep (i32.sub (local.get $n) (i32.const 1)))))
        (drop (ref.is_null (local.get $x))))
      (func (export "_start") (local $i i32) (loop $l
        (call $deep (i32.const {HELD_BYTES // (32 + 200 * 16) - 1}))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
          (i32.const 20))))))""")
    assert run(module, limits=Limits(memory=EXCEPTION_BYTES + 65_536)).outcome is Outcome.EXITED


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ("(table 1 exnref)", "a table's element is an exnref"),
        ("(table 1 externref)", "a table's element is an externref"),
        ("(global (mut exnref) (ref.null exn))", "a global is an exnref"),
        (
            "(global i32 (i32.const 11)) (global v128 (v128.const i64x2 11 11))"
            " (global f32 (f32.const 11)) (global f64 (f64.const 11))"
            " (global (mut externref) (ref.null extern))",
            "a global is an externref",
        ),
        ("(func (param (ref exn)))", "a parameter of a function is an exnref"),
        ("(func (result exnref) (ref.null exn))", "a result of a function is an exnref"),
        ("(tag (param i32 exnref))", "a parameter of a tag is an exnref"),
    ],
)
def test_exceptions_can_not_leave_a_function(run, fields, place):
    result = run(wat(f'(module {fields} (func (export "_start")))'))
    assert result.outcome is Outcome.INVALID
    assert result.detail == f"{place}: only locals and blocks can hold exceptions and externref"


def test_other_globals_are_not_taken_for_references(run):
    module = wat("""(module (func $f) (elem declare func $f)
      (global i32 (i32.add (i32.const 0x6f) (i32.const 11))) (global funcref (ref.func $f))
      (global (ref null func) (ref.null func)) (global f64 (f64.const 1e300))
      (table 1 (ref null func)) (func (export "_start")))""")
    assert run(module).outcome is Outcome.EXITED


def test_globals_are_few_where_exceptions_are(run):
    def ends(fields: str, count: int) -> Result:
        many = "(global (mut i32) (i32.const 0))" * count
        return run(wat(f'(module {fields} {many} (func (export "_start")))'))

    assert ends("(tag)", MAX_GLOBALS).outcome is Outcome.EXITED
    assert ends("", MAX_GLOBALS + 1).outcome is Outcome.EXITED
    assert ends("(tag)", MAX_GLOBALS + 1).detail == "more than 10000 globals beside exceptions"


def test_fuel_runs_out_while_exceptions_fly(run):
    body = "(loop $l (block $h (try_table (catch_all $h) (throw $none))) (br $l)) (i32.const 0)"
    assert run(thrower("", body)).outcome is Outcome.OUT_OF_FUEL
