"""One daemon for each folder, and on this machine one for each account on a market."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from suanli.base.errors import SuanliError
from suanli.chain.sent import sent_folder

LONGEST_HOLDER = 4_096
"""Bytes of what a lock's file says about its holder."""


class AlreadyRunning(SuanliError):
    """Another daemon uses this folder, or this account."""


class Lock:
    """A file's lock, which the system lets go when the process ends, however it does."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(path, flags, 0o600)

    def take(self, data: Path) -> bool:
        """Whether it is ours now, who work in this folder: then others are told so."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"pid {os.getpid()}, folder {data}".encode(), 0)
        return True

    @property
    def holder(self) -> str:
        """Who took it last."""
        return os.pread(self._file, LONGEST_HOLDER, 0).decode(errors="replace")

    def close(self) -> None:
        os.close(self._file)


def of_folder(data: Path) -> Lock:
    return Lock(data / "lock")


def of_account(address: str, chain_id: int, contract: str, role: str = "miner") -> Lock:
    """Where all daemons of this role that send from the account meet, whatever the folder.
    `contract`: the market, or whatever they serve."""
    name = f"{role}-{chain_id}-{contract.lower()}-{address}".replace("0x", "")
    return Lock(sent_folder() / name)


def lives(pid: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


@contextmanager
def only_daemon(
    data: Path, address: str, chain_id: int, contract: str, role: str = "miner"
) -> Iterator[None]:
    """Raises AlreadyRunning, which names the other one."""
    with closing(of_folder(data)) as folder:
        if not folder.take(data):
            raise AlreadyRunning(
                f"another daemon works in this folder ({folder.holder}): see suanli {role} status"
            )
        with closing(of_account(address, chain_id, contract, role)) as account:
            if not account.take(data):
                raise AlreadyRunning(
                    f"another daemon works as a {role} with {address} here ({account.holder}): two"
                    " would do the same work twice; stop it, or use another account"
                )
            yield
