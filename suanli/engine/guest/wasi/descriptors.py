"""Open descriptors: what a guest's small integers stand for."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from suanli.engine.guest.wasi.abi import Errno, FdFlags, FileType, Rights, WasiError
from suanli.engine.guest.wasi.nodes import Directory, Entry, File, Times
from suanli.engine.guest.wasi.tree import QuotaExceeded

MAX_DESCRIPTORS = 1024
NO_RIGHTS = Rights(0)
NO_FLAGS = FdFlags(0)


@dataclass(eq=False)
class Stream:
    """Standard input, or an output that grows up to its limit."""

    name: str
    data: bytes | bytearray
    times: Times
    limit: int = 0
    kind = FileType.UNKNOWN
    inode = 0

    def append(self, content: bytes) -> None:
        assert isinstance(self.data, bytearray)
        if len(self.data) + len(content) > self.limit:
            raise QuotaExceeded(self.name)
        self.data += content


@dataclass(eq=False)
class Descriptor:
    target: File | Directory | Stream
    rights: Rights
    inheriting: Rights
    flags: FdFlags = NO_FLAGS
    offset: int = 0
    preopen: bytes | None = None
    listing: list[tuple[bytes, Entry]] | None = None
    """A directory's entries as they were when reading it last began at its start."""


class Descriptors:
    """The table; the lowest free number is given out first."""

    def __init__(self) -> None:
        self._open: dict[int, Descriptor] = {}
        # A heap of what was closed; all other numbers up to the highest are open.
        self._free: list[int] = []

    def get(self, fd: int, rights: Rights = NO_RIGHTS) -> Descriptor:
        """Raises `WasiError`: BADF if not open, NOTCAPABLE without all of `rights`."""
        found = self._open.get(fd)
        if found is None:
            raise WasiError(Errno.BADF)
        if rights & ~found.rights:
            raise WasiError(Errno.NOTCAPABLE)
        return found

    def check_room(self) -> None:
        """Raises `WasiError`: MFILE if no more can be opened."""
        if len(self._open) >= MAX_DESCRIPTORS:
            raise WasiError(Errno.MFILE)

    def add(self, descriptor: Descriptor) -> int:
        self.check_room()
        fd = heapq.heappop(self._free) if self._free else len(self._open)
        self._open[fd] = descriptor
        return fd

    def remove(self, fd: int) -> Descriptor:
        descriptor = self.get(fd)
        del self._open[fd]
        heapq.heappush(self._free, fd)
        return descriptor

    def replace(self, fd: int, descriptor: Descriptor) -> None:
        """`fd` must be open."""
        self._open[fd] = descriptor
