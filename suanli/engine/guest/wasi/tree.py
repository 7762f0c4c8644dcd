"""An in-memory file system with quotas: directories, files, symbolic and hard links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter

from suanli.engine.guest.wasi.abi import Errno, WasiError
from suanli.engine.guest.wasi.nodes import (
    Device,
    Directory,
    Entry,
    File,
    NodePlace,
    Symlink,
    Times,
)

MAX_NAME = 255
MAX_PATH = 4096
MAX_PATHS = 64 << 20
"""Bytes in the paths of all output files together."""
MAX_SYMLINKS = 40
MAX_DEPTH = 256
"""Directories in directories: bounds the walk that collects the output files."""


class QuotaExceeded(Exception):
    """A limit of the task was passed; the message is the limit's name."""


class FileTree:
    """The file system of one task.

    `max_files` bounds how many entries made by the guest exist at once, `max_bytes` the bytes in
    files that it made or changed. `charge(fuel)` is called before work that a guest can make big,
    `now()` gives the nanoseconds for the times of what is made or changed. `folders` are there
    from the start, like the folders of `inputs`.
    """

    def __init__(
        self,
        inputs: Mapping[str, bytes],
        folders: Iterable[str],
        max_files: int,
        max_bytes: int,
        charge: Callable[[int], None],
        now: Callable[[], int],
    ) -> None:
        self._max_files, self._max_bytes = max_files, max_bytes
        self._charge, self._now = charge, now
        self._files = self._bytes = self._inodes = 0
        self.root = Directory(*self.new(), links=1)
        for path, content in inputs.items():
            folder, _, name = path.rpartition("/")
            entries = self._folder(folder).entries
            entries[name.encode()] = File(*self.new(), links=1, data=content)
        for path in folders:
            self._folder(path)

    def _folder(self, path: str) -> Directory:
        """The folder at `path` from the root, made with those above it if it is not there."""
        here = self.root
        for name in filter(None, path.encode().split(b"/")):
            child = here.entries.get(name)
            if child is None:
                child = Directory(*self.new(), links=1, parent=here)
                here.entries[name] = child
            assert isinstance(child, Directory)
            here = child
        return here

    def add_hidden(self, name: bytes, entries: dict[bytes, Device]) -> None:
        """A hidden folder in the root, fixed if it has entries, unless there is one by its name."""
        if name not in self.root.entries:
            folder = Directory(*self.new(), links=1, parent=self.root, hidden=True)
            folder.entries.update(entries)
            folder.fixed = bool(entries)
            self.root.entries[name] = folder

    def new(self) -> tuple[int, Times]:
        """Inode number and times of something that is made now."""
        self._inodes += 1
        now = self._now()
        return self._inodes, Times(now, now, now)

    # Paths

    def resolve(self, base: Directory, path: bytes, follow: bool, cost: int = 0) -> NodePlace:
        """Find `path` under `base`, following a symbolic link at its end if `follow`.

        Raises `WasiError`: PERM for paths that are absolute or leave `base`, ILSEQ, NOENT, NOTDIR,
        LOOP, NAMETOOLONG. `cost` is the fuel for each byte of the path and of links on the way.
        """
        stack = [base]
        todo = self._components(path, cost)
        slash = path.endswith(b"/")
        links = 0
        while True:
            name = todo.pop()
            if name == b"..":
                if len(stack) == 1:
                    raise WasiError(Errno.PERM)
                stack.pop()
            elif name != b".":
                here = stack[-1]
                node = here.entries.get(name)
                if isinstance(node, Symlink) and (todo or follow or slash):
                    links += 1
                    if links > MAX_SYMLINKS:
                        raise WasiError(Errno.LOOP)
                    todo += self._components(node.target, cost)
                    continue
                if not todo:
                    if slash and isinstance(node, File):
                        raise WasiError(Errno.NOTDIR)
                    return NodePlace(here, name, node, slash)
                if node is None:
                    raise WasiError(Errno.NOENT)
                if not isinstance(node, Directory):
                    raise WasiError(Errno.NOTDIR)
                stack.append(node)
            if not todo:
                return NodePlace(stack[-1], b".", stack[-1], slash)

    def _components(self, path: bytes, cost: int) -> list[bytes]:
        """The names of `path`, last first."""
        self._charge(cost * len(path))
        check_path(path)
        if path.startswith(b"/"):
            raise WasiError(Errno.PERM)
        names = [name for name in path.split(b"/") if name]
        if any(len(name) > MAX_NAME for name in names):
            raise WasiError(Errno.NAMETOOLONG)
        names.reverse()
        return names

    # Entries

    def create_file(self, place: NodePlace) -> File:
        if place.trailing_slash:
            raise WasiError(Errno.ISDIR)
        file = File(*self.new(), changed=True)
        self._add(place, file)
        return file

    def create_directory(self, place: NodePlace) -> None:
        if place.node is not None:
            raise WasiError(Errno.EXIST)
        self._check_depth(place.parent, 1)
        self._add(place, Directory(*self.new(), parent=place.parent))

    def create_symlink(self, target: bytes, place: NodePlace) -> None:
        check_path(target)
        if target.startswith(b"/"):
            raise WasiError(Errno.PERM)
        if place.node is not None:
            raise WasiError(Errno.EXIST)
        if place.trailing_slash:
            raise WasiError(Errno.NOENT)
        self._add(place, Symlink(*self.new(), target=target))

    def link(self, node: Entry, place: NodePlace) -> None:
        if place.node is not None:
            raise WasiError(Errno.EXIST)
        if isinstance(node, Directory | Device):
            raise WasiError(Errno.PERM)
        if place.trailing_slash:
            raise WasiError(Errno.NOENT)
        self._add(place, node)
        if isinstance(node, File):
            self.mark_changed(node)

    def unlink(self, place: NodePlace) -> None:
        if place.node is None:
            raise WasiError(Errno.NOENT)
        if isinstance(place.node, Directory):
            raise WasiError(Errno.ISDIR)
        self._drop(place)

    def remove_directory(self, place: NodePlace) -> None:
        if place.node is None:
            raise WasiError(Errno.NOENT)
        if not isinstance(place.node, Directory):
            raise WasiError(Errno.NOTDIR)
        if place.name == b".":
            raise WasiError(Errno.INVAL)
        if place.node.hidden:
            raise WasiError(Errno.BUSY)
        if place.node.entries:
            raise WasiError(Errno.NOTEMPTY)
        self._drop(place)

    def rename(self, old: NodePlace, new: NodePlace) -> None:
        node = old.node
        if node is None:
            raise WasiError(Errno.NOENT)
        if b"." in (old.name, new.name) or _hidden(node) or _hidden(new.node):
            raise WasiError(Errno.BUSY)
        _check_free(old.parent)
        _check_free(new.parent)
        if isinstance(node, Directory):
            self._check_directory_move(node, new)
        else:
            if new.trailing_slash:
                raise WasiError(Errno.NOTDIR)
            if isinstance(new.node, Directory):
                raise WasiError(Errno.ISDIR)
        if node is new.node:
            return
        if new.parent.links == 0:
            raise WasiError(Errno.NOENT)
        if new.node is not None:
            self._drop(new)
        del old.parent.entries[old.name]
        new.parent.entries[new.name] = node
        now = node.times.changed = self._now()
        old.parent.times.touch(now)
        new.parent.times.touch(now)
        if isinstance(node, Directory):
            node.parent = new.parent
        self._mark_below(node)

    def _check_directory_move(self, node: Directory, new: NodePlace) -> None:
        if new.node is not None and not isinstance(new.node, Directory):
            raise WasiError(Errno.NOTDIR)
        above: Directory | None = new.parent
        while above is not None:
            if above is node:
                raise WasiError(Errno.INVAL)
            above = above.parent
        if new.node is not None and new.node is not node and new.node.entries:
            raise WasiError(Errno.NOTEMPTY)
        self._check_depth(new.parent, self._height(node))

    def _height(self, node: Directory) -> int:
        """Without recursion: what a task begins with may be deeper than Python goes."""
        height, level = 0, [node]
        while level:
            height += 1
            self._charge(100 * sum(len(folder.entries) for folder in level))
            below = (entry for folder in level for entry in folder.entries.values())
            level = [entry for entry in below if isinstance(entry, Directory)]
        return height

    def _check_depth(self, parent: Directory, height: int) -> None:
        above: Directory | None = parent
        while above is not None:
            height += 1
            above = above.parent
        if height > MAX_DEPTH:
            raise WasiError(Errno.NAMETOOLONG)

    def _mark_below(self, node: Entry) -> None:
        if isinstance(node, File):
            self.mark_changed(node)
        elif isinstance(node, Directory):
            self._charge(100 * len(node.entries))
            for child in node.entries.values():
                self._mark_below(child)

    def _add(self, place: NodePlace, node: Entry) -> None:
        if place.parent.links == 0:
            raise WasiError(Errno.NOENT)
        _check_free(place.parent)
        if self._files >= self._max_files:
            raise QuotaExceeded("files")
        self._files += 1
        node.counted += 1
        node.links += 1
        place.parent.entries[place.name] = node
        node.times.changed = self._now()
        place.parent.times.touch(node.times.changed)

    def _drop(self, place: NodePlace) -> None:
        _check_free(place.parent)
        node = place.parent.entries.pop(place.name)
        node.links -= 1
        node.times.changed = self._now()
        place.parent.times.touch(node.times.changed)
        if node.counted:
            node.counted -= 1
            self._files -= 1
        if isinstance(node, File):
            self.release(node)

    # Contents

    def release(self, file: File) -> None:
        """Give back the bytes of a file that has neither a name nor a descriptor."""
        if file.links == 0 and file.opens == 0 and file.changed:
            self._bytes -= len(file.data)
            file.data, file.changed = b"", False

    def mark_changed(self, file: File) -> None:
        """From now on the file counts towards `file_bytes` and is an output."""
        if not file.changed:
            self._grow(len(file.data))
            file.changed = True

    def resize(self, file: File, size: int) -> None:
        """Cut the file, or fill it up with zeros. Raises `QuotaExceeded`."""
        self.mark_changed(file)
        growth = size - len(file.data)
        self._grow(growth)
        data = self._writable(file)
        if growth > 0:
            data.extend(bytes(growth))
        else:
            del data[size:]
        file.times.touch(self._now())

    def write(self, file: File, offset: int, parts: list[memoryview], size: int) -> None:
        """Put `parts`, of `size` bytes together, at `offset`; a gap before it becomes zeros."""
        if not size:
            return
        if offset > len(file.data):
            self.resize(file, offset)
        self.mark_changed(file)
        self._grow(max(0, offset + size - len(file.data)))
        data = self._writable(file)
        for part in parts:
            data[offset : offset + len(part)] = part
            offset += len(part)
        file.times.touch(self._now())

    def _writable(self, file: File) -> bytearray:
        if not isinstance(file.data, bytearray):
            self._charge(len(file.data))
            file.data = bytearray(file.data)
        return file.data

    def _grow(self, size: int) -> None:
        if self._bytes + size > self._max_bytes:
            raise QuotaExceeded("file_bytes")
        if size > 0:
            self._charge(size)
        self._bytes += size

    def outputs(self) -> dict[str, bytes]:
        """Path to content of every file made or changed, sorted by path.

        Raises `QuotaExceeded` when hard links make them more than `file_bytes` in all, or for
        paths that are too long.
        """
        total = paths = 0
        files = {}
        for path, file in sorted(self._changed(self.root, ""), key=itemgetter(0)):
            total += len(file.data)
            if total > self._max_bytes:
                raise QuotaExceeded("file_bytes")
            length = len(path.encode())
            paths += length
            if length > MAX_PATH or paths > MAX_PATHS:
                raise QuotaExceeded("path length")
            files[path] = bytes(file.data)
        return files

    def _changed(self, directory: Directory, prefix: str) -> Iterator[tuple[str, File]]:
        for name, node in directory.entries.items():
            path = prefix + name.decode()
            if isinstance(node, Directory):
                if not node.hidden:
                    yield from self._changed(node, path + "/")
            elif isinstance(node, File) and node.changed:
                yield path, node


def names_in(directory: Directory) -> list[bytes]:
    """What a listing shows, sorted by name after "." and ".."."""
    shown = (name for name, node in directory.entries.items() if not _hidden(node))
    return [b".", b"..", *sorted(shown)]


def _hidden(node: Entry | None) -> bool:
    return isinstance(node, Directory) and node.hidden


def _check_free(directory: Directory) -> None:
    """Raise `WasiError`: PERM where nothing can be made or removed."""
    if directory.fixed:
        raise WasiError(Errno.PERM)


def check_path(path: bytes) -> None:
    """Raise `WasiError` for a path that is empty, too long, not UTF-8 or holds NUL."""
    if not path:
        raise WasiError(Errno.NOENT)
    if len(path) > MAX_PATH:
        raise WasiError(Errno.NAMETOOLONG)
    if b"\0" in path:
        raise WasiError(Errno.ILSEQ)
    try:
        path.decode()
    except UnicodeDecodeError as error:
        raise WasiError(Errno.ILSEQ) from error
