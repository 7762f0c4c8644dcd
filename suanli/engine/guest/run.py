"""Run compiled modules in this process. Only worker processes, tests and benchmarks do."""

from __future__ import annotations

import ctypes
import gc
import mmap
import time

import wasmtime
from wasmtime import _bindings as bindings

from suanli.engine.errors import HostError
from suanli.engine.guest.wasi.fuel import OutOfFuel
from suanli.engine.guest.wasi.link import GuestCall, Host
from suanli.engine.guest.wasi.tree import QuotaExceeded
from suanli.engine.guest.wasi.world import Exited
from suanli.engine.runtime import ELEMENT_BYTES, MAX_TABLES, TABLE_ELEMENTS
from suanli.engine.task import Outcome, Result, Task, memory_objection


class Loaded:
    """A compiled module, ready to start."""

    def __init__(self, artefact: bytes, memory: int, engine: wasmtime.Engine, host: Host) -> None:
        """`artefact` must come from our own compiler: wasmtime trusts it blindly."""
        self.memory = memory
        self._module = wasmtime.Module.deserialize(engine, artefact)
        self.instance = host.linker.instantiate_pre(self._module)

    def close(self) -> None:
        self.instance.close()
        self._module.close()


def run(task: Task, loaded: Loaded, engine: wasmtime.Engine, host: Host) -> Result:
    """Raises `HostError` for whatever another machine might do otherwise."""
    if detail := memory_objection(loaded.memory, task.limits):
        return Result(Outcome.INVALID, None, detail=detail)
    _reserve(task.limits.memory)
    started = time.perf_counter()
    store = wasmtime.Store(engine)
    call = GuestCall(task, store)
    host.call = call
    try:
        elements = min(TABLE_ELEMENTS, task.limits.memory // ELEMENT_BYTES)
        store.set_limits(task.limits.memory, elements, 1, MAX_TABLES, 1)
        store.set_fuel(task.limits.fuel)
        end = _run_guest(store, loaded, call)
        outcome, code, detail = _judge(end, call)
        fuel = task.limits.fuel
        files = {}
        if outcome is Outcome.EXITED:
            fuel -= store.get_fuel()
            try:
                files = call.world.tree.outputs()
            except QuotaExceeded as quota:
                outcome, code, detail, fuel = Outcome.LIMIT, None, str(quota), task.limits.fuel
        streams = bytes(call.world.stdout.data), bytes(call.world.stderr.data)
        seconds = time.perf_counter() - started
        return Result(outcome, code, *streams, files, fuel, detail, seconds)
    finally:
        host.call = None
        call.close()
        store.close()
        # Directories know their parents; without this, files stay until Python looks for cycles.
        # It is quick, because a worker freezes whatever was there before its first task.
        gc.collect()


def _run_guest(store: wasmtime.Store, loaded: Loaded, call: GuestCall) -> BaseException | None:
    """How the guest ended, None if by returning from `_start`."""
    try:
        instance = loaded.instance.instantiate(store)
        _export(store, instance, "_start")(store)
        return None
    except wasmtime.Trap as trap:
        return call.ended or trap
    except wasmtime.WasmtimeError as error:
        if call.ended is not None:
            return call.ended
        raise HostError(f"can't start a module that is valid: {error}") from error


def _judge(end: BaseException | None, call: GuestCall) -> tuple[Outcome, int | None, str]:
    match end:
        case None:
            return Outcome.EXITED, 0, ""
        case Exited():
            return Outcome.EXITED, end.code, ""
        case OutOfFuel():
            return Outcome.OUT_OF_FUEL, None, "in a host call"
        case QuotaExceeded():
            return Outcome.LIMIT, None, str(end)
        case wasmtime.Trap():
            if end.trap_code is wasmtime.TrapCode.OUT_OF_FUEL:
                return Outcome.OUT_OF_FUEL, None, ""
            code = end.trap_code
            return Outcome.TRAPPED, None, code.name.lower().replace("_", " ") if code else "trap"
        case _:
            raise HostError(f"a host function failed: {end!r}") from end


def _export(store: wasmtime.Store, instance: wasmtime.Instance, name: str) -> wasmtime.Func:
    found = bindings.wasmtime_extern_t()
    bindings.wasmtime_instance_export_get(
        store._context(),
        ctypes.byref(instance._instance),
        ctypes.create_string_buffer(name.encode()),
        len(name),
        ctypes.byref(found),
    )
    return wasmtime.Func._from_raw(found.of.func)


def _reserve(size: int) -> None:
    """Refuse what this host could not give: the guest would see `memory.grow` fail, others not."""
    if size:
        try:
            mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        except OSError as error:
            raise HostError(f"can't allocate {size} bytes for a task: {error}") from error
