"""Locks on files, which end with their process."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from suanli.errors import SuanliError

MAX_HOLDER = 200
LOOKS, APART = 5, 0.02
"""Whoever looks whether a lock is held has it for a moment: tried so often, seconds apart."""


@contextmanager
def held(path: Path, holder: str, busy: Callable[[str], SuanliError]) -> Iterator[None]:
    """Hold a file's lock; `holder` is written into it. Raises what `busy` makes of the name of
    whoever holds it now."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not any(_taken(handle, again) for again in range(LOOKS)):
            raise busy(os.pread(handle, MAX_HOLDER, 0).decode(errors="replace"))
        os.ftruncate(handle, 0)
        os.pwrite(handle, holder.encode(), 0)
        yield
    finally:
        os.close(handle)


def is_held(path: Path) -> bool:
    """Whether somebody holds a file's lock."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _taken(handle)
    finally:
        os.close(handle)


def _taken(handle: int, again: int = 0) -> bool:
    if again:
        time.sleep(APART)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
