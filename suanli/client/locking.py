"""Locks on files, which end with their process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_HOLDER = 200


@contextmanager
def held(path: Path, holder: str, busy: Callable[[str], Exception]) -> Iterator[None]:
    """Hold a file's lock; `holder` is written into it. Raises what `busy` makes of the name of
    whoever holds it now."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy(os.pread(handle, MAX_HOLDER, 0).decode(errors="replace")) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, holder.encode(), 0)
        yield
    finally:
        os.close(handle)
