"""What a leased program does with a GPU, by the driver's library alone; run in a room.

`devices` counts them, `add` has a kernel add numbers, `hold BYTES` fills memory and waits, `search
BYTES` looks for what another left in memory, `work KERNELS` runs so many.
"""

from __future__ import annotations

import ctypes
import json
import sys
import time
from array import array

NUMBERS = 1 << 20
MARK = 0xA55AC33C
PTX = b"""
.version 7.0
.target sm_52
.address_size 64
.visible .entry add(.param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n)
{
    .reg .pred %p<2>;
    .reg .b32 %r<9>;
    .reg .b64 %d<11>;
    ld.param.u64 %d1, [a];
    ld.param.u64 %d2, [b];
    ld.param.u64 %d3, [c];
    ld.param.u32 %r1, [n];
    mov.u32 %r2, %ctaid.x;
    mov.u32 %r3, %ntid.x;
    mov.u32 %r4, %tid.x;
    mad.lo.s32 %r5, %r2, %r3, %r4;
    setp.ge.u32 %p1, %r5, %r1;
    @%p1 bra DONE;
    mul.wide.u32 %d4, %r5, 4;
    add.u64 %d5, %d1, %d4;
    add.u64 %d6, %d2, %d4;
    add.u64 %d7, %d3, %d4;
    ld.global.u32 %r6, [%d5];
    ld.global.u32 %r7, [%d6];
    add.u32 %r8, %r6, %r7;
    st.global.u32 [%d7], %r8;
DONE:
    ret;
}
"""


class Cuda:
    """The driver's library, with a context on the first GPU."""

    def __init__(self, *, context: bool = True) -> None:
        self.library = ctypes.CDLL("libcuda.so.1")
        self.do("cuInit", ctypes.c_uint(0))
        self.device = ctypes.c_int()
        if context:
            self.do("cuDeviceGet", ctypes.byref(self.device), 0)
            handle = ctypes.c_void_p()
            self.do("cuDevicePrimaryCtxRetain", ctypes.byref(handle), self.device)
            self.do("cuCtxSetCurrent", handle)

    def do(self, name: str, *values: object) -> None:
        if code := getattr(self.library, name)(*values):
            raise OSError(f"{name}: error {code}")

    def count(self) -> int:
        found = ctypes.c_int()
        self.do("cuDeviceGetCount", ctypes.byref(found))
        return found.value

    def name(self) -> str:
        text = ctypes.create_string_buffer(200)
        self.do("cuDeviceGetName", text, 200, self.device)
        return text.value.decode()

    def memory(self, size: int) -> ctypes.c_uint64:
        found = ctypes.c_uint64()
        self.do("cuMemAlloc_v2", ctypes.byref(found), ctypes.c_size_t(size))
        return found

    def adder(self) -> ctypes.c_void_p:
        module, function = ctypes.c_void_p(), ctypes.c_void_p()
        self.do("cuModuleLoadData", ctypes.byref(module), PTX)
        self.do("cuModuleGetFunction", ctypes.byref(function), module, b"add")
        return function

    def launch(self, function: ctypes.c_void_p, *places: ctypes.c_uint64) -> None:
        values = (*places, ctypes.c_uint(NUMBERS))
        given = (ctypes.c_void_p * 4)(*(ctypes.addressof(value) for value in values))
        blocks = ((NUMBERS + 255) // 256, 1, 1, 256, 1, 1)
        self.do("cuLaunchKernel", function, *blocks, 0, None, given, None)


def devices() -> dict[str, object]:
    try:
        return {"count": Cuda(context=False).count(), "why": ""}
    except OSError as error:
        return {"count": 0, "why": str(error)}


def add() -> dict[str, object]:
    cuda = Cuda()
    left, right = array("I", range(NUMBERS)), array("I", range(7, 7 + NUMBERS))
    places = [cuda.memory(4 * NUMBERS) for _ in range(3)]
    for place, numbers in zip(places, (left, right), strict=False):
        cuda.do("cuMemcpyHtoD_v2", place, numbers.tobytes(), ctypes.c_size_t(4 * NUMBERS))
    cuda.launch(cuda.adder(), *places)
    got = ctypes.create_string_buffer(4 * NUMBERS)
    cuda.do("cuMemcpyDtoH_v2", got, places[2], ctypes.c_size_t(4 * NUMBERS))
    right_sums = array("I", got.raw) == array("I", range(7, 7 + 2 * NUMBERS, 2))
    return {"model": cuda.name(), "count": cuda.count(), "numbers": NUMBERS, "right": right_sums}


def hold(size: int) -> None:
    cuda = Cuda()
    place = cuda.memory(size)
    cuda.do("cuMemsetD32_v2", place, ctypes.c_uint(MARK), ctypes.c_size_t(size // 4))
    cuda.do("cuCtxSynchronize")
    print(json.dumps({"held": size}), flush=True)
    time.sleep(600)


def search(size: int) -> dict[str, object]:
    cuda = Cuda()
    place, step = cuda.memory(size), 64 << 20
    mark, marked, filled = MARK.to_bytes(4, "little") * 4, 0, 0
    piece, zeros = ctypes.create_string_buffer(step), bytes(step)
    for offset in range(0, size, step):
        here = ctypes.c_uint64(place.value + offset)
        cuda.do("cuMemcpyDtoH_v2", piece, here, ctypes.c_size_t(step))
        if (raw := piece.raw) != zeros:
            filled += 1
            marked += mark in raw
    return {"pieces": size // step, "marked": marked, "not zero": filled}


def work(kernels: int) -> dict[str, object]:
    cuda = Cuda()
    places, adder = [cuda.memory(4 * NUMBERS) for _ in range(3)], cuda.adder()
    print(json.dumps({"begun": True}), flush=True)
    for _ in range(0, kernels, 100):
        for _ in range(100):
            cuda.launch(adder, *places)
        cuda.do("cuCtxSynchronize")
    return {"kernels": kernels}


def main() -> None:
    what, *numbers = sys.argv[1:]
    acts = {"devices": devices, "add": add, "hold": hold, "search": search, "work": work}
    print(json.dumps(acts[what](*map(int, numbers))), flush=True)


main()
