"""Random programs full of NaNs that look at their bits, as WebAssembly text."""

from __future__ import annotations

import random
import struct

_F64 = ["nan", "-nan", "nan:0x4000000000001", "-nan:0x8000000000002", "inf", "-inf", "0", "-0"]
_F64 += ["1", "-2.5", "1e308", "-1e308", "3"]
_F32 = ["nan", "-nan", "nan:0x200001", "-nan:0x400002", "inf", "-inf", "0", "-0", "1", "3e38"]
LOCALS = {"f64": 5, "f32": 4, "v128": 4}
_DEPTH = 4
_BINARY = ["add", "sub", "mul", "div", "min", "max"]
_UNARY = ["sqrt", "ceil", "floor", "trunc", "nearest", "abs", "neg", "neg"]
_INTEGER = ["i8x16.add", "i16x8.mul", "i32x4.sub", "i64x2.eq", "i32x4.lt_s", "i8x16.swizzle"]
_INTEGER += ["v128.and", "v128.or", "v128.xor", "v128.andnot", "i16x8.extmul_low_i8x16_s"]
_INTEGER_UNARY = ["v128.not", "i8x16.popcnt", "i32x4.abs", "i64x2.neg", "i32x4.trunc_sat_f32x4_s"]
_INTEGER_UNARY += ["i32x4.trunc_sat_f64x2_u_zero", "f32x4.convert_i32x4_s"]
_INTEGER_UNARY += ["f64x2.convert_low_i32x4_u", "i32x4.extend_low_i16x8_s"]
_WHOLE = [
    "0 1 2 3 20 21 22 23 8 9 10 11 28 29 30 31",
    "8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23",
]
_TORN = ["3 1 2 0 20 21 22 23 8 9 10 11 28 29 30 31"]


class Floats:
    """Makes one program of a seed; it ends, and leaves all that it computed in memory."""

    def __init__(self, seed: int) -> None:
        self._choose = random.Random(seed)
        self._calls = False

    def text(self) -> str:
        choose = self._choose
        specials = [float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1.5, -7e300]
        data = b"".join(
            struct.pack("<d", choose.choice(specials))
            if choose.random() < 0.6
            else choose.randbytes(8)
            for _ in range(256)
        )
        escaped = "".join(f"\\{byte:02x}" for byte in data)
        declared = "".join(
            f" (local ${kind}{i} {kind})" for kind, count in LOCALS.items() for i in range(count)
        )
        declared += " (local $i0 i32) (local $i1 i32)"
        kept = "".join(
            f"({kind}.store (i32.const {4096 + 128 * n + 16 * i}) (local.get ${kind}{i}))"
            for n, (kind, count) in enumerate(LOCALS.items())
            for i in range(count)
        )
        helper = " ".join(self._statement(1) for _ in range(4)) + self._value("f64", 1)
        self._calls = True
        body = " ".join(self._statement(0) for _ in range(choose.randint(5, 25)))
        return f"""(module (memory (export "memory") 1) (data (i32.const 0) "{escaped}")
          (tag $e (param f64 v128)) (table 1 funcref) (elem (i32.const 0) $h)
          (type $t (func (param f64 f32) (result f64)))
          (global $g (mut f64) (f64.const -nan:0x8000000000005))
          (global $v (mut v128) (v128.const f32x4 nan -nan 1 2))
          (func $h (type $t) {declared}
            (local.set $f640 (local.get 0)) (local.set $f320 (local.get 1)) {helper})
          (func (export "_start") {declared} {body} {kept}
            (f64.store (i32.const 4600) (global.get $g))
            (v128.store (i32.const 4608) (global.get $v))))"""

    def _statement(self, depth: int) -> str:
        choose, kind = self._choose, self._kind()
        match choose.randrange(10 if depth < 2 else 6):
            case 0 | 1 | 2:
                return f"(local.set ${self._local(kind)} {self._value(kind, 0)})"
            case 3:
                local = self._local(kind)
                value = f"(local.tee ${local} {self._value(kind, 1)})"
                return f"({kind}.store {self._address()} {value})"
            case 4:
                return f"({kind}.store {self._address()} {self._value(kind, 0)})"
            case 5:
                kind, name = choose.choice([("f64", "g"), ("v128", "v")])
                return f"(global.set ${name} {self._value(kind, 0)})"
            case 6:
                return self._loop(depth)
            case 9:
                return self._try(depth)
            case 7:
                first, second = (self._block(depth) for _ in range(2))
                return f"(if {self._condition(1)} (then {first}) (else {second}))"
            case _:
                body = f"{self._block(depth)} (br_if $b{depth} {self._condition(1)})"
                return f"(block $b{depth} {body} {self._block(depth)})"

    def _block(self, depth: int) -> str:
        return " ".join(self._statement(depth + 1) for _ in range(self._choose.randint(1, 4)))

    def _loop(self, depth: int) -> str:
        counter = f"(local.tee $i{depth} (i32.add (local.get $i{depth}) (i32.const 1)))"
        again = f"(br_if $l{depth} (i32.lt_u {counter} (i32.const {self._choose.randint(2, 4)})))"
        return f"(local.set $i{depth} (i32.const 0)) (loop $l{depth} {self._block(depth)} {again})"

    def _try(self, depth: int) -> str:
        """What is thrown, from here or from $h, ends in locals."""
        thrown = self._value("f64", 1), self._value("v128", 1)
        body = f"(throw $e {thrown[0]} {thrown[1]})"
        if self._choose.random() < 0.5:
            body = f"(if {self._condition(1)} (then {body}))"
        caught = f"(try_table (catch $e $t{depth}) {self._block(depth)} {body} (br $s{depth}))"
        found = f"(local.set ${self._local('v128')}) (local.set ${self._local('f64')})"
        handler = f"(block $t{depth} (result f64 v128) {caught} unreachable) {found}"
        return f"(block $s{depth} {handler})"

    def _kind(self) -> str:
        return self._choose.choice(["f64", "f64", "f32", "v128"])

    def _local(self, kind: str) -> str:
        return f"{kind}{self._choose.randrange(LOCALS[kind])}"

    def _address(self) -> str:
        return f"(i32.const {8 * self._choose.randrange(254)})"

    def _condition(self, depth: int) -> str:
        names = ["lt", "ge", "ne", "eq"]
        one, other = self._value("f64", depth), self._value("f64", depth)
        return f"(f64.{self._choose.choice(names)} {one} {other})"

    def _value(self, kind: str, depth: int) -> str:
        choose = self._choose
        if depth >= _DEPTH or choose.random() < 0.25:
            if choose.random() < 0.7:
                return f"(local.get ${self._local(kind)})"
            return f"({kind}.load {self._address()})"
        below = depth + 1
        if choose.random() < 0.1:
            one, other = self._value(kind, below), self._value(kind, below)
            return f"(select {one} {other} {self._condition(below)})"
        if choose.random() < 0.08:
            result = f"(result {kind}) "
            one, other = self._value(kind, below), self._value(kind, below)
            return f"(if {result}{self._condition(below)} (then {one}) (else {other}))"
        return self._vector(below) if kind == "v128" else self._scalar(kind, below)

    def _scalar(self, kind: str, depth: int) -> str:
        choose, wide = self._choose, kind == "f64"
        one = self._value(kind, depth)
        match choose.randrange(9):
            case 0 | 1 | 2:
                return f"({kind}.{choose.choice(_BINARY)} {one} {self._value(kind, depth)})"
            case 3:
                return f"({kind}.{choose.choice(_UNARY)} {one})"
            case 4:
                return f"({kind}.copysign {one} {self._value(kind, depth)})"
            case 5:
                other = self._value("f32" if wide else "f64", depth)
                return f"(f64.promote_f32 {other})" if wide else f"(f32.demote_f64 {other})"
            case 6:
                vector = self._value("v128", depth)
                lanes = "f64x2" if wide else "f32x4"
                return f"({lanes}.extract_lane {choose.randrange(2)} {vector})"
            case 7 if wide and self._calls:
                return choose.choice(
                    [
                        f"(call $h {one} {self._value('f32', depth)})" if depth < 3 else one,
                        "(global.get $g)",
                        f"(call_indirect (type $t) {one} {self._value('f32', depth)} (i32.const 0))"
                        if depth < 2
                        else one,
                        "(f64.reinterpret_i64"
                        f" (i64.xor (i64.const 1) (i64.reinterpret_f64 {one})))",
                        f"(f64.convert_i64_u (i64.reinterpret_f64 {one}))",
                    ]
                )
            case _:
                return f"({kind}.const {choose.choice(_F64 if wide else _F32)})"

    def _vector(self, depth: int) -> str:
        choose, lanes = self._choose, self._choose.choice(["f32x4", "f64x2"])
        kind = "f32" if lanes == "f32x4" else "f64"
        one = self._value("v128", depth)
        match choose.randrange(11):
            case 0 | 1 | 2:
                name = choose.choice([*_BINARY, "pmin", "pmax"])
                return f"({lanes}.{name} {one} {self._value('v128', depth)})"
            case 3:
                return f"({lanes}.{choose.choice(_UNARY)} {one})"
            case 4:
                return f"({lanes}.splat {self._value(kind, depth)})"
            case 5:
                lane = choose.randrange(2)
                return f"({lanes}.replace_lane {lane} {one} {self._value(kind, depth)})"
            case 6:
                name = choose.choice(["f32x4.demote_f64x2_zero", "f64x2.promote_low_f32x4"])
                return f"({name} {one})"
            case 7:
                order = choose.choice([*_WHOLE, *_WHOLE, *_TORN])
                return f"(i8x16.shuffle {order} {one} {self._value('v128', depth)})"
            case 8:
                other = self._value("v128", depth)
                mask = f"({lanes}.{choose.choice(['eq', 'lt', 'ge'])} {one} {other})"
                return f"(v128.bitselect {one} {other} {mask})"
            case 9:
                if choose.random() < 0.5:
                    return f"({choose.choice(_INTEGER_UNARY)} {one})"
                return f"({choose.choice(_INTEGER)} {one} {self._value('v128', depth)})"
            case _:
                return choose.choice(
                    [
                        "(global.get $v)",
                        "(v128.const f32x4 1 2 -3 0)",
                        "(v128.const f64x2 nan:0x8000000000001 -nan)",
                        f"(i32x4.splat (i32.reinterpret_f32 {self._value('f32', depth)}))",
                        f"(v128.load32_lane 1 {self._address()} {one})",
                        f"(i32x4.shl {one} (i32.const 3))",
                    ]
                )
