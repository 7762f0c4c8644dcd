"""What one room has to itself on this machine, whichever miner opened it: a user, a GPU."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from suanli.lease.sandbox.bounds import SandboxError
from suanli.lease.sandbox.walls import USERS

_USERS = 0x70000000
"""The first of the users that rooms have, USERS each: systems give these to nobody."""
_MOST = 4095


def user(locks: Path) -> tuple[int, int]:
    """A user that no other room has, and the open file that keeps it so."""
    for number in range(_MOST):
        if (lock := hold(locks / f"user-{number}")) is not None:
            return _USERS + number * USERS, lock
    raise SandboxError(f"{_MOST} rooms are open on this machine: no other can be")


def hold(path: Path) -> int | None:
    """An open file that nobody else holds as long as any process has it open; None: one has."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
