"""Turn a module into machine code, or say why it never can be. Runs in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass

import wasmtime

from suanli.engine.errors import CompileFailed
from suanli.engine.guest.inspect import CORE_MODULE, needs_of
from suanli.engine.guest.wasi.link import Host
from suanli.engine.runtime import MAX_TABLES, TABLE_ELEMENTS
from suanli.engine.task import MAX_MODULE_BYTES


class ModuleRejected(Exception):
    """The module is invalid, and so on every machine of this runtime id."""


@dataclass(frozen=True)
class Compiled:
    artefact: bytes
    memory: int
    """Bytes of linear memory and tables it has when it starts."""


def compile_module(code: bytes, engine: wasmtime.Engine, host: Host) -> Compiled:
    """Raises `ModuleRejected`, or `CompileFailed` for what might succeed elsewhere."""
    if len(code) > MAX_MODULE_BYTES:
        raise ModuleRejected(f"larger than {MAX_MODULE_BYTES} bytes")
    if not code.startswith(CORE_MODULE):
        raise ModuleRejected("not a WebAssembly core module (version 1)")
    try:
        wasmtime.Module.validate(engine, code)
    except wasmtime.WasmtimeError as error:
        raise ModuleRejected(_first_line(error)) from error
    needs = needs_of(code)
    if needs.tables > MAX_TABLES or needs.table_elements > TABLE_ELEMENTS:
        raise ModuleRejected(f"more than {MAX_TABLES} tables or {TABLE_ELEMENTS} elements in one")
    try:
        module = wasmtime.Module(engine, code)
    except wasmtime.WasmtimeError as error:
        raise CompileFailed(str(error)) from error
    with module:
        _check_links(module, host)
        return Compiled(bytes(module.serialize()), needs.memory)


def _check_links(module: wasmtime.Module, host: Host) -> None:
    starts = [export.type for export in module.exports if export.name == "_start"]
    if not starts or not isinstance(starts[0], wasmtime.FuncType):
        raise ModuleRejected("exports no function _start: build it as a command, not as a library")
    if starts[0].params or starts[0].results:
        raise ModuleRejected("_start must have neither parameters nor results")
    try:
        host.linker.instantiate_pre(module).close()
    except wasmtime.WasmtimeError as error:
        raise ModuleRejected(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # wasmtime puts the general before the particular: "failed to parse", "Caused by:", "...".
    text = ": ".join(line for line in lines if line != "Caused by:")[:1000]
    # It may quote names from the module, and ends up in terminals.
    return "".join(character if character.isprintable() else "?" for character in text)
