"""Checked access to a guest's linear memory."""

import struct

from suanli.engine.guest.wasi.abi import Errno, WasiError


class GuestMemory:
    """`view` is the whole linear memory; every access outside it fails with FAULT."""

    def __init__(self) -> None:
        self.view = memoryview(bytearray())

    def check(self, pointer: int, size: int) -> None:
        if pointer + size > len(self.view):
            raise WasiError(Errno.FAULT)

    def read(self, pointer: int, size: int) -> bytes:
        self.check(pointer, size)
        return bytes(self.view[pointer : pointer + size])

    def write(self, pointer: int, content: bytes | memoryview) -> None:
        self.check(pointer, len(content))
        self.view[pointer : pointer + len(content)] = content

    def pack(self, pointer: int, form: struct.Struct, *values: int) -> None:
        self.check(pointer, form.size)
        form.pack_into(self.view, pointer, *values)
