"""Turn a module into machine code, or say why it never can be. Runs in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

import wasmtime

from suanli.engine.errors import CompileFailed
from suanli.engine.guest.inspect import CORE_MODULE, Needs, needs_of
from suanli.engine.guest.rewrite.decode import Unreadable
from suanli.engine.guest.rewrite.module import rewrite
from suanli.engine.guest.wasi.link import SIGNATURES
from suanli.engine.runtime import Runtime, default_runtime
from suanli.engine.task import MAX_MODULE_BYTES

_LEGACY = "legacy exceptions: wasm-opt --translate-to-exnref makes today's of them"
NAMES = {
    "legacy": _LEGACY,
    "threads": "threads",
    "memory64": "memory64",
    "multiple memories": "multi-memory",
    "relaxed simd": "relaxed SIMD",
    "stack switching": "stack switching",
    "function references": "typed function references",
    "gc": "garbage-collected types",
    "page size": "custom page sizes",
    "wide arithmetic": "wide arithmetic",
}
"""What validation says of a proposal that is not there, and the proposal."""


class ModuleRejected(Exception):
    """The module is invalid, and so on every machine of this runtime id."""


@dataclass(frozen=True)
class Compiled:
    artefact: bytes
    memory: int
    """Bytes of linear memory and tables it has when it starts."""


def compile_module(
    code: bytes, engine: wasmtime.Engine, runtime: Runtime | None = None
) -> Compiled:
    """Raises `ModuleRejected`, or `CompileFailed` for what might succeed elsewhere."""
    needs = check_module(code, engine)
    portable = (runtime or default_runtime()) is Runtime.PORTABLE
    try:
        rewritten = rewrite(code, needs.memory, portable)
    except Unreadable as error:
        raise ModuleRejected(str(error)) from error
    try:
        module = wasmtime.Module(engine, rewritten)
    except wasmtime.WasmtimeError as error:
        raise CompileFailed(str(error)) from error
    with module:
        return Compiled(bytes(module.serialize()), needs.at_start())


def check_module(code: bytes, engine: wasmtime.Engine) -> Needs:
    """All that can be wrong with a module, found before the long work of compiling it.

    Raises `ModuleRejected`."""
    if len(code) > MAX_MODULE_BYTES:
        raise ModuleRejected(f"larger than {MAX_MODULE_BYTES} bytes")
    if not code.startswith(CORE_MODULE):
        raise ModuleRejected("not a WebAssembly core module (version 1)")
    try:
        wasmtime.Module.validate(engine, code)
    except wasmtime.WasmtimeError as error:
        raise ModuleRejected(_named(_readable(str(error)))) from error
    needs = needs_of(code)
    if objection := needs.objection(SIGNATURES):
        raise ModuleRejected(_readable(objection))
    return needs


def _named(text: str) -> str:
    for said, name in NAMES.items():
        if said in text.lower():
            return f"{name} ({text})" if name == _LEGACY else f"{name}: not supported ({text})"
    return text


def _readable(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # wasmtime puts the general before the particular: "failed to parse", "Caused by:", "...".
    joined = ": ".join(line for line in lines if line != "Caused by:")[:1000]
    # It may quote names from the module, and ends up in terminals.
    return "".join(character if character.isprintable() else "?" for character in joined)
