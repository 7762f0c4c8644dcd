"""Which machine runs the code: wasmtime's configuration and the runtime id.

Two machines agree on every outcome, output and unit of fuel if their runtime ids are equal.
The id is known without loading wasmtime, so that a daemon never has to.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

from suanli.engine import prices
from suanli.engine.errors import EngineUnavailable
from suanli.engine.task import MAX_MODULE_BYTES

if TYPE_CHECKING:
    import wasmtime

WASMTIME = "50.0.1"
"""Machine code, and so the depth of the stack, changes between versions: exactly this one."""

WASI_VERSION = "suanli-wasi-3"
"""Of our WASI: change it with anything a guest, or its fuel, could notice."""

REWRITER_VERSION = "suanli-rewriter-1"
"""Of what is put into modules: change it with anything a guest, or its fuel, could notice."""

STACK_BYTES = 2 << 20
"""Native stack of a guest. Frames depend on code generation, which the runtime id pins down."""

MAX_TABLES = 4
TABLE_ELEMENTS = 1 << 20
"""In one table. Those that are there at the start count as memory."""
ELEMENT_BYTES = 8

# Attributes of `wasmtime.Config`; those not named keep the default of the pinned version.
CONFIG: dict[str, bool | int | str] = {
    # What makes two runs alike.
    "consume_fuel": False,
    "cranelift_nan_canonicalization": True,
    "wasm_threads": False,
    "shared_memory": False,
    "wasm_relaxed_simd": False,
    # Copy-on-write images are used or not as the host allows; without them all start alike.
    "memory_init_cow": False,
    # Moving a memory that grows can fail for want of address space; a full reservation can't.
    "memory_may_move": False,
    "memory_reservation": 4 << 30,
    # Proposals that allocate on the host, or that no command module of today needs.
    "wasm_component_model": False,
    "wasm_memory64": False,
    "wasm_multi_memory": False,
    "wasm_gc": False,
    "gc_support": False,
    "wasm_function_references": False,
    "wasm_exceptions": False,
    "wasm_stack_switching": False,
    "wasm_custom_page_sizes": False,
    "wasm_wide_arithmetic": False,
    # What compilers emit today.
    "wasm_simd": True,
    "wasm_bulk_memory": True,
    "wasm_multi_value": True,
    "wasm_reference_types": True,
    "wasm_tail_call": True,
    "strategy": "cranelift",
    "cranelift_opt_level": "speed",
    "max_wasm_stack": STACK_BYTES,
    # One module does not take all of a host's cores.
    "parallel_compilation": False,
}

# Naming a target turns off the detection of this machine's features, so that artefacts and
# frames are alike on all machines that have these. x86-64-v2 is every server since 2009.
TARGETS: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("linux", "x86_64"): (
        "x86_64-unknown-linux-gnu",
        ("has_cmpxchg16b", "has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"),
    ),
    ("linux", "aarch64"): ("aarch64-unknown-linux-gnu", ()),
}


def target() -> tuple[str, tuple[str, ...]]:
    """Cranelift's target triple and the processor features code may use."""
    here = (sys.platform, platform.machine())
    if here not in TARGETS:
        raise EngineUnavailable(f"no engine for {here}: use Linux on x86_64 or aarch64")
    return TARGETS[here]


@cache
def runtime_id() -> bytes:
    """32 bytes; only tasks run under equal ids can verify one another.

    Hash of the versions of wasmtime, of our WASI and of the rewriter, the prices of instructions,
    the target with its processor baseline, the configuration, and what is fixed for all modules.
    Raises `EngineUnavailable` on a platform without a target.
    """
    triple, features = target()
    parts = {
        "wasmtime": WASMTIME,
        "wasi": WASI_VERSION,
        "rewriter": REWRITER_VERSION,
        "prices": prices.listing(),
        "target": triple,
        "features": features,
        "config": CONFIG,
        "limits": [MAX_MODULE_BYTES, MAX_TABLES, TABLE_ELEMENTS],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()


def check_version() -> None:
    """Raises `EngineUnavailable` unless the pinned wasmtime is installed; does not load it."""
    try:
        found = metadata.version("wasmtime")
    except metadata.PackageNotFoundError:
        raise EngineUnavailable(f"install wasmtime=={WASMTIME}") from None
    if found != WASMTIME:
        raise EngineUnavailable(f"wasmtime is {found}; install wasmtime=={WASMTIME}")


def new_engine(**changes: bool | int | str) -> wasmtime.Engine:
    """An engine as the runtime id says; `changes` to the configuration are for measurements.

    Only worker processes, tests and benchmarks call this.
    """
    import wasmtime

    config = wasmtime.Config()
    for name, value in (CONFIG | changes).items():
        # Python would take a misspelt attribute without a word.
        if not isinstance(getattr(wasmtime.Config, name, None), property):
            raise EngineUnavailable(f"wasmtime {WASMTIME} has no setting {name}")
        setattr(config, name, value)
    triple, features = target()
    config.target = triple
    for feature in features:
        config.cranelift_flag_enable(feature)
    return wasmtime.Engine(config)
