"""Which machine runs the code: wasmtime's configuration and the runtime id.

Two machines agree on every outcome, output and unit of fuel if their runtime ids are equal.
There are two, which differ in the bits of NaNs. The id is known without loading wasmtime, so that a
daemon never has to.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from suanli.engine import prices
from suanli.engine.errors import EngineUnavailable
from suanli.engine.task import MAX_MODULE_BYTES

if TYPE_CHECKING:
    import wasmtime

WASMTIME = "50.0.1"
"""Machine code, and so the depth of the stack, changes between versions: exactly this one."""

WASI_VERSION = "suanli-wasi-4"
"""Of our WASI: change it with anything a guest, or its fuel, could notice."""

REWRITER_VERSION = "suanli-rewriter-3"
"""Of what is put into modules: change it with anything a guest, or its fuel, could notice, and
with what a trace sees of a module."""

TRACE_VERSION = "suanli-trace-1"
"""Of what a trace is the digest of."""

STACK_BYTES = 2 << 20
"""Native stack of a guest. Frames depend on code generation, which the runtime id pins down."""

MAX_TABLES = 4
TABLE_ELEMENTS = 1 << 20
"""In one table. Those that are there at the start count as memory."""
ELEMENT_BYTES = 8

MAX_GLOBALS = 10_000
"""In a module with exceptions: all are gone through whenever exceptions are collected."""
HELD_BYTES = 1 << 20
"""Of exceptions that a program can still refer to; more is a trap."""
EXCEPTION_BYTES = 4 * HELD_BYTES
"""What exceptions can take on the host, those that nobody refers to any more included: the heap
that they are in doubles where more than half of it is held, and a half may be lost between them."""

# Attributes of `wasmtime.Config`; those not named keep the default of the pinned version.
CONFIG: dict[str, bool | int | str] = {
    # What makes two runs alike.
    "consume_fuel": False,
    # NaNs are as the processor makes them, or made canonical by the rewriter.
    "cranelift_nan_canonicalization": False,
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
    "wasm_function_references": False,
    "wasm_stack_switching": False,
    "wasm_custom_page_sizes": False,
    "wasm_wide_arithmetic": False,
    # What compilers emit today.
    "wasm_simd": True,
    "wasm_bulk_memory": True,
    "wasm_multi_value": True,
    "wasm_reference_types": True,
    "wasm_tail_call": True,
    "wasm_exceptions": True,
    # Exceptions are objects that are collected; see `rewrite.exceptions` for how much they take.
    "gc_support": True,
    "strategy": "cranelift",
    "cranelift_opt_level": "speed",
    "max_wasm_stack": STACK_BYTES,
    # One module does not take all of a host's cores.
    "parallel_compilation": False,
}


class Runtime(StrEnum):
    """Whose NaNs a program sees."""

    FAST = "fast"
    """The processor's, an x86-64-v3: AVX and SSE make the same ones, so all that have AVX2
    agree."""
    PORTABLE = "portable"
    """Canonical ones wherever their bits show."""


_V2 = ("has_cmpxchg16b", "has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt")
_AVX = ("has_avx",)
_V3 = (*_AVX, "has_avx2", "has_bmi1", "has_bmi2", "has_fma", "has_lzcnt")

# Naming a target turns off the detection of this machine's features, so that artefacts and
# frames are alike on all machines that have these. AVX is every server since 2012, x86-64-v3 every
# one since 2015.
TARGETS: dict[tuple[str, str, str], tuple[str, tuple[str, ...]]] = {
    ("linux", "x86_64", Runtime.FAST): ("x86_64-unknown-linux-gnu", _V2 + _V3),
    ("linux", "x86_64", Runtime.PORTABLE): ("x86_64-unknown-linux-gnu", _V2 + _AVX),
    ("linux", "aarch64", Runtime.PORTABLE): ("aarch64-unknown-linux-gnu", ()),
}

_SHOWN = 16
"""Digits of a runtime id that people are shown."""
_CPUINFO = Path("/proc/cpuinfo")
_CPU_FLAGS = {
    "has_avx": "avx",
    "has_avx2": "avx2",
    "has_bmi1": "bmi1",
    "has_bmi2": "bmi2",
    "has_fma": "fma",
    "has_lzcnt": "abm",
}
"""As Linux calls what `_V3` needs. What `_V2` needs is not looked for."""


CHOOSE_PORTABLE = f': choose the runtime {Runtime.PORTABLE} (job file: runtime = "portable")'


def default_runtime() -> Runtime:
    """The fast one where the processor has what it uses. Whether an emulated one makes the same
    NaNs, only a worker finds out."""
    try:
        check_host(Runtime.FAST)
    except EngineUnavailable:
        return Runtime.PORTABLE
    return Runtime.FAST


def runtimes_here() -> tuple[Runtime, ...]:
    """Those that this platform has, whatever its processor; the fast one first."""
    here = (sys.platform, platform.machine())
    return tuple(runtime for runtime in Runtime if (*here, runtime) in TARGETS)


def runtime_ids() -> tuple[bytes, ...]:
    """Ids of `runtimes_here`. Raises `EngineUnavailable` on a platform that has none."""
    return tuple(map(runtime_id, runtimes_here() or (default_runtime(),)))


def target(runtime: Runtime | None = None) -> tuple[str, tuple[str, ...]]:
    """Cranelift's target triple and the processor features code may use."""
    runtime = runtime or default_runtime()
    here = (sys.platform, platform.machine())
    if (*here, runtime) not in TARGETS:
        raise EngineUnavailable(f"no engine {runtime} for {here}: use Linux on x86_64 or aarch64")
    return TARGETS[(*here, runtime)]


def runtime_id(runtime: Runtime | None = None) -> bytes:
    """32 bytes; only tasks run under equal ids can verify one another.

    Hash of the runtime's name, the versions of wasmtime, of our WASI, of the rewriter and of
    traces, the prices of instructions, the target with its processor baseline, the configuration,
    and what is fixed for all modules. `runtime` is by default this machine's `default_runtime()`.
    Raises `EngineUnavailable` on a platform without a target.
    """
    return _id_of(runtime or default_runtime())


@cache
def _id_of(runtime: Runtime) -> bytes:
    triple, features = target(runtime)
    parts = {
        "runtime": runtime,
        "wasmtime": WASMTIME,
        "wasi": WASI_VERSION,
        "rewriter": REWRITER_VERSION,
        "trace": TRACE_VERSION,
        "prices": prices.listing(),
        "target": triple,
        "features": features,
        "config": CONFIG,
        "limits": [MAX_MODULE_BYTES, MAX_TABLES, TABLE_ELEMENTS, MAX_GLOBALS, HELD_BYTES],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()


def named_by(id_: bytes) -> Runtime:
    """The runtime with this id. Raises `EngineUnavailable` if this version has none."""
    for runtime in runtimes_here():
        if runtime_id(runtime) == id_:
            return runtime
    raise EngineUnavailable(
        f"this version of suanli has no runtime {show_runtime(id_)} here, only "
        f"{', '.join(f'{one} ({runtime_id(one).hex()[:_SHOWN]}…)' for one in runtimes_here())}: "
        "add the package that has it (suanli runtime add)"
    )


def show_runtime(id_: bytes) -> str:
    """Its name if this version has it here, else how its id begins."""
    for runtime in runtimes_here():
        if runtime_id(runtime) == id_:
            return str(runtime)
    return f"{id_.hex()[:_SHOWN]}…"


def check_host(runtime: Runtime) -> None:
    """Raises `EngineUnavailable` where the processor lacks what `runtime` may use.

    What its NaNs are, a worker looks at when it starts."""
    check_features(runtime, target(runtime)[1])


def check_features(runtime: Runtime, features: Sequence[str]) -> None:
    """As `check_host`, for one of whatever version, which may use these."""
    needed = {_CPU_FLAGS[feature] for feature in features if feature in _CPU_FLAGS}
    if not needed:
        return
    try:
        words = set(_CPUINFO.read_text().split())
    except OSError as error:
        raise EngineUnavailable(f"can't tell what this processor has: {error}") from error
    if missing := sorted(needed - words):
        advice = CHOOSE_PORTABLE if runtime is Runtime.FAST else ": use a processor that has AVX"
        lacks = f"this processor lacks {', '.join(missing)}, which the runtime {runtime} uses"
        raise EngineUnavailable(lacks + advice)


def check_version() -> None:
    """Raises `EngineUnavailable` unless the pinned wasmtime is installed; does not load it."""
    try:
        found = metadata.version("wasmtime")
    except metadata.PackageNotFoundError:
        raise EngineUnavailable(f"install wasmtime=={WASMTIME}") from None
    if found != WASMTIME:
        raise EngineUnavailable(f"wasmtime is {found}; install wasmtime=={WASMTIME}")


def new_engine(runtime: Runtime | None = None, **changes: bool | int | str) -> wasmtime.Engine:
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
    triple, features = target(runtime)
    config.target = triple
    for feature in features:
        config.cranelift_flag_enable(feature)
    return wasmtime.Engine(config)
