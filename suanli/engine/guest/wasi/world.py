"""The calls of WASI preview 1 on plain values: one task's whole world outside its memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from suanli.engine.guest.wasi import abi
from suanli.engine.guest.wasi.abi import Errno, FdFlags, OpenFlags, Rights, WasiError
from suanli.engine.guest.wasi.clock import EPOCH_NS, Clock
from suanli.engine.guest.wasi.descriptors import (
    Descriptor,
    Descriptors,
    Listings,
    Stream,
)
from suanli.engine.guest.wasi.fuel import FuelPrice, Meter
from suanli.engine.guest.wasi.nodes import (
    Device,
    Directory,
    Entry,
    File,
    NodePlace,
    Stat,
    Symlink,
    Times,
    stat_of,
)
from suanli.engine.guest.wasi.poll import PollEvent, Subscription, poll
from suanli.engine.guest.wasi.system import furnish
from suanli.engine.guest.wasi.tree import FileTree, names_in
from suanli.engine.task import Task

_MAX_FILE = 1 << 40
"""Offsets above this are refused with FBIG, far above any `file_bytes`."""

_RANDOM_PART = 1 << 16
_BYTE = int(FuelPrice.BYTE)


class Exited(Exception):
    """The guest called `proc_exit`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class World:
    """Everything a guest can see or change, apart from its memory.

    Methods raise `WasiError` with the errno for the guest,
    `QuotaExceeded`, `OutOfFuel` or `Exited` to end the task.
    """

    def __init__(self, task: Task, meter: Meter) -> None:
        self.args = [b"task", *(argument.encode() for argument in task.args)]
        self.env = [f"{name}={value}".encode() for name, value in task.env.items()]
        self._task, self._meter = task, meter
        self.clock = Clock(meter)
        self._entropy = b""
        self.draws = 0
        limits = task.limits
        stdin = Stream("stdin", task.stdin, _begun())
        self.stdout = Stream("stdout_bytes", bytearray(), _begun(), limits.stdout_bytes)
        self.stderr = Stream("stderr_bytes", bytearray(), _begun(), limits.stderr_bytes)
        quotas = limits.files, limits.file_bytes
        self.tree = FileTree(task.inputs, task.dirs, *quotas, meter.charge, self.clock.wall)
        furnish(self.tree, self._random_part, self._zeros)
        self.descriptors = Descriptors()
        self._listings = Listings()
        self.descriptors.add(Descriptor(stdin, abi.STREAM_RIGHTS & ~Rights.FD_WRITE, 0))
        for output in (self.stdout, self.stderr):
            self.descriptors.add(Descriptor(output, abi.STREAM_RIGHTS & ~Rights.FD_READ, 0))
        root = Descriptor(self.tree.root, abi.DIRECTORY_RIGHTS, abi.ALL_RIGHTS, preopen=b"/")
        self.descriptors.add(root)

    # Random bytes, waiting, ending

    def random(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes in parts, from the task's entropy and how many parts there were."""
        self._meter.charge(size * FuelPrice.RANDOM_BYTE)
        if not self._entropy:
            self._entropy = self._task.entropy()
        for done in range(0, size, _RANDOM_PART):
            self.draws += 1
            draw = hashlib.shake_256(self._entropy + self.draws.to_bytes(8, "little"))
            yield draw.digest(min(_RANDOM_PART, size - done))

    def _random_part(self, size: int) -> bytes:
        return next(self.random(min(size, _RANDOM_PART)), b"")

    def _zeros(self, size: int) -> bytes:
        return bytes(min(size, _RANDOM_PART))

    def poll(self, subscriptions: list[Subscription]) -> list[PollEvent]:
        return poll(subscriptions, self.clock, self.descriptors)

    def exit(self, code: int) -> None:
        raise Exited(code)

    # Descriptors

    def close(self, fd: int) -> None:
        self._closed(self.descriptors.remove(fd))

    def _closed(self, descriptor: Descriptor) -> None:
        self._listings.drop(descriptor)
        if isinstance(descriptor.target, File):
            descriptor.target.opens -= 1
            self.tree.release(descriptor.target)

    def renumber(self, fd: int, to: int) -> None:
        self.descriptors.get(fd)
        old = self.descriptors.get(to)
        if fd != to:
            self.descriptors.replace(to, self.descriptors.remove(fd))
            self._closed(old)

    def descriptor(self, fd: int) -> Descriptor:
        return self.descriptors.get(fd)

    def set_flags(self, fd: int, flags: int) -> None:
        self.descriptors.get(fd, Rights.FD_FDSTAT_SET_FLAGS).flags = _flags(flags)

    def set_rights(self, fd: int, base: int, inheriting: int) -> None:
        found = self.descriptors.get(fd)
        if base & ~found.rights or inheriting & ~found.inheriting:
            raise WasiError(Errno.NOTCAPABLE)
        found.rights, found.inheriting = base, inheriting

    def preopen(self, fd: int) -> bytes:
        name = self.descriptors.get(fd).preopen
        if name is None:
            raise WasiError(Errno.BADF)
        return name

    def stat(self, fd: int) -> Stat:
        target = self.descriptors.get(fd, Rights.FD_FILESTAT_GET).target
        if isinstance(target, Stream):
            return Stat(0, target.kind, 1, 0, target.times)
        return stat_of(target)

    def set_times(self, fd: int, accessed: int, modified: int, flags: int) -> None:
        target = self.descriptors.get(fd, Rights.FD_FILESTAT_SET_TIMES).target
        target.times.set(accessed, modified, flags, self.clock.wall())

    def check(self, fd: int, rights: int) -> None:
        """For calls that change nothing here: raises `WasiError` where they would fail."""
        self.descriptors.get(fd, rights)

    # Contents

    def read(self, fd: int, size: int) -> memoryview:
        found = self.descriptors.get(fd, Rights.FD_READ)
        content = self._at(found, found.offset, size)
        found.offset += len(content)
        return content

    def pread(self, fd: int, size: int, offset: int) -> memoryview:
        found = self.descriptors.get(fd, Rights.FD_READ | Rights.FD_SEEK)
        return self._at(found, offset, size)

    def _at(self, found: Descriptor, offset: int, size: int) -> memoryview:
        target = found.target
        if isinstance(target, Directory):
            raise WasiError(Errno.ISDIR)
        target.times.accessed = self.clock.wall()
        if isinstance(target, Device):
            content = memoryview(target.read(size))
        else:
            content = memoryview(target.data)[offset : offset + size]
        self._meter.charge(len(content) * _BYTE)
        return content

    def write(self, fd: int, parts: list[memoryview], size: int) -> int:
        found = self.descriptors.get(fd, Rights.FD_WRITE)
        if isinstance(found.target, Stream):
            found.target.append(parts, size)
            return size
        if isinstance(found.target, Device):
            return size
        file = _file(found)
        if found.flags & FdFlags.APPEND:
            found.offset = len(file.data)
        _check_size(found.offset + size)
        self.tree.write(file, found.offset, parts, size)
        found.offset += size
        return size

    def pwrite(self, fd: int, parts: list[memoryview], size: int, offset: int) -> int:
        found = self.descriptors.get(fd, Rights.FD_WRITE | Rights.FD_SEEK)
        if isinstance(found.target, Device):
            return size
        file = _file(found)
        _check_size(offset + size)
        self.tree.write(file, offset, parts, size)
        return size

    def allocate(self, fd: int, offset: int, size: int) -> None:
        file = _file(self.descriptors.get(fd, Rights.FD_ALLOCATE))
        if size == 0:
            raise WasiError(Errno.INVAL)
        _check_size(offset + size)
        if offset + size > len(file.data):
            self.tree.resize(file, offset + size)

    def set_size(self, fd: int, size: int) -> None:
        file = _file(self.descriptors.get(fd, Rights.FD_FILESTAT_SET_SIZE))
        _check_size(size)
        self.tree.resize(file, size)

    def seek(self, fd: int, delta: int, whence: int) -> int:
        found = self.descriptors.get(fd)
        if isinstance(found.target, Stream):
            raise WasiError(Errno.SPIPE)
        if isinstance(found.target, Device):
            return 0
        # Asking where one is needs less than going elsewhere.
        asking = whence == abi.WHENCE_CUR and delta == 0
        self.descriptors.get(fd, Rights.FD_TELL if asking else Rights.FD_SEEK)
        file = _file(found)
        starts = {
            abi.WHENCE_SET: 0,
            abi.WHENCE_CUR: found.offset,
            abi.WHENCE_END: len(file.data),
        }
        if whence not in starts or starts[whence] + delta < 0:
            raise WasiError(Errno.INVAL)
        _check_size(starts[whence] + delta)
        found.offset = starts[whence] + delta
        return found.offset

    # Directories and paths

    def list(self, fd: int, start: int) -> Iterator[tuple[int, bytes, Entry]]:
        """From number `start` on: the next one's number, name and entry, sorted by name after "."
        and "..".

        The names are read anew when `start` is 0; those that are gone since are left out.
        """
        found = self.descriptors.get(fd, Rights.FD_READDIR)
        directory = _directory(found)
        names = self._listings.get(found) if start else None
        if names is None:
            self._meter.charge(len(directory.entries) * FuelPrice.ENTRY)
            directory.times.accessed = self.clock.wall()
            names = names_in(directory)
            self._listings.keep(found, names)
        for number in range(start, len(names)):
            self._meter.charge(FuelPrice.ENTRY)
            node = _listed(directory, names[number])
            if node is not None:
                yield number + 1, names[number], node

    def open(
        self, fd: int, follow: bool, path: bytes, how: int, base: int, inheriting: int, flags: int
    ) -> int:
        parent = self.descriptors.get(fd, Rights.PATH_OPEN)
        oflags = OpenFlags(how & 15)
        if how > 15:
            raise WasiError(Errno.INVAL)
        fdflags = _flags(flags)
        if (base | inheriting) & ~parent.inheriting:
            raise WasiError(Errno.NOTCAPABLE)
        if oflags & OpenFlags.CREAT:
            self.descriptors.get(fd, Rights.PATH_CREATE_FILE)
        if oflags & OpenFlags.TRUNC:
            self.descriptors.get(fd, Rights.PATH_FILESTAT_SET_SIZE)
        self.descriptors.check_room()
        exclusive = OpenFlags.CREAT | OpenFlags.EXCL
        place = self._place(parent, path, follow and oflags & exclusive != exclusive)
        target = self._opened(place, oflags, bool(base & Rights.FD_WRITE))
        own = abi.DIRECTORY_RIGHTS if isinstance(target, Directory) else abi.FILE_RIGHTS
        new = self.descriptors.add(Descriptor(target, base & own, inheriting, fdflags))
        if isinstance(target, File):
            target.opens += 1
            if oflags & OpenFlags.TRUNC:
                self.tree.resize(target, 0)
        return new

    def _opened(
        self, place: NodePlace, oflags: OpenFlags, writing: bool
    ) -> File | Directory | Device:
        node = place.node
        if node is None:
            if not oflags & OpenFlags.CREAT:
                raise WasiError(Errno.NOENT)
            if oflags & OpenFlags.DIRECTORY:
                raise WasiError(Errno.INVAL)
            return self.tree.create_file(place)
        if oflags & OpenFlags.CREAT and oflags & OpenFlags.EXCL:
            raise WasiError(Errno.EXIST)
        if isinstance(node, Symlink):
            raise WasiError(Errno.LOOP)
        if isinstance(node, File | Device):
            if oflags & OpenFlags.DIRECTORY:
                raise WasiError(Errno.NOTDIR)
        elif writing or oflags & (OpenFlags.CREAT | OpenFlags.TRUNC):
            raise WasiError(Errno.ISDIR)
        return node

    def path_stat(self, fd: int, follow: bool, path: bytes) -> Stat:
        return stat_of(self._node(fd, Rights.PATH_FILESTAT_GET, follow, path))

    def path_set_times(
        self, fd: int, follow: bool, path: bytes, accessed: int, modified: int, flags: int
    ) -> None:
        node = self._node(fd, Rights.PATH_FILESTAT_SET_TIMES, follow, path)
        node.times.set(accessed, modified, flags, self.clock.wall())

    def create_directory(self, fd: int, path: bytes) -> None:
        self.tree.create_directory(self._at_path(fd, Rights.PATH_CREATE_DIRECTORY, path))

    def remove_directory(self, fd: int, path: bytes) -> None:
        self.tree.remove_directory(self._at_path(fd, Rights.PATH_REMOVE_DIRECTORY, path))

    def unlink(self, fd: int, path: bytes) -> None:
        self.tree.unlink(self._at_path(fd, Rights.PATH_UNLINK_FILE, path))

    def rename(self, fd: int, old: bytes, new_fd: int, new: bytes) -> None:
        source = self._at_path(fd, Rights.PATH_RENAME_SOURCE, old)
        self.tree.rename(source, self._at_path(new_fd, Rights.PATH_RENAME_TARGET, new))

    def link(self, fd: int, follow: bool, old: bytes, new_fd: int, new: bytes) -> None:
        source = self._node(fd, Rights.PATH_LINK_SOURCE, follow, old)
        self.tree.link(source, self._at_path(new_fd, Rights.PATH_LINK_TARGET, new))

    def symlink(self, target: bytes, fd: int, path: bytes) -> None:
        self.tree.create_symlink(target, self._at_path(fd, Rights.PATH_SYMLINK, path))

    def readlink(self, fd: int, path: bytes) -> bytes:
        node = self._node(fd, Rights.PATH_READLINK, False, path)
        if not isinstance(node, Symlink):
            raise WasiError(Errno.INVAL)
        node.times.accessed = self.clock.wall()
        return node.target

    def _node(self, fd: int, rights: int, follow: bool, path: bytes) -> Entry:
        node = self._at_path(fd, rights, path, follow).node
        if node is None:
            raise WasiError(Errno.NOENT)
        return node

    def _at_path(self, fd: int, rights: int, path: bytes, follow: bool = False) -> NodePlace:
        return self._place(self.descriptors.get(fd, rights), path, follow)

    def _place(self, found: Descriptor, path: bytes, follow: bool) -> NodePlace:
        return self.tree.resolve(_directory(found), path, follow, FuelPrice.PATH_BYTE)

    def outputs(self) -> Mapping[str, bytes]:
        return self.tree.outputs()


def _begun() -> Times:
    return Times(EPOCH_NS, EPOCH_NS, EPOCH_NS)


def _listed(directory: Directory, name: bytes) -> Entry | None:
    if name == b".":
        return directory
    if name == b"..":
        return directory.parent or directory
    return directory.entries.get(name)


def _file(found: Descriptor) -> File:
    match found.target:
        case File():
            return found.target
        case Directory():
            raise WasiError(Errno.ISDIR)
        case Device():
            raise WasiError(Errno.INVAL)
        case _:
            raise WasiError(Errno.SPIPE)


def _directory(found: Descriptor) -> Directory:
    if not isinstance(found.target, Directory):
        raise WasiError(Errno.NOTDIR)
    return found.target


def _flags(flags: int) -> int:
    if flags > 31:
        raise WasiError(Errno.INVAL)
    return flags


def _check_size(size: int) -> None:
    if size > _MAX_FILE:
        raise WasiError(Errno.FBIG)
