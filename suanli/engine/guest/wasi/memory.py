"""Checked access to a guest's linear memory."""

import struct
from collections.abc import Callable

from suanli.engine.guest.wasi.abi import Errno, WasiError


class GuestMemory:
    """`view` is the linear memory as it was when last looked at; every access outside it fails
    with FAULT.

    Memory grows and never moves or shrinks, so `look`, which returns it as it is now, is called
    only for what lies outside the view.
    """

    def __init__(self, look: Callable[[], memoryview] | None = None) -> None:
        self.view = memoryview(bytearray())
        self._look = look

    def check(self, pointer: int, size: int) -> None:
        if pointer + size > len(self.view):
            if self._look is not None:
                self.view = self._look()
            if pointer + size > len(self.view):
                raise WasiError(Errno.FAULT)

    def read(self, pointer: int, size: int) -> bytes:
        self.check(pointer, size)
        return self.view[pointer : pointer + size].tobytes()

    def write(self, pointer: int, content: bytes | memoryview) -> None:
        self.check(pointer, len(content))
        self.view[pointer : pointer + len(content)] = content

    def pack(self, pointer: int, form: struct.Struct, *values: int) -> None:
        self.check(pointer, form.size)
        form.pack_into(self.view, pointer, *values)
