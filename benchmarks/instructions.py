"""How much fuel a nanosecond each kind of instruction costs: `python -m benchmarks.instructions`.

No instruction should cost less than a tenth of what the plainest loop does in the same time: else
a program of nothing else would slow its host beyond what its fuel suggests.
"""

from __future__ import annotations

import wasmtime

from benchmarks.guest import best_of
from suanli.engine import Limits, Module, Task
from suanli.engine.guest.wasi.link import Host
from suanli.engine.runtime import new_engine

RUNS = 3
HEAD = """(module (type $t (func)) (memory (export "memory") 1 16384) (data $d "abc")
  (table $t 1000000 funcref)
  (table $u 1000000 funcref) (elem $e funcref (ref.func $f)) (elem (i32.const 0) $f)
  (func $f) (func $many (local {locals})) (func $deep (param i32)
    (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1))))))
  (tag $e (param i32)) (tag $large (param {large}))
  (func $caught (block $h (result i32) (try_table (catch $e $h) (throw $e (i32.const 1)))
    unreachable) drop)
  (func $over (param i32) (local i32)
    (if (local.get 0) (then (call $over (i32.sub (local.get 0) (i32.const 1))))
      (else (loop (call $caught) (br_if 0 (i32.lt_u (local.tee 1
        (i32.add (local.get 1) (i32.const 1))) (i32.const 100000)))))))
  (func $out (param i32)
    (if (local.get 0) (then (call $out (i32.sub (local.get 0) (i32.const 1)))))
    (throw $e (i32.const 1)))
  (func (export "_start") (local $i i32) (local $x i32) (local $f f64) (local $q i64)
    (local $v v128) (local $g f32)"""
CASES = {
    "the plainest loop": (100_000_000, ""),
    "memory.size": (30_000_000, "(drop (memory.size))"),
    "memory.grow 0": (3_000_000, "(drop (memory.grow (i32.const 0)))"),
    "memory.grow that fails": (3_000_000, "(drop (memory.grow (i32.const 60000)))"),
    "table.grow 0": (3_000_000, "(drop (table.grow $t (ref.null func) (i32.const 0)))"),
    "table.grow that fails": (3_000_000, "(drop (table.grow $t (ref.null func) (i32.const -1)))"),
    "table.fill, 1,000,000": (
        50,
        "(table.fill $t (i32.const 0) (ref.func $f) (i32.const 1000000))",
    ),
    "table.copy, 1,000,000": (
        50,
        "(table.copy $t $u (i32.const 0) (i32.const 0) (i32.const 1000000))",
    ),
    "table.copy, 0": (3_000_000, "(table.copy $t $u (i32.const 0) (i32.const 0) (i32.const 0))"),
    "table.init, 1": (3_000_000, "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))"),
    "table.set of ref.func": (3_000_000, "(table.set $t (i32.const 5) (ref.func $f))"),
    "table.set": (10_000_000, "(table.set $t (i32.const 5) (ref.null func))"),
    "table.get": (10_000_000, "(drop (table.get $t (i32.const 0)))"),
    "memory.fill, 0": (3_000_000, "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))"),
    "memory.fill, 64 KiB": (20_000, "(memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))"),
    "memory.copy, 1": (3_000_000, "(memory.copy (i32.const 0) (i32.const 9) (i32.const 1))"),
    "memory.init, 3": (3_000_000, "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 3))"),
    "data.drop": (3_000_000, "(data.drop $d)"),
    "call": (20_000_000, "(call $f)"),
    "call of 10,000 locals": (20_000_000, "(call $many)"),
    "call_indirect": (20_000_000, "(call_indirect $t (type $t) (i32.const 0))"),
    "calls 20,000 deep": (300, "(call $deep (i32.const 20000))"),
    "throw, caught": (1_000_000, "(call $caught)"),
    "throw of 100 values, caught": (
        300_000,
        f"(block $h (try_table (catch_all $h) {'(i64.const 0) ' * 100} (throw $large)))",
    ),
    "throws 20,000 deep, by 100,000": (1, "(call $over (i32.const 20000))"),
    "throw out of 10 functions": (
        300_000,
        "(block $h (try_table (catch_all $h) (call $out (i32.const 10))))",
    ),
    "throw out of 20,000 functions": (
        300,
        "(block $h (try_table (catch_all $h) (call $out (i32.const 20000))))",
    ),
    "i64.div_u": (
        20_000_000,
        "(local.set $q (i64.div_u (i64.const -7) (i64.or (local.get $q) (i64.const 3))))",
    ),
    "i64.rem_s": (
        20_000_000,
        "(local.set $q (i64.rem_s (i64.const -7) (i64.or (local.get $q) (i64.const 3))))",
    ),
    "f64.div and f64.sqrt": (
        5_000_000,
        "(local.set $f (f64.sqrt (f64.div (f64.const 3) (local.get $f))))",
    ),
    "f64.min": (20_000_000, "(local.set $f (f64.min (local.get $f) (f64.const 3)))"),
    "f64.nearest": (20_000_000, "(local.set $f (f64.nearest (local.get $f)))"),
    "f64 to i64 and back": (
        20_000_000,
        "(local.set $f (f64.convert_i64_u (i64.trunc_sat_f64_u (local.get $f))))",
    ),
    "f64x2.div and f64x2.sqrt": (
        5_000_000,
        "(local.set $v (f64x2.sqrt (f64x2.div (local.get $v) (v128.const f64x2 3 3))))",
    ),
    "f64x2.min": (20_000_000, "(local.set $v (f64x2.min (local.get $v) (v128.const f64x2 3 3)))"),
    "f64x2.add": (20_000_000, "(local.set $v (f64x2.add (local.get $v) (v128.const f64x2 3 3)))"),
    "i64x2.mul": (20_000_000, "(local.set $v (i64x2.mul (local.get $v) (local.get $v)))"),
    "i8x16.popcnt": (20_000_000, "(local.set $v (i8x16.popcnt (local.get $v)))"),
    "i8x16.shl": (20_000_000, "(local.set $v (i8x16.shl (local.get $v) (local.get $i)))"),
    "i64x2.shr_s": (20_000_000, "(local.set $v (i64x2.shr_s (local.get $v) (local.get $i)))"),
    "i32x4.trunc_sat_f32x4_u": (
        20_000_000,
        "(local.set $v (i32x4.trunc_sat_f32x4_u (local.get $v)))",
    ),
    "f32x4.convert_i32x4_u": (20_000_000, "(local.set $v (f32x4.convert_i32x4_u (local.get $v)))"),
    "a store to each page, the first time": (
        16_384 * 16,
        """(if (i32.eqz (local.get $i)) (then (drop (memory.grow (i32.const 16383)))))
        (i32.store (i32.shl (local.get $i) (i32.const 12)) (i32.const 1))""",
    ),
    "loads anywhere in 1 GiB": (
        1_000_000,
        """(if (i32.eqz (local.get $i)) (then (drop (memory.grow (i32.const 16383)))
          (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x3fffffff))))
        (local.set $x (i32.load (i32.and (i32.const 0x3ffffffc)
          (i32.mul (i32.xor (local.get $x) (local.get $i)) (i32.const 0x9E3779B1)))))""",
    ),
    "the same, each without the one before": (
        1_000_000,
        """(if (i32.eqz (local.get $i)) (then (drop (memory.grow (i32.const 16383)))
          (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x3fffffff))))
        (local.set $x (i32.add (local.get $x) (i32.load (i32.and (i32.const 0x3ffffffc)
          (i32.mul (local.get $i) (i32.const 0x9E3779B1))))))""",
    ),
}


def measure(count: int, body: str, engine: wasmtime.Engine, host: Host) -> tuple[float, int]:
    """Processor seconds and fuel."""
    text = HEAD.format(locals="i64 " * 10_000, large="i64 " * 100)
    text += f"""(loop {body} (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i)
        (i32.const 1))) (i32.const {count}))))))"""
    code = bytes(wasmtime.wat2wasm(text))
    task = Task(Module(code), limits=Limits(fuel=1 << 60, memory=2 << 30))
    return best_of(RUNS, task, engine, host)


def per_turn(count: int, body: str, engine: wasmtime.Engine, host: Host) -> tuple[float, float]:
    """Processor seconds and fuel of one turn; what the first turn prepares is left out if it is
    much."""
    seconds, fuel = measure(count, body, engine, host)
    if "memory.fill (i32.const 0) (i32.const 1)" not in body:
        return seconds / count, fuel / count
    prepared, paid = measure(1, body, engine, host)
    return (seconds - prepared) / (count - 1), (fuel - paid) / (count - 1)


def main() -> None:
    print("Instructions in a loop: fuel a nanosecond, as a share of the plainest loop's")
    engine = new_engine()
    host = Host(engine)
    plain = 0.0
    for name, (count, body) in CASES.items():
        seconds, fuel = per_turn(count, body, engine, host)
        rate = fuel / seconds / 1e9
        plain = plain or rate
        print(f"{name:38}{1e9 * seconds:12.2f} ns{rate:8.2f}{rate / plain:8.3f}")


if __name__ == "__main__":
    main()
