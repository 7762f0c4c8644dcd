"""Run compiled modules in this process. Only worker processes, tests and benchmarks do."""

from __future__ import annotations

import ctypes
import gc
import mmap
import time

import wasmtime
from wasmtime import _bindings as bindings

from suanli.engine.errors import HostError
from suanli.engine.guest.rewrite.module import START
from suanli.engine.guest.trace import trace_of
from suanli.engine.guest.wasi.fuel import OutOfFuel
from suanli.engine.guest.wasi.link import GuestCall, Host, exported
from suanli.engine.guest.wasi.tree import QuotaExceeded
from suanli.engine.guest.wasi.world import Exited
from suanli.engine.runtime import CONFIG, ELEMENT_BYTES, MAX_TABLES, TABLE_ELEMENTS
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


def run(
    task: Task, loaded: Loaded, engine: wasmtime.Engine, host: Host, traced: bool = False
) -> Result:
    """With its trace if it is to be `traced`.

    Raises `HostError` for whatever another machine might do otherwise."""
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
        instance, trap = _instance(store, loaded)
        end = trap if instance is None else _run_guest(store, instance, call)
        outcome, code, detail = _judge(end, call)
        fuel = task.limits.fuel
        files = {}
        if outcome is Outcome.EXITED:
            fuel = call.meter.used
            try:
                files = call.world.tree.outputs()
            except QuotaExceeded as quota:
                outcome, code, detail, fuel = Outcome.LIMIT, None, str(quota), task.limits.fuel
        streams = bytes(call.world.stdout.data), bytes(call.world.stderr.data)
        trace = trace_of(instance, call) if traced else b""
        seconds = time.perf_counter() - started
        return Result(outcome, code, *streams, files, fuel, detail, seconds, trace)
    finally:
        host.call = None
        call.close()
        store.close()
        # Directories know their parents; without this, files stay until Python looks for cycles.
        # It is quick, because a worker freezes whatever was there before its first task.
        gc.collect()


def _instance(
    store: wasmtime.Store, loaded: Loaded
) -> tuple[wasmtime.Instance | None, wasmtime.Trap | None]:
    """None and why if its data does not fit into its memory."""
    try:
        instance = loaded.instance.instantiate(store)
    except wasmtime.Trap as trap:
        return None, trap
    except wasmtime.WasmtimeError as error:
        raise HostError(f"can't start a module that is valid: {error}") from error
    _want_huge_pages(store, instance)
    return instance, None


def _run_guest(
    store: wasmtime.Store, instance: wasmtime.Instance, call: GuestCall
) -> BaseException | None:
    """How the guest ended, None if by returning from `_start`."""
    try:
        if not call.start(instance):
            return OutOfFuel()
        for name in (START, "_start"):
            if found := exported(store._context(), instance, name):
                wasmtime.Func._from_raw(found.of.func)(store)
        return None
    except wasmtime.Trap as trap:
        return call.ended or trap
    except wasmtime.WasmtimeError as error:
        if call.ended is not None:
            return call.ended
        raise HostError(f"can't start a module that is valid: {error}") from error


def _judge(end: BaseException | None, call: GuestCall) -> tuple[Outcome, int | None, str]:
    if isinstance(end, wasmtime.Trap | None) and call.exhausted():
        return Outcome.OUT_OF_FUEL, None, ""
    match end:
        case None:
            return Outcome.EXITED, 0, ""
        case Exited():
            return Outcome.EXITED, end.code, ""
        case OutOfFuel():
            return Outcome.OUT_OF_FUEL, None, str(end)
        case QuotaExceeded():
            return Outcome.LIMIT, None, str(end)
        case wasmtime.Trap():
            code = end.trap_code
            name = code.name.lower().replace("_", " ") if code else "uncaught exception"
            return Outcome.TRAPPED, None, name
        case _:
            raise HostError(f"a host function failed: {end!r}") from end


def _reserve(size: int) -> None:
    """Refuse what this host could not give: the guest would see `memory.grow` fail, others not."""
    if size:
        try:
            mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
        except OSError as error:
            raise HostError(f"can't allocate {size} bytes for a task: {error}") from error


_madvise = ctypes.CDLL(None, use_errno=True).madvise
_madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


def _want_huge_pages(store: wasmtime.Store, instance: wasmtime.Instance) -> None:
    """In the guest's memory: first touches then take a sixth of the time, as measured, and loads
    from all over it half. A kernel that has none is as it was."""
    memory = exported(store._context(), instance, "memory")
    if memory is not None:
        found = ctypes.byref(memory.of.memory)
        start = bindings.wasmtime_memory_data(store._context(), found)
        size = int(CONFIG["memory_reservation"])
        _madvise(ctypes.cast(start, ctypes.c_void_p), size, mmap.MADV_HUGEPAGE)
