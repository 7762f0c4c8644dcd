"""Child processes that end with their parent, whatever ends it, and write into log files."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from suanli.base.accounts import KEY_VARIABLE, PASSPHRASE_VARIABLE
from suanli.base.errors import SuanliError
from suanli.base.http import client_for

_PR_SET_PDEATHSIG = 1
GRACE = 15.0
"""Seconds in which a child may end by itself."""
SUANLI = (sys.executable, "-m", "suanli")


class DevnetError(SuanliError):
    """A part of the devnet that does not work; the message names its log."""


def _inherited() -> dict[str, str]:
    """Without the user's own keys: a child's account is the devnet's."""
    own = (KEY_VARIABLE, PASSPHRASE_VARIABLE)
    return {name: value for name, value in os.environ.items() if name not in own}


class Child:
    """A process with a log; `ends_by` is the signal that it ends cleanly by."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        ends_by: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name, self.log, self._ends_by = name, log, ends_by
        with log.open("ab") as output:
            self._begin = output.tell()
            try:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env={**_inherited(), **(env or {})},
                    # Ctrl-C goes to the parent alone, which ends them in order.
                    start_new_session=True,
                    preexec_fn=_die_with_parent(ends_by),
                )
            except OSError as error:
                raise DevnetError(f"{name} can't be started: {error}") from error

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def said(self) -> str:
        """What it wrote since it was started."""
        with self.log.open("rb") as file:
            file.seek(self._begin)
            return file.read().decode(errors="replace")

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60.0) -> None:
        """Return once it is ready.

        Raises:
            DevnetError: it ended, or takes too long.
        """
        ends = time.monotonic() + seconds
        while not ready():
            if not self.running:
                last = self.said().strip().rpartition("\n")[2]
                raise DevnetError(f"{self.name} ended: {last[:300]} (all of it: {self.log})")
            if time.monotonic() > ends:
                raise DevnetError(f"{self.name} is not ready after {seconds:.0f} s: see {self.log}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End it cleanly; at once if it takes too long."""
        if self.running:
            self.process.send_signal(self._ends_by)
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()


def free_port(wanted: int) -> int:
    """`wanted` on the loopback address if nobody has it, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(listener.getsockname()[1])
    raise DevnetError("there is no free port on 127.0.0.1")


@contextmanager
def own_port(wanted: int) -> Iterator[int]:
    """A free port, `wanted` if it is, that no other devnet takes before somebody listens there
    (on Linux): what answers would be another's."""
    for port in map(free_port, (wanted, 0, 0, 0)):
        with socket.socket(socket.AF_UNIX) as claim:
            if _claims(claim, port):
                yield port
                return
    raise DevnetError("other devnets are starting on this machine: try again")


def _claims(claim: socket.socket, port: int) -> bool:
    """By a name that is no file, and ends with this process."""
    if not sys.platform.startswith("linux"):
        return True
    try:
        claim.bind(f"\0suanli-port-{port}")
    except OSError:
        return False
    return True


def _die_with_parent(by: signal.Signals):  # type: ignore[no-untyped-def]
    """Run in the child: the kernel sends it a signal when its parent ends (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(by))
        if os.getppid() != parent:  # it ended before it could be asked for
            os._exit(1)

    return ask


def answers(url: str) -> bool:
    """Whether something speaks HTTP there."""
    try:
        with client_for(url) as client:
            client.get(url)
    except httpx.HTTPError:
        return False
    return True
