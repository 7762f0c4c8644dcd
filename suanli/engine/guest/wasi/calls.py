"""The 46 functions of `wasi_snapshot_preview1` as a guest calls them: pointers and numbers.

Layouts are those of `wasi_snapshot_preview1.witx`. `CALLS` names each function with its
parameter types: "i" u32, "I" u64, "s" s64. All return an errno but `proc_exit`, which does not
return.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from suanli.engine.guest.wasi import abi
from suanli.engine.guest.wasi.abi import Errno, Rights, WasiError
from suanli.engine.guest.wasi.descriptors import MAX_DESCRIPTORS
from suanli.engine.guest.wasi.fuel import FuelPrice, Meter
from suanli.engine.guest.wasi.memory import GuestMemory
from suanli.engine.guest.wasi.nodes import Stat
from suanli.engine.guest.wasi.poll import Subscription
from suanli.engine.guest.wasi.tree import MAX_PATH
from suanli.engine.guest.wasi.world import World

U32 = struct.Struct("<I")
U64 = struct.Struct("<Q")
IOVEC = struct.Struct("<II")
FDSTAT = struct.Struct("<BxHxxxxQQ")
FILESTAT = struct.Struct("<QQB7xQQQQQ")
PRESTAT = struct.Struct("<BxxxI")
DIRENT = struct.Struct("<QQIBxxx")
SUBSCRIPTION = struct.Struct("<QB7xI4xQQH6x")
EVENT = struct.Struct("<QHB5xQH6x")

MAX_BUFFERS = 1024
MAX_SUBSCRIPTIONS = 4 * MAX_DESCRIPTORS
_U32_MAX = (1 << 32) - 1
_BYTE, _BUFFER = int(FuelPrice.BYTE), int(FuelPrice.BUFFER)


class Calls:
    """The functions, bound to one task's memory and world."""

    def __init__(self, memory: GuestMemory, world: World, meter: Meter) -> None:
        self._memory, self._world, self._meter = memory, world, meter

    # Arguments and environment

    def args_get(self, pointers: int, buffer: int) -> None:
        self._strings(self._world.args, pointers, buffer)

    def args_sizes_get(self, count: int, size: int) -> None:
        self._string_sizes(self._world.args, count, size)

    def environ_get(self, pointers: int, buffer: int) -> None:
        self._strings(self._world.env, pointers, buffer)

    def environ_sizes_get(self, count: int, size: int) -> None:
        self._string_sizes(self._world.env, count, size)

    def _strings(self, strings: list[bytes], pointers: int, buffer: int) -> None:
        self._meter.charge(len(strings) * FuelPrice.ENTRY)
        content = b"".join(string + b"\0" for string in strings)
        self._meter.charge(len(content) * FuelPrice.BYTE)
        self._memory.write(buffer, content)
        for string in strings:
            self._memory.pack(pointers, U32, buffer)
            pointers += 4
            buffer += len(string) + 1

    def _string_sizes(self, strings: list[bytes], count: int, size: int) -> None:
        self._meter.charge(len(strings) * FuelPrice.ENTRY)
        self._memory.pack(count, U32, len(strings))
        self._memory.pack(size, U32, sum(len(string) + 1 for string in strings))

    # Clocks, random bytes, waiting, ending

    def clock_res_get(self, clock: int, out: int) -> None:
        self._world.clock.now(clock)
        self._memory.pack(out, U64, 1)

    def clock_time_get(self, clock: int, precision: int, out: int) -> None:
        self._memory.pack(out, U64, self._world.clock.now(clock))

    def random_get(self, buffer: int, size: int) -> None:
        self._memory.check(buffer, size)
        for part in self._world.random(size):
            self._memory.write(buffer, part)
            buffer += len(part)

    def poll_oneoff(self, subscriptions: int, events: int, count: int, out: int) -> None:
        if count > MAX_SUBSCRIPTIONS:
            raise WasiError(Errno.INVAL)
        self._meter.charge(count * FuelPrice.SUBSCRIPTION)
        self._memory.check(events, count * EVENT.size)
        raw = self._memory.read(subscriptions, count * SUBSCRIPTION.size)
        happened = self._world.poll([_subscription(f) for f in SUBSCRIPTION.iter_unpack(raw)])
        for event in happened:
            fields = (event.userdata, event.errno, event.kind, event.nbytes, 0)
            self._memory.pack(events, EVENT, *fields)
            events += EVENT.size
        self._memory.pack(out, U32, len(happened))

    def proc_exit(self, code: int) -> None:
        self._world.exit(code)

    def proc_raise(self, signal: int) -> None:
        raise WasiError(Errno.NOSYS)

    def sched_yield(self) -> None:
        pass

    # Descriptors

    def fd_advise(self, fd: int, offset: int, size: int, advice: int) -> None:
        self._world.check(fd, Rights.FD_ADVISE)
        if advice > 5:
            raise WasiError(Errno.INVAL)

    def fd_allocate(self, fd: int, offset: int, size: int) -> None:
        self._world.allocate(fd, offset, size)

    def fd_close(self, fd: int) -> None:
        self._world.close(fd)

    def fd_datasync(self, fd: int) -> None:
        self._world.check(fd, Rights.FD_DATASYNC)

    def fd_fdstat_get(self, fd: int, out: int) -> None:
        found = self._world.descriptor(fd)
        fields = (found.target.kind, found.flags, found.rights, found.inheriting)
        self._memory.pack(out, FDSTAT, *fields)

    def fd_fdstat_set_flags(self, fd: int, flags: int) -> None:
        self._world.set_flags(fd, flags)

    def fd_fdstat_set_rights(self, fd: int, base: int, inheriting: int) -> None:
        self._world.set_rights(fd, base, inheriting)

    def fd_filestat_get(self, fd: int, out: int) -> None:
        self._stat(out, self._world.stat(fd))

    def fd_filestat_set_size(self, fd: int, size: int) -> None:
        self._world.set_size(fd, size)

    def fd_filestat_set_times(self, fd: int, atime: int, mtime: int, flags: int) -> None:
        self._world.set_times(fd, atime, mtime, flags)

    def fd_pread(self, fd: int, buffers: int, count: int, offset: int, out: int) -> None:
        pieces, size = self._buffers(buffers, count)
        self._scatter(pieces, self._world.pread(fd, size, offset), out)

    def fd_prestat_get(self, fd: int, out: int) -> None:
        self._memory.pack(out, PRESTAT, 0, len(self._world.preopen(fd)))

    def fd_prestat_dir_name(self, fd: int, buffer: int, size: int) -> None:
        name = self._world.preopen(fd)
        if size < len(name):
            raise WasiError(Errno.NAMETOOLONG)
        self._memory.write(buffer, name)

    def fd_pwrite(self, fd: int, buffers: int, count: int, offset: int, out: int) -> None:
        written = self._world.pwrite(fd, *self._gather(buffers, count), offset)
        self._memory.pack(out, U32, written)

    def fd_read(self, fd: int, buffers: int, count: int, out: int) -> None:
        pieces, size = self._buffers(buffers, count)
        self._scatter(pieces, self._world.read(fd, size), out)

    def fd_readdir(self, fd: int, buffer: int, size: int, cookie: int, out: int) -> None:
        self._memory.check(buffer, size)
        at, end = buffer, buffer + size
        for following, name, node in self._world.list(fd, cookie):
            if at == end:
                break
            entry = DIRENT.pack(following, node.inode, len(name), node.kind) + name
            # A last entry that does not fit is cut: a full buffer tells the guest to ask again.
            entry = entry[: end - at]
            self._memory.write(at, entry)
            at += len(entry)
        self._memory.pack(out, U32, at - buffer)

    def fd_renumber(self, fd: int, to: int) -> None:
        self._world.renumber(fd, to)

    def fd_seek(self, fd: int, delta: int, whence: int, out: int) -> None:
        self._memory.pack(out, U64, self._world.seek(fd, delta, whence))

    def fd_sync(self, fd: int) -> None:
        self._world.check(fd, Rights.FD_SYNC)

    def fd_tell(self, fd: int, out: int) -> None:
        self._memory.pack(out, U64, self._world.seek(fd, 0, abi.WHENCE_CUR))

    def fd_write(self, fd: int, buffers: int, count: int, out: int) -> None:
        self._memory.pack(out, U32, self._world.write(fd, *self._gather(buffers, count)))

    # Paths

    def path_create_directory(self, fd: int, path: int, size: int) -> None:
        self._world.create_directory(fd, self._path(path, size))

    def path_filestat_get(self, fd: int, lookup: int, path: int, size: int, out: int) -> None:
        follow = _follows(lookup)
        self._stat(out, self._world.path_stat(fd, follow, self._path(path, size)))

    def path_filestat_set_times(
        self, fd: int, lookup: int, path: int, size: int, atime: int, mtime: int, flags: int
    ) -> None:
        follow = _follows(lookup)
        self._world.path_set_times(fd, follow, self._path(path, size), atime, mtime, flags)

    def path_link(
        self, fd: int, lookup: int, old: int, old_size: int, to: int, new: int, new_size: int
    ) -> None:
        source, target = self._path(old, old_size), self._path(new, new_size)
        self._world.link(fd, _follows(lookup), source, to, target)

    def path_open(
        self,
        fd: int,
        lookup: int,
        path: int,
        size: int,
        how: int,
        base: int,
        inheriting: int,
        flags: int,
        out: int,
    ) -> None:
        self._memory.check(out, U32.size)
        name = self._path(path, size)
        opened = self._world.open(fd, _follows(lookup), name, how, base, inheriting, flags)
        self._memory.pack(out, U32, opened)

    def path_readlink(
        self, fd: int, path: int, size: int, buffer: int, buffer_size: int, out: int
    ) -> None:
        target = self._world.readlink(fd, self._path(path, size))[:buffer_size]
        self._memory.write(buffer, target)
        self._memory.pack(out, U32, len(target))

    def path_remove_directory(self, fd: int, path: int, size: int) -> None:
        self._world.remove_directory(fd, self._path(path, size))

    def path_rename(
        self, fd: int, old: int, old_size: int, to: int, new: int, new_size: int
    ) -> None:
        self._world.rename(fd, self._path(old, old_size), to, self._path(new, new_size))

    def path_symlink(self, old: int, old_size: int, fd: int, new: int, new_size: int) -> None:
        self._world.symlink(self._path(old, old_size), fd, self._path(new, new_size))

    def path_unlink_file(self, fd: int, path: int, size: int) -> None:
        self._world.unlink(fd, self._path(path, size))

    # Sockets: there are none

    def sock_accept(self, fd: int, flags: int, out: int) -> None:
        self._no_socket(fd)

    def sock_recv(self, fd: int, buffers: int, count: int, flags: int, size: int, out: int) -> None:
        self._no_socket(fd)

    def sock_send(self, fd: int, buffers: int, count: int, flags: int, out: int) -> None:
        self._no_socket(fd)

    def sock_shutdown(self, fd: int, how: int) -> None:
        self._no_socket(fd)

    def _no_socket(self, fd: int) -> None:
        self._world.descriptor(fd)
        raise WasiError(Errno.NOTSOCK)

    # Shapes in memory

    def _buffers(self, pointer: int, count: int) -> tuple[list[tuple[int, int]], int]:
        """Start and size of each buffer, and their size together, which the guest can be told."""
        if count > MAX_BUFFERS:
            raise WasiError(Errno.INVAL)
        self._meter.charge(count * _BUFFER)
        pieces = list(IOVEC.iter_unpack(self._memory.read(pointer, count * IOVEC.size)))
        total = 0
        for start, size in pieces:
            self._memory.check(start, size)
            total += size
        if total > _U32_MAX:
            raise WasiError(Errno.INVAL)
        return pieces, total

    def _gather(self, pointer: int, count: int) -> tuple[list[memoryview], int]:
        """The buffers where they are: overlapping ones can hold far more than the memory does."""
        pieces, size = self._buffers(pointer, count)
        self._meter.charge(size * _BYTE)
        return [self._memory.view[start : start + size] for start, size in pieces], size

    def _scatter(self, pieces: list[tuple[int, int]], content: memoryview, out: int) -> None:
        """`pieces` are known to be in memory."""
        done, rest = 0, len(content)
        for start, size in pieces:
            if size > rest:
                size = rest
            self._memory.view[start : start + size] = content[done : done + size]
            done += size
            rest -= size
        self._memory.pack(out, U32, done)

    def _path(self, pointer: int, size: int) -> bytes:
        if size > 2 * MAX_PATH:
            raise WasiError(Errno.NAMETOOLONG)
        return self._memory.read(pointer, size)

    def _stat(self, out: int, stat: Stat) -> None:
        times = stat.times
        moments = times.accessed, times.modified, times.changed
        fields = (1, stat.inode, stat.kind, stat.links, stat.size, *moments)
        self._memory.pack(out, FILESTAT, *fields)


def _subscription(fields: tuple[int, ...]) -> Subscription:
    userdata, kind, which, timeout, _, flags = fields
    if kind > abi.EVENT_WRITE:
        raise WasiError(Errno.INVAL)
    absolute = bool(flags & abi.SUBSCRIPTION_ABSTIME)
    return Subscription(userdata, kind, which, timeout, absolute, which)


def _follows(lookup: int) -> bool:
    return bool(lookup & abi.SYMLINK_FOLLOW)


CALLS: dict[str, tuple[str, Callable[..., None]]] = {
    function.__name__: (types, function)
    for types, function in (
        ("ii", Calls.args_get),
        ("ii", Calls.args_sizes_get),
        ("ii", Calls.environ_get),
        ("ii", Calls.environ_sizes_get),
        ("ii", Calls.clock_res_get),
        ("iIi", Calls.clock_time_get),
        ("iIIi", Calls.fd_advise),
        ("iII", Calls.fd_allocate),
        ("i", Calls.fd_close),
        ("i", Calls.fd_datasync),
        ("ii", Calls.fd_fdstat_get),
        ("ii", Calls.fd_fdstat_set_flags),
        ("iII", Calls.fd_fdstat_set_rights),
        ("ii", Calls.fd_filestat_get),
        ("iI", Calls.fd_filestat_set_size),
        ("iIIi", Calls.fd_filestat_set_times),
        ("iiiIi", Calls.fd_pread),
        ("ii", Calls.fd_prestat_get),
        ("iii", Calls.fd_prestat_dir_name),
        ("iiiIi", Calls.fd_pwrite),
        ("iiii", Calls.fd_read),
        ("iiiIi", Calls.fd_readdir),
        ("ii", Calls.fd_renumber),
        ("isii", Calls.fd_seek),
        ("i", Calls.fd_sync),
        ("ii", Calls.fd_tell),
        ("iiii", Calls.fd_write),
        ("iii", Calls.path_create_directory),
        ("iiiii", Calls.path_filestat_get),
        ("iiiiIIi", Calls.path_filestat_set_times),
        ("iiiiiii", Calls.path_link),
        ("iiiiiIIii", Calls.path_open),
        ("iiiiii", Calls.path_readlink),
        ("iii", Calls.path_remove_directory),
        ("iiiiii", Calls.path_rename),
        ("iiiii", Calls.path_symlink),
        ("iii", Calls.path_unlink_file),
        ("iiii", Calls.poll_oneoff),
        ("i", Calls.proc_exit),
        ("i", Calls.proc_raise),
        ("ii", Calls.random_get),
        ("", Calls.sched_yield),
        ("iii", Calls.sock_accept),
        ("iiiiii", Calls.sock_recv),
        ("iiiii", Calls.sock_send),
        ("ii", Calls.sock_shutdown),
    )
}
