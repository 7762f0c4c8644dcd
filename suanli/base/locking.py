"""Locks on files, which end with their process."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from suanli.base.errors import SuanliError

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


class Mutex:
    """Exclusive among threads and, with a file, among processes: waits for its turn. Whoever has
    it may take it again."""

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._threads, self._depth = path, threading.RLock(), 0
        self._handle = -1

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            if self._path is not None and not self._depth:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(self._handle, fcntl.LOCK_EX)
        except BaseException:
            self._let_go()
            raise
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        self._let_go()

    def _let_go(self) -> None:
        if not self._depth and self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        self._threads.release()
