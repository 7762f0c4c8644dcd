"""A miner's folder of files that it keeps for others: bounded, each with its tree beside it.

A file is `ROOT-SIZE.bytes`; while it comes it is `.part`. It gets its final name once its bytes are
verified and on the disk, after its tree has: what has that name is whole, whenever the miner died.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from suanli.lease.errors import LeaseError
from suanli.lease.storage.sealing import CHUNK
from suanli.lease.storage.tree import TreeBuilder, path_in, tree_bytes
from suanli.protocol import FILE_LEAF_BYTES, LeafProof

SPARE = 256 << 20
"""Bytes of the disk that are left free for all else."""
_BATCH = 1 << 20


class NoRoom(LeaseError):
    """The folder, or its disk, is full."""


class FileId(NamedTuple):
    root: bytes
    size: int

    @property
    def name(self) -> str:
        return f"{self.root.hex()}-{self.size}"

    @property
    def space(self) -> int:
        """Bytes that it takes with its tree."""
        return self.size + tree_bytes(self.size)


class Shelf:
    """`most`: bytes of the folder. Threads may share it; one process has it."""

    def __init__(self, folder: Path, most: int, free: Callable[[Path], int] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.most = folder, most
        self._free = free or (lambda path: shutil.disk_usage(path).free)
        self._lock = threading.Lock()
        self._coming: set[FileId] = set()
        for left in folder.glob("*.new"):
            left.unlink()
        found = [*folder.glob("*.bytes"), *folder.glob("*.part")]
        self._files = {_id_of(path) for path in found}

    @property
    def used(self) -> int:
        """Bytes that are taken, or kept for what is coming."""
        with self._lock:
            return sum(file.space for file in self._files)

    @property
    def files(self) -> set[FileId]:
        """Whole ones, and parts."""
        with self._lock:
            return set(self._files)

    def whole(self, file: FileId) -> bool:
        return self._path(file, "bytes").exists() and self._path(file, "tree").exists()

    def have(self, file: FileId) -> int:
        """Bytes of it that came."""
        for kind in ("part", "bytes"):  # as they are renamed: one of them is seen
            with suppress(FileNotFoundError):
                return self._path(file, kind).stat().st_size
        return 0

    def require_room(self, file: FileId) -> None:
        """Raises NoRoom."""
        with self._lock:
            self._require_room(file)

    def receive(self, file: FileId) -> Coming:
        """Where its bytes are put, from where they broke off. May block.

        Raises:
            NoRoom: for it.
            LeaseError: it is coming already.
        """
        with self._lock:
            if file in self._coming:
                raise LeaseError("these bytes are coming already, by another connection")
            self._require_room(file)
            self._files.add(file)
            self._coming.add(file)
        try:
            return Coming(self, file)
        except BaseException:
            self.came(file)
            raise

    def came(self, file: FileId) -> None:
        """Nobody writes it any more."""
        with self._lock:
            self._coming.discard(file)

    def read(self, file: FileId, offset: int, count: int) -> bytes:
        """Raises LeaseError: they are gone."""
        try:
            with self._path(file, "bytes").open("rb") as found:
                return os.pread(found.fileno(), count, offset)
        except OSError as error:
            raise LeaseError(f"the bytes can't be read: {error.strerror}") from None

    def proof(self, file: FileId, leaf: int) -> LeafProof:
        """Of one leaf, which must be there; as good as the disk is. Raises LeaseError."""
        data = self.read(file, leaf * FILE_LEAF_BYTES, FILE_LEAF_BYTES)
        try:
            with self._path(file, "tree").open("rb") as tree:
                return LeafProof(data, path_in(tree.fileno(), file.size, leaf))
        except OSError as error:
            raise LeaseError(f"the tree can't be read: {error.strerror}") from None

    def drop(self, file: FileId) -> None:
        """Its bytes are no longer there, whole or not."""
        for kind in ("bytes", "part", "tree"):
            self._path(file, kind).unlink(missing_ok=True)
        with self._lock:
            self._files.discard(file)

    def touch(self, file: FileId) -> None:
        """They may be wanted again: the next sweep's patience begins anew."""
        with suppress(OSError):
            os.utime(self._path(file, "bytes"))

    def sweep(
        self, wanted: Collection[FileId], patience: float, late: Collection[FileId] = ()
    ) -> list[FileId]:
        """Drop what is not wanted and `late`, or was not touched for so many seconds."""
        with self._lock:
            idle = self._files - self._coming - set(wanted)
        before = time.time() - patience
        dropped = [file for file in idle if file in late or self._touched(file) < before]
        for file in dropped:
            self.drop(file)
        return dropped

    def _touched(self, file: FileId) -> float:
        for kind in ("part", "bytes"):
            with suppress(FileNotFoundError):
                return self._path(file, kind).stat().st_mtime
        return 0.0

    def _path(self, file: FileId, kind: str) -> Path:
        return self.folder / f"{file.name}.{kind}"

    def _require_room(self, file: FileId) -> None:
        others = sum(one.space for one in self._files - {file})
        if others + file.space > self.most:
            raise NoRoom(
                f"{file.space:,} bytes are too many: {max(self.most - others, 0):,} of"
                f" {self.most:,} are free here"
            )
        part = self._path(file, "part")
        there = part.stat().st_size if part.exists() else 0
        if self._free(self.folder) < file.space - there + SPARE:
            raise NoRoom(f"the disk has no room for {file.space:,} more bytes")


class Coming:
    """A file that is being received: added in order, then `finish`ed. All may block, and raise
    LeaseError where the disk fails."""

    def __init__(self, shelf: Shelf, file: FileId) -> None:
        self._shelf, self._file = shelf, file
        self._part = shelf.folder / f"{file.name}.part"
        self._new = shelf.folder / f"{file.name}.new"
        with ExitStack() as opened:
            try:
                self._out = os.open(self._part, os.O_RDWR | os.O_CREAT, 0o600)
                opened.callback(os.close, self._out)
                self._levels = os.open(self._new, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
                opened.callback(os.close, self._levels)
                self._tree = TreeBuilder(file.size, self._levels)
                self.have = self._take_up()
                """Bytes that are there; the next are added behind them."""
            except OSError as error:
                raise _full(error) from None
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()
        self._new.unlink(missing_ok=True)
        self._shelf.came(self._file)

    def add(self, data: bytes) -> None:
        """Whole chunks, but for the last. Raises NoRoom: the disk is full after all; ValueError."""
        view = memoryview(data)
        try:
            self._tree.add(data)
            while view:
                done = os.pwrite(self._out, view, self.have)
                view, self.have = view[done:], self.have + done
        except OSError as error:
            raise _full(error) from None

    def finish(self) -> None:
        """All bytes are there: they have the root that was named, and are on the disk.

        Raises:
            LeaseError: they are others, and dropped.
        """
        try:
            root = self._tree.root()
            if root != self._file.root:
                self._shelf.drop(self._file)
                raise LeaseError(f"the bytes have the root 0x{root.hex()}, not the one named")
            for file in (self._out, self._levels):
                os.fsync(file)
            self._new.rename(self._new.with_suffix(".tree"))
            self._part.rename(self._part.with_suffix(".bytes"))
            folder = os.open(self._shelf.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise _full(error) from None

    def _take_up(self) -> int:
        """What an earlier connection left: whole chunks of it."""
        left = min(os.fstat(self._out).st_size, self._file.size)
        if left < self._file.size:
            left -= left % CHUNK
        os.ftruncate(self._out, left)
        for start in range(0, left, _BATCH):
            self._tree.add(os.pread(self._out, min(_BATCH, left - start), start))
        return left


def _full(error: OSError) -> LeaseError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoRoom("the disk is full")
    return LeaseError(f"the disk can't be written: {error.strerror}")


def _id_of(path: Path) -> FileId:
    root, _, size = path.stem.partition("-")
    return FileId(bytes.fromhex(root), int(size))
