"""What a portable program shows does not depend on the bits that a processor gives NaNs."""

from __future__ import annotations

import itertools
import struct

import pytest
import wasmtime

from suanli.engine.guest.inspect import CORE_MODULE, Reader
from suanli.engine.guest.rewrite import encode
from suanli.engine.guest.rewrite.canonical import LOCALS, S32, S64, V32, V64, canonical
from suanli.engine.guest.rewrite.decode import instructions
from suanli.engine.guest.rewrite.nans import exposed
from suanli.engine.runtime import new_engine
from tests.suanli.engine.floats import Floats
from tests.suanli.engine.instructions import LETTERS, OPERATIONS, STORES

CODE = 10
SIGNS = {"none": None, "positive": 0x1, "negative": 0x80000003}
"""What a NaN from arithmetic becomes on processors that there might be: 32 high bits besides."""


def shape_of(instruction: bytes) -> int:
    """Of what an arithmetic instruction gives: ours, written from the list of instructions."""
    opcode = instruction[0]
    if opcode in (*range(0x8D, 0x98), 0xB6):
        return S32
    if opcode in (*range(0x9B, 0xA0), *range(0xA0, 0xA6), 0xBB):
        return S64
    if opcode != 0xFD:
        return 0
    second = instruction[1]
    if second in (0x67, 0x68, 0x69, 0x6A, 0x5E, 0xE3, *range(0xE4, 0xEA)):
        return V32
    return V64 if second in (0x74, 0x75, 0x7A, 0x94, 0x5F, 0xEF, *range(0xF0, 0xF6)) else 0


def otherwise(shape: int, local: int, bits: int) -> bytes:
    """Give every NaN on top of the stack these bits."""
    narrow = struct.pack("<I", 0x7FC00000 | bits)
    wide = struct.pack("<II", (bits & 0x7) * 0x10101010, 0x7FF80000 | bits & 0x8007FFF0)
    tee, get = b"\x22" + encode.unsigned(local), b"\x20" + encode.unsigned(local)
    if shape in (S32, S64):
        constant = b"\x43" + narrow if shape == S32 else b"\x44" + wide
        equal = b"\x5b" if shape == S32 else b"\x61"
        return tee + constant + get + get + equal + b"\x1b"
    constant = b"\xfd\x0c" + (narrow * 4 if shape == V32 else wide * 2)
    equal = b"\xfd\x41" if shape == V32 else b"\xfd\x47"
    return tee + constant + get + get + equal + b"\xfd\x52"


def changed(code: bytes, bits: int | None, portable: bool) -> bytes:
    """As on a processor that makes NaNs of these bits, made portable or not."""
    reader, out = Reader(code, len(CORE_MODULE)), [CORE_MODULE]
    types, functions, tags = [], [], []
    while reader.position < len(code):
        kind, size = reader.byte(), reader.number()
        start, end = reader.position, reader.position + size
        if kind == 1:
            for _ in range(reader.number()):
                reader.byte()
                types.append((len(reader.values()), len(reader.values())))
        elif kind == 3:
            functions = [reader.number() for _ in range(reader.number())]
        elif kind == 13:
            tags = [(reader.byte(), reader.number())[1] for _ in range(reader.number())]
        if kind == CODE:
            bodies = []
            reader.number()
            for function in functions:
                size = reader.number()
                stop = reader.position + size
                groups = reader.number()
                at, declared = reader.position, 0
                for _ in range(groups):
                    declared += reader.number()
                    reader.byte()
                head = code[at : reader.position]
                found = instructions(code, reader.position, stop)
                count = types[function][0] + declared
                own = types[function]
                marks = exposed(found, own, count, types, functions, tags) if portable else {}
                local = {shape: count + i for i, shape in enumerate((S32, S64, V32))}
                local[V64] = local[V32]
                body = []
                for position, instruction in enumerate(found):
                    body.append(instruction)
                    if bits is not None and (shape := shape_of(instruction)):
                        body.append(otherwise(shape, local[shape], bits))
                    if position in marks:
                        body.append(canonical(marks[position], local[marks[position]]))
                more = b"".join(bytes([1, LOCALS[shape]]) for shape in (S32, S64, V32))
                text = encode.unsigned(groups + 3) + head + more + b"".join(body)
                bodies.append(encode.unsigned(len(text)) + text)
                reader.position = stop
            out.append(encode.section(CODE, encode.vector(bodies)))
        else:
            out.append(encode.section(kind, code[start:end]))
        reader.position = end
    return b"".join(out)


def memory_after(code: bytes, engine: wasmtime.Engine) -> bytes:
    with wasmtime.Store(engine) as store:
        exports = wasmtime.Instance(store, wasmtime.Module(engine, code), []).exports(store)
        exports["_start"](store)
        return bytes(exports["memory"].read(store))


def check(seeds: range) -> tuple[int, int]:
    """How many programs were tried, and how many would show the bits of a processor's NaNs."""
    engine = new_engine(
        cranelift_opt_level="none", cranelift_nan_canonicalization=False, consume_fuel=False
    )
    exposing = 0
    for seed in seeds:
        code = bytes(wasmtime.wat2wasm(Floats(seed).text()))
        shown = {memory_after(changed(code, bits, True), engine) for bits in SIGNS.values()}
        assert len(shown) == 1, seed
        exposing += (
            len({memory_after(changed(code, bits, False), engine) for bits in SIGNS.values()}) > 1
        )
    return len(seeds), exposing


def test_random_programs_show_the_same_on_all_processors():
    tried, exposing = check(range(75))
    assert exposing > tried // 3


MADE = {
    "f": ["(f32.sqrt (f32.const -1))"],
    "d": ["(f64.sqrt (f64.const -1))"],
    "v": [
        "(f32x4.sqrt (v128.const f32x4 -1 1 -1 -1))",
        "(f64x2.sqrt (v128.const f64x2 -1 -1))",
        # Equal to what some processor gives, seen as other lanes.
        "(v128.const i32x4 0x10101010 0x3f800000 0x7fc00001 0x7fc00001)",
    ],
    "i": ["(i32.const 5)"],
    "l": ["(i64.const 5)"],
}
"""NaNs of all kinds that arithmetic makes, and what they may meet."""


def test_each_instruction_on_each_kind_of_nan():
    """Also on those that no compiler would give to it, such as halves of an f64 as two f32."""
    cases, bodies = [], []
    more = [("v128.bitselect", "vvv", "v", 1), ("i8x16.shuffle" + " 4" * 16, "vv", "v", 1)]
    more += [
        (f"select (result {kind})", letter * 2 + "i", letter, 1) for letter, kind in LETTERS.items()
    ]
    for name, takes, gives, _ in [*OPERATIONS, *STORES, *more]:
        if (".trunc_f" in name and "x" not in name) or not set(takes) & set("fdv"):
            continue  # NaNs would trap; or there is none
        for operands in itertools.product(*(MADE.get(letter, ["$a"]) for letter in takes)):
            at = f"(i32.const {16 * len(cases)})"
            value = f"({name} {' '.join(operands)})".replace("$a", at)
            bodies.append(f"({LETTERS[gives]}.store {at} {value})" if gives else value)
            cases.append(value)
    functions = [f"(func $f{i} {body})" for i, body in enumerate(bodies)]
    calls = " ".join(f"(call $f{i})" for i in range(len(cases)))
    text = f"""(module (memory (export "memory") {1 + len(cases) // 4096}) {" ".join(functions)}
      (func (export "_start") {calls}))"""
    code, engine = bytes(wasmtime.wat2wasm(text)), new_engine(cranelift_opt_level="none")
    bits_of_nans = [*SIGNS.values(), 0x3FFFFF]

    def shown(portable: bool) -> list[set[bytes]]:
        memories = [memory_after(changed(code, bits, portable), engine) for bits in bits_of_nans]
        return [{m[16 * i : 16 * i + 16] for m in memories} for i in range(len(cases))]

    assert [case for case, found in zip(cases, shown(True), strict=True) if len(found) > 1] == []
    assert sum(len(found) > 1 for found in shown(False)) > len(cases) // 2


def marks_of(body: str, locals_: str = "(local $x f64) (local $i i32)") -> list[int]:
    """Opcodes of the instructions of a function after which something is made canonical."""
    code = bytes(wasmtime.wat2wasm(f"(module (memory 1) (func (param $p f64) {locals_} {body}))"))
    found = instructions(code, *_body_of(code))
    count = 1 + locals_.count("(local")
    marks = exposed(found, (1, 0), count, [(1, 0)], [0])
    return [found[at][0] for at in sorted(marks)]


def _body_of(code: bytes) -> tuple[int, int]:
    reader = Reader(code, len(CORE_MODULE))
    while True:
        kind, size = reader.byte(), reader.number()
        if kind == CODE:
            break
        reader.position += size
    reader.number()
    size = reader.number()
    end = reader.position + size
    for _ in range(reader.number()):
        reader.number()
        reader.byte()
    return reader.position, end


SUM = """(loop (local.set $x (f64.add (local.get $x) (f64.load (local.get $i))))
  (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 8)))))"""


@pytest.mark.parametrize(
    ("body", "after"),
    [
        (SUM + "(f64.store (i32.const 0) (local.get $x))", [0x20]),
        (SUM + "(drop (f64.lt (local.get $x) (f64.const 1)))", []),
        ("(f64.store (i32.const 0) (f64.load (i32.const 8)))", []),
        ("(f64.store (i32.const 0) (f64.neg (local.get $p)))", []),
        ("(f64.store (i32.const 0) (f64.neg (f64.sqrt (local.get $p))))", [0x9A]),
        # What is put into a local that holds other NaNs, too, is made canonical there.
        (
            "(local.set $x (f64.load (i32.const 8))) (local.set $x (f64.sqrt (local.get $p)))"
            "(f64.store (i32.const 0) (local.get $x))",
            [0x9F],
        ),
        (
            "(f64.store (i32.const 0) (f64.copysign (local.get $p) (f64.sqrt (local.get $p))))",
            [0x9F],
        ),
        ("return (f64.store (i32.const 0) (f64.sqrt (local.get $p)))", []),
    ],
)
def test_only_what_is_looked_at_is_made_canonical(body, after):
    assert marks_of(body) == after


@pytest.mark.deep
def test_many_random_programs_show_the_same_on_all_processors():
    check(range(10_000, 13_000))
