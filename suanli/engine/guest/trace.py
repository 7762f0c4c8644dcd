"""The digest of all that a guest is, where it was stopped."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Iterator

import wasmtime
from wasmtime import _bindings as bindings

from suanli.engine.guest.rewrite.module import GLOBAL, MAX_SEEN, MEMORY
from suanli.engine.guest.wasi.link import GuestCall, exported
from suanli.engine.guest.wasi.state import state
from suanli.engine.runtime import TRACE_VERSION

_SIZES = {0: 4, 1: 8, 2: 4, 3: 8, 4: 16}
"""Bytes of a number by its kind in wasmtime's val.h: i32, i64, f32, f64, v128."""


def trace_of(instance: wasmtime.Instance | None, call: GuestCall) -> bytes:
    """32 bytes: sha2-256 of the version, the fuel that the guest had and has, its memory, its
    globals, and its world, each after its size. Without `instance` it never began."""
    total = hashlib.sha256(TRACE_VERSION.encode())
    numbers = f"{call.meter.limit} {call.meter.left}".encode()
    _add(total, numbers)
    if instance is not None:
        _add(total, call.linear(instance, MEMORY))
        for part in _globals(instance, call):
            _add(total, part)
    for more in state(call.world):
        _add(total, more)
    return total.digest()


def _add(total: hashlib._Hash, part: bytes | bytearray | memoryview) -> None:
    total.update(len(part).to_bytes(8, "little"))
    total.update(part)


def _globals(instance: wasmtime.Instance, call: GuestCall) -> Iterator[bytes]:
    value = bindings.wasmtime_val_t()
    start = ctypes.addressof(value) + bindings.wasmtime_val_t.of.offset
    for number in range(MAX_SEEN):
        found = exported(call.context, instance, f"{GLOBAL}{number}")
        if found is None:
            return
        bindings.wasmtime_global_get(
            call.context, ctypes.byref(found.of.global_), ctypes.byref(value)
        )
        yield ctypes.string_at(start, _SIZES[int(value.kind)])
