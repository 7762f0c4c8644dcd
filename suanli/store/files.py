"""Files and folders on the disk, with the errors of stores."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from suanli.store.base import StoreFull, StoreUnavailable


def free_bytes(path: Path) -> int:
    """On the disk of a folder, for whoever is not its administrator. Raises StoreUnavailable."""
    with translated():
        found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def open_regular(path: Path) -> BinaryIO:
    """A file for reading, or OSError. Others may write into a shared folder: a link may lead
    anywhere, and whoever opens a pipe waits for its writer."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.ENXIO, "something that is no file is in its place", str(path))
    return os.fdopen(handle, "rb")


MISPLACED = frozenset(
    {errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENXIO}
)
"""What is wrong with the place of one blob, not with the store."""


def read_from(file: BinaryIO, size: int) -> bytes:
    with translated():
        return file.read(size)


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StoreFull(f"no room for the blob: {error}") from error
        raise StoreUnavailable(f"the store can't be used: {error}") from error


_syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)


def sync_file_system(path: Path) -> None:
    """All that was written to the file system of a folder is on the disk then."""
    with translated():
        if _syncfs is None:  # not on Linux
            os.sync()
            return
        handle = os.open(path, os.O_RDONLY)
        try:
            if _syncfs(handle):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(path))
        finally:
            os.close(handle)


def sync_folder(path: Path) -> None:
    # Without it a crash may lose the name of a blob whose bytes are safe.
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
