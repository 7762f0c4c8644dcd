"""See that this processor gives NaNs the bits that all others of its runtime give them."""

from __future__ import annotations

import wasmtime

from suanli.engine.errors import EngineUnavailable
from suanli.engine.runtime import CHOOSE_PORTABLE, Runtime

_F64 = (
    "(f64.div (f64.load (i32.const 0)) (f64.load (i32.const 0)))",  # 0 / 0
    "(f64.sqrt (f64.const -1))",
    "(f64.add (f64.load (i32.const 8)) (f64.load (i32.const 16)))",  # two NaNs
    "(f64.mul (f64.load (i32.const 16)) (f64.load (i32.const 8)))",
    "(f64.sub (f64.const 1) (f64.load (i32.const 24)))",  # one that signals
    "(f64.min (f64.load (i32.const 8)) (f64.const 1))",
    "(f64.max (f64.const 1) (f64.load (i32.const 16)))",
    "(f64.floor (f64.load (i32.const 24)))",
    "(f64.promote_f32 (f32.demote_f64 (f64.load (i32.const 8))))",
)
_V128 = (
    "(f64x2.add (v128.load (i32.const 8)) (v128.load (i32.const 16)))",
    "(f64x2.div (v128.load (i32.const 0)) (v128.load (i32.const 0)))",
    "(f32x4.mul (v128.load (i32.const 16)) (v128.load (i32.const 8)))",
    "(f64x2.min (v128.load (i32.const 16)) (v128.load (i32.const 8)))",
    "(f32x4.max (v128.load (i32.const 8)) (v128.load (i32.const 16)))",
)
_STORES = [("f64", value) for value in _F64] + [("v128", value) for value in _V128]
_PROGRAM = f"""(module (memory (export "memory") 1)
  (data (i32.const 8) "\\05\\00\\00\\00\\00\\00\\f8\\7f" "\\00\\07\\00\\00\\00\\00\\f9\\ff"
    "\\01\\00\\00\\00\\03\\00\\f0\\7f")
  (func (export "look") {
    " ".join(
        f"({kind}.store (i32.const {64 + 16 * i}) {value})"
        for i, (kind, value) in enumerate(_STORES)
    )
}))"""
_KNOWN = (
    "000000000000f8ff0000000000000000",
    "000000000000f8ff0000000000000000",
    "050000000000f87f0000000000000000",
    "000700000000f9ff0000000000000000",
    "010000000300f87f0000000000000000",
    "050000000000f87f0000000000000000",
    "000700000000f9ff0000000000000000",
    "010000000300f87f0000000000000000",
    "000000000000f87f0000000000000000",
    "050000000000f87f000700000000f9ff",
    "000000000000f8ff050000000000f87f",
    "000000000000f9ff000000000300f07f",
    "000000000000f8ff000000000000f8ff",
    "000700000000c0ff000700000000c0ff",
)


def nans(engine: wasmtime.Engine) -> tuple[str, ...]:
    """What this processor makes of some operations, as hexadecimal bytes."""
    with wasmtime.Store(engine) as store, wasmtime.Module(engine, _PROGRAM) as module:
        exports = wasmtime.Instance(store, module, []).exports(store)
        look, memory = exports["look"], exports["memory"]
        assert isinstance(look, wasmtime.Func)
        assert isinstance(memory, wasmtime.Memory)
        look(store)
        end = 64 + 16 * len(_STORES)
        return tuple(bytes(memory.read(store, at, at + 16)).hex() for at in range(64, end, 16))


def require_known_nans(engine: wasmtime.Engine) -> None:
    """Raises `EngineUnavailable` on a processor, maybe an emulated one, that differs."""
    try:
        found = nans(engine)
    except wasmtime.WasmtimeError as error:
        raise EngineUnavailable(f"code for {Runtime.FAST} does not run here: {error}") from error
    if found != _KNOWN:
        raise EngineUnavailable(
            f"this processor makes other NaNs than those of the runtime {Runtime.FAST}, as emulated"
            f" ones may{CHOOSE_PORTABLE}"
        )
