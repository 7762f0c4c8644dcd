"""What an in-memory file system is made of: files, symbolic links, directories, their times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from suanli.engine.guest.wasi.abi import Errno, FileType, TimeFlags, WasiError


@dataclass
class Times:
    """Nanoseconds since 1970-01-01T00:00:00Z."""

    accessed: int
    modified: int
    changed: int
    """When anything about the file changed last: content, names, or the two other times."""

    def touch(self, now: int) -> None:
        """The content changed."""
        self.modified = self.changed = now

    def set(self, accessed: int, modified: int, flags: int, now: int) -> None:
        """As `fd_filestat_set_times` does. Raises `WasiError`: INVAL for contradicting flags."""
        access = _chosen(flags, TimeFlags.ATIM, TimeFlags.ATIM_NOW, accessed, now)
        modification = _chosen(flags, TimeFlags.MTIM, TimeFlags.MTIM_NOW, modified, now)
        if flags > sum(TimeFlags):
            raise WasiError(Errno.INVAL)
        self.changed = now
        if access is not None:
            self.accessed = access
        if modification is not None:
            self.modified = modification


def _chosen(flags: int, given: int, current: int, time: int, now: int) -> int | None:
    if flags & given and flags & current:
        raise WasiError(Errno.INVAL)
    if flags & current:
        return now
    return time if flags & given else None


@dataclass(eq=False)
class FileNode:
    inode: int
    times: Times
    links: int = 0
    counted: int = 0
    """How many of its names take part in the `files` quota: those that the guest made."""


@dataclass(eq=False)
class File(FileNode):
    data: bytes | bytearray = b""
    opens: int = 0
    changed: bool = False
    kind = FileType.REGULAR_FILE


@dataclass(eq=False)
class Symlink(FileNode):
    target: bytes = b""
    kind = FileType.SYMBOLIC_LINK


@dataclass(eq=False)
class Device(FileNode):
    """Takes whatever is written; `read(size)` gives at most so many bytes."""

    read: Callable[[int], bytes] = bytes
    kind = FileType.CHARACTER_DEVICE


@dataclass(eq=False)
class Directory(FileNode):
    entries: dict[bytes, Entry] = field(default_factory=dict)
    parent: Directory | None = None
    hidden: bool = False
    """Neither listed nor an output, with all below; it can't be moved or removed."""
    fixed: bool = False
    """Nothing can be made or removed in it."""
    kind = FileType.DIRECTORY


Entry = File | Symlink | Directory | Device


@dataclass
class NodePlace:
    """Where a path leads: a name in a directory, and what is there, if anything."""

    parent: Directory
    name: bytes
    node: Entry | None
    trailing_slash: bool


@dataclass(frozen=True)
class Stat:
    inode: int
    kind: FileType
    links: int
    size: int
    times: Times


def stat_of(node: Entry) -> Stat:
    size = 0
    if isinstance(node, File):
        size = len(node.data)
    elif isinstance(node, Symlink):
        size = len(node.target)
    return Stat(node.inode, node.kind, node.links, size, node.times)
