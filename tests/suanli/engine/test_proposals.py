"""What WebAssembly has and this engine has not is named when it is refused."""

import pytest
import wasmtime

from suanli.engine import Module
from suanli.engine.guest.compile import NAMES, ModuleRejected, compile_module
from suanli.engine.runtime import new_engine
from tests.suanli.engine.conftest import wat


def refusal(module: Module) -> str:
    with pytest.raises(ModuleRejected) as caught:
        compile_module(module.code, new_engine())
    return str(caught.value)


def raw(body: bytes) -> bytes:
    """A module with a tag and `body` as `_start`, which no text makes any more."""
    body = b"\0" + body + b"\x0b"
    sections = ((1, b"\1\x60\0\0"), (3, b"\1\0"), (13, b"\1\0\0"), (7, b"\1\6_start\0\0"))
    sections += ((10, bytes([1, len(body)]) + body),)
    return b"\0asm\1\0\0\0" + b"".join(bytes([k, len(b)]) + b for k, b in sections)


LEGACY = {
    "try": b"\x06\x40\x0b",
    "catch": b"\x06\x40\x07\x00\x0b",
    "catch_all": b"\x06\x40\x19\x0b",
    "delegate": b"\x06\x40\x18\x00",
    "rethrow": b"\x06\x40\x07\x00\x09\x00\x0b\x0b",
    "catch alone": b"\x07\x00",
    "rethrow alone": b"\x09\x00",
    "delegate alone": b"\x18\x00",
    "catch_all alone": b"\x19",
}


@pytest.mark.parametrize("name", LEGACY)
def test_legacy_exceptions_are_refused_with_what_to_do(name):
    assert refusal(Module(raw(LEGACY[name]))).startswith(
        "legacy exceptions: wasm-opt --translate-to-exnref makes today's of them ("
    )


VECTOR = "(v128.const i64x2 0 0)"
PROPOSALS = [
    ("threads", "(memory 1 1 shared)", ""),
    ("threads", "(memory 1)", "(drop (i32.atomic.load (i32.const 0)))"),
    ("threads", "", "atomic.fence"),
    ("memory64", "(memory i64 1)", ""),
    ("memory64", "(table i64 1 funcref)", ""),
    ("multi-memory", "(memory 1) (memory 1)", ""),
    ("relaxed SIMD", "", f"(drop (i8x16.relaxed_swizzle {VECTOR} {VECTOR}))"),
    ("relaxed SIMD", "", f"(drop (f32x4.relaxed_madd {VECTOR} {VECTOR} {VECTOR}))"),
    ("stack switching", "(type $f (func)) (type (cont $f))", ""),
    ("stack switching", "(tag $t)", "(suspend $t)"),
    ("garbage-collected types", "(type (struct (field i32)))", ""),
    ("garbage-collected types", "(type (array i32))", ""),
    ("garbage-collected types", "(rec (type (func)) (type (func)))", ""),
    ("garbage-collected types", "(type (sub (func)))", ""),
    ("garbage-collected types", "", "(local anyref)"),
    ("garbage-collected types", "", "(drop (ref.i31 (i32.const 1)))"),
    ("typed function references", "(type $t (func))", "(local (ref null $t))"),
    ("typed function references", "(type $t (func))", "(call_ref $t (ref.null $t))"),
    ("custom page sizes", "(memory 1 (pagesize 1))", ""),
    ("wide arithmetic", "", "(i64.mul_wide_s (i64.const 0) (i64.const 0)) drop drop"),
]


@pytest.mark.parametrize(("name", "fields", "body"), PROPOSALS)
def test_proposals_that_are_not_there_are_named(name, fields, body):
    assert refusal(wat(f'(module {fields} (func (export "_start") {body}))')).startswith(
        f"{name}: not supported ("
    )


def test_components_are_not_named_but_refused_before():
    assert (
        refusal(Module(bytes(wasmtime.wat2wasm("(component)"))))
        == "not a WebAssembly core module (version 1)"
    )


def test_each_name_is_tested():
    (legacy,) = {*NAMES.values()} - {name for name, *_ in PROPOSALS}
    assert legacy.startswith("legacy exceptions")
