"""The host functions in wasmtime's terms: one linker for a whole process, one task at a time.

wasmtime-py's own wrappers make a closure per function and store, cost about ten times as much a
call, and leak if a reference stays; so these are 46 C callbacks, made once, which find the
current task in the `Host`. Private names of wasmtime-py are safe to use: its version is pinned.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable

import wasmtime
from wasmtime import FuncType, Linker, Store, ValType
from wasmtime import _bindings as bindings
from wasmtime._ffi import dll

from suanli.engine.guest.rewrite.module import FUEL
from suanli.engine.guest.wasi.abi import WasiError
from suanli.engine.guest.wasi.calls import CALLS, Calls
from suanli.engine.guest.wasi.fuel import FuelPrice, Meter
from suanli.engine.guest.wasi.memory import GuestMemory
from suanli.engine.guest.wasi.world import World
from suanli.engine.task import Task

MODULE = "wasi_snapshot_preview1"

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t
)
# Our own functions of wasmtime's library: those of its bindings convert each argument anew.
_get_global, _set_global = dll["wasmtime_global_get"], dll["wasmtime_global_set"]
_get_global.argtypes, _get_global.restype = [ctypes.c_void_p] * 3, None
_set_global.argtypes, _set_global.restype = [ctypes.c_void_p] * 3, ctypes.c_void_p
_I64 = 1  # WASMTIME_I64 in wasmtime's val.h
_EXTERN_GLOBAL, _EXTERN_MEMORY = 1, 3  # WASMTIME_EXTERN_... in its extern.h
_NO_FINALIZER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)()
_SLOT = 16  # bytes of a wasmtime_val_raw_t
_NAMES = {"i": "i32", "I": "i64", "s": "i64"}
_FORMS = {"i": "I12x", "I": "Q8x", "s": "q8x"}
_TYPES = {"i": ValType.i32, "I": ValType.i64, "s": ValType.i64}


def _results(name: str) -> tuple[str, ...]:
    return () if name == "proc_exit" else ("i32",)


SIGNATURES = {
    (MODULE, name): (tuple(_NAMES[letter] for letter in types), _results(name))
    for name, (types, _) in CALLS.items()
}
"""Types of parameters and results of all that a module can import."""


class GuestCall:
    """One task while its guest runs: where host functions find their world."""

    def __init__(self, task: Task, store: Store) -> None:
        self.meter = Meter(task.limits.fuel)
        self.world = World(task, self.meter)
        self.memory = GuestMemory(self._look)
        self.calls = Calls(self.memory, self.world, self.meter)
        self.ended: BaseException | None = None
        self.context = store._context()
        self._context_address = ctypes.cast(self.context, ctypes.c_void_p).value
        self._memory: bindings.wasmtime_memory_t | None = None
        self._global: bindings.wasmtime_global_t | None = None
        self._global_address = 0
        self._value = bindings.wasmtime_val_t(kind=_I64)
        self._value_address = ctypes.addressof(self._value)
        self._fuel = ctypes.c_int64.from_address(
            self._value_address + bindings.wasmtime_val_t.of.offset
        )

    def start(self, instance: wasmtime.Instance) -> bool:
        """Give an instance its fuel, less what its start costs, if there is enough."""
        found = exported(self.context, instance, FUEL)
        assert found is not None
        assert int(found.kind) == _EXTERN_GLOBAL
        self._global = found.of.global_
        self._global_address = ctypes.addressof(self._global)
        self.load_fuel()
        self.meter.left += self.meter.limit
        self.store_fuel()
        return self.meter.left >= 0

    def exhausted(self) -> bool:
        """Whether the guest, which has ended, used more than it had."""
        if self._global is None:
            return False
        self.load_fuel()
        return self.meter.left < 0

    def load_fuel(self) -> None:
        """Fuel left, below zero if it ran out."""
        _get_global(self._context_address, self._global_address, self._value_address)
        self.meter.left = self._fuel.value

    def store_fuel(self) -> None:
        self._fuel.value = self.meter.left
        _set_global(self._context_address, self._global_address, self._value_address)

    def find_memory(self, caller: int) -> None:
        """Once, in the first call."""
        if self._memory is None:
            self._memory = _exported_memory(caller)

    def linear(self, instance: wasmtime.Instance, name: str) -> memoryview:
        """The memory that an instance exports under a name; empty if it exports none."""
        found = exported(self.context, instance, name)
        return self._view(found.of.memory if found else None)

    def _look(self) -> memoryview:
        return self._view(self._memory)

    def _view(self, memory: bindings.wasmtime_memory_t | None) -> memoryview:
        if memory is None:
            return memoryview(b"")
        size = bindings.wasmtime_memory_data_size(self.context, ctypes.byref(memory))
        start = bindings.wasmtime_memory_data(self.context, ctypes.byref(memory))
        return _view(ctypes.cast(start, ctypes.c_void_p).value or 0, size)

    def close(self) -> None:
        """Let go of the guest's memory, and of the traceback that would keep all of this."""
        self.memory.view = memoryview(b"")
        if self.ended is not None:
            self.ended.__traceback__ = None
            self.ended = None


class Host:
    """The linker with all of WASI, for modules of one engine."""

    def __init__(self, engine: wasmtime.Engine) -> None:
        self.call: GuestCall | None = None
        self.linker = Linker(engine)
        self._callbacks = [self._define(name) for name in CALLS]

    def _define(self, name: str) -> object:
        types, function = CALLS[name]
        results = [ValType.i32() for _ in _results(name)]
        signature = FuncType([_TYPES[t]() for t in types], results)
        callback = _Callback(self._callback(types, function))
        error = bindings.wasmtime_linker_define_func_unchecked(
            self.linker.ptr(),
            ctypes.create_string_buffer(MODULE.encode()),
            len(MODULE),
            ctypes.create_string_buffer(name.encode()),
            len(name),
            signature.ptr(),
            ctypes.cast(callback, bindings.wasmtime_func_unchecked_callback_t),
            None,
            _NO_FINALIZER,
        )
        if error:
            raise wasmtime.WasmtimeError._from_ptr(error)
        return callback

    def _callback(
        self, types: str, function: Callable[..., None]
    ) -> Callable[[int, int, int, int], int | None]:
        unpack = struct.Struct("<" + "".join(_FORMS[t] for t in types)).unpack_from
        # The slots of the arguments, of which the first then takes the result.
        slots = (ctypes.c_char * (_SLOT * max(1, len(types)))).from_address
        answer = struct.Struct("<i").pack_into
        price = int(FuelPrice.CALL)

        def run(_environment: int, caller: int, values: int, _count: int) -> int | None:
            call = self.call
            assert call is not None
            try:
                call.load_fuel()
                call.find_memory(caller)
                arguments = slots(values)
                errno = 0
                try:
                    call.meter.charge(price)
                    function(call.calls, *unpack(arguments))
                except WasiError as error:
                    errno = error.errno
                finally:
                    call.store_fuel()
                answer(arguments, 0, errno)
                return None
            except BaseException as error:
                # Unwinding through the guest is a trap; why is remembered here.
                call.ended = error
                return _trap()

        return run


def exported(
    context: object, instance: wasmtime.Instance, name: str
) -> bindings.wasmtime_extern_t | None:
    """What an instance exports under a name."""
    found = bindings.wasmtime_extern_t()
    ok = bindings.wasmtime_instance_export_get(
        context,
        ctypes.byref(instance._instance),
        ctypes.create_string_buffer(name.encode()),
        len(name),
        ctypes.byref(found),
    )
    return found if ok else None


def _exported_memory(caller: int) -> bindings.wasmtime_memory_t | None:
    """The guest's export "memory"; without one, every pointer it passes is a fault."""
    found = bindings.wasmtime_extern_t()
    pointer = ctypes.cast(caller, ctypes.POINTER(bindings.wasmtime_caller_t))
    name = ctypes.create_string_buffer(b"memory")
    ok = bindings.wasmtime_caller_export_get(pointer, name, 6, ctypes.byref(found))
    if not ok or int(found.kind) != _EXTERN_MEMORY:
        return None
    memory: bindings.wasmtime_memory_t = found.of.memory
    return memory


def _trap() -> int | None:
    trap = bindings.wasmtime_trap_new(ctypes.create_string_buffer(b"host"), 4)
    return ctypes.cast(trap, ctypes.c_void_p).value


_view_of_memory = ctypes.pythonapi.PyMemoryView_FromMemory
_view_of_memory.restype = ctypes.py_object
_view_of_memory.argtypes = [ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int]
_WRITABLE = 0x200


def _view(address: int, size: int) -> memoryview:
    view: memoryview = _view_of_memory(address, size, _WRITABLE)
    return view
