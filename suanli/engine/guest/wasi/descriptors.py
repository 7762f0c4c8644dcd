"""Open descriptors: what a guest's small integers stand for."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass
from operator import itemgetter

from suanli.engine.guest.wasi.abi import Errno, FileType, WasiError
from suanli.engine.guest.wasi.nodes import Device, Directory, File, Times
from suanli.engine.guest.wasi.tree import QuotaExceeded

MAX_DESCRIPTORS = 1024
_LISTED = 1 << 16


@dataclass(eq=False)
class Stream:
    """Standard input, or an output that grows up to its limit."""

    name: str
    data: bytes | bytearray
    times: Times
    limit: int = 0
    kind = FileType.UNKNOWN
    inode = 0

    def append(self, parts: list[memoryview], size: int) -> None:
        """Add `parts`, of `size` bytes together. Raises `QuotaExceeded`."""
        assert isinstance(self.data, bytearray)
        if len(self.data) + size > self.limit:
            raise QuotaExceeded(self.name)
        for part in parts:
            self.data += part


@dataclass(eq=False)
class Descriptor:
    target: File | Directory | Device | Stream
    rights: int
    inheriting: int
    flags: int = 0
    offset: int = 0
    preopen: bytes | None = None


class Descriptors:
    """The table; the lowest free number is given out first."""

    def __init__(self) -> None:
        self._open: dict[int, Descriptor] = {}
        # A heap of what was closed; all other numbers up to the highest are open.
        self._free: list[int] = []

    def all(self) -> list[tuple[int, Descriptor]]:
        """Those that are open, by their numbers."""
        return sorted(self._open.items(), key=itemgetter(0))

    def get(self, fd: int, rights: int = 0) -> Descriptor:
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


class Listings:
    """The names in directories as they were when each was last read from its start.

    Together they are bounded: who reads many large directories at once finds those not read for
    the longest time forgotten, and reads on in the directory as it is then.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Descriptor, list[bytes]] = OrderedDict()
        self._names = 0

    def get(self, of: Descriptor) -> list[bytes] | None:
        if of in self._kept:
            self._kept.move_to_end(of)
        return self._kept.get(of)

    def keep(self, of: Descriptor, names: list[bytes]) -> None:
        self.drop(of)
        self._kept[of] = names
        self._names += len(names)
        while self._names > _LISTED and len(self._kept) > 1:
            self.drop(next(iter(self._kept)))

    def drop(self, of: Descriptor) -> None:
        self._names -= len(self._kept.pop(of, ()))
