"""Files of unfinished blobs, which outlive the process that began them: one at a time has one."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

STALE = 7 * 86_400.0
"""Seconds after which nobody is expected to go on with an unfinished blob."""
_TRIES = 5


def taken(path: Path) -> BinaryIO | None:
    """The file for reading and writing, made if it is missing, and ours until it is closed. None if
    another has it, or something else is in its place. Raises OSError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    for _ in range(_TRIES):
        try:
            handle = os.open(path, flags, 0o666)
        except (IsADirectoryError, PermissionError):
            return None
        except OSError:
            if path.is_symlink() or path.exists():
                return None
            raise
        if not _is_ours(handle):
            os.close(handle)
            return None
        if _is_at(handle, path):
            return os.fdopen(handle, "r+b")
        os.close(handle)  # whoever had it has just finished or dropped it
    return None


def drop(path: Path, before: float = float("inf")) -> int:
    """Delete it if nobody has it and it was last written before a Unix time; the bytes set free."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return 0
    try:
        status = os.fstat(handle)
        if status.st_mtime >= before or not _is_ours(handle) or not _is_at(handle, path):
            return 0
        path.unlink()
        return status.st_size
    finally:
        os.close(handle)


def drop_stale(folder: Path) -> None:
    """Those in a folder, under whatever names, that nobody went on with for long."""
    for path in folder.iterdir():
        with suppress(OSError):  # another's, or gone
            drop(path, time.time() - STALE)


def _is_ours(handle: int) -> bool:
    """A plain file of this user, whose lock nobody else has; then we have it."""
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_nlink > 1:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False
