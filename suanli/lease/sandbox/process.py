"""A program in a room, seen from the daemon."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import termios
import time

_TIOCSIG = 0x40045436
_APPEARS = 5.0
"""Seconds in which a program that was started has a process group."""


class Process:
    """Its `stdin`, `stdout` and `stderr` are file descriptors, which the caller closes by `close`;
    on a terminal all three are one, of which `stdout` reads and `stdin` writes the same.

    `ended` is a file descriptor that can be read once it has ended: an event loop may wait for it.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        info: int,
        fds: tuple[int, int, int],
        tty: bool,
    ) -> None:
        self._process = process
        self.stdin, self.stdout, self.stderr = fds
        self._tty = tty
        self.ended = os.pidfd_open(process.pid)
        self._first = _first_pid(info)
        self._first_fd = -1
        with contextlib.suppress(ProcessLookupError):
            self._first_fd = os.pidfd_open(self._first) if self._first else -1

    def close_stdin(self) -> None:
        """The program reads the end of its input."""
        if self._tty:
            os.write(self.stdin, b"\x04")
        elif self.stdin >= 0:
            os.close(self.stdin)
            self.stdin = -1

    def signal(self, number: int) -> None:
        """To the program and its children, as a terminal's keys do."""
        if self._tty:
            fcntl.ioctl(self.stdin, _TIOCSIG, number)
        elif number == signal.SIGKILL:
            self._kill()
        else:
            self._signal_group(number)

    def _signal_group(self, number: int) -> None:
        until = time.monotonic() + _APPEARS
        while self.poll() is None and self._first:
            try:
                # The first process of the room's is the group's leader, and immune as pid 1.
                os.killpg(self._first, number)
                return
            except ProcessLookupError:
                if time.monotonic() > until:
                    return
                time.sleep(0.01)

    def resize(self, rows: int, columns: int) -> None:
        """Of its terminal."""
        if self._tty:
            termios.tcsetwinsize(self.stdin, (rows, columns))

    def poll(self) -> int | None:
        """Its exit code, 128 and the signal that ended it, or None: it runs."""
        return _code(self._process.poll())

    def wait(self, seconds: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        code = _code(self._process.wait(seconds))
        assert code is not None
        return code

    def close(self) -> None:
        """End it with all its children, if it runs, and close the file descriptors."""
        self._kill()
        self._process.wait()
        for fd in {self.stdin, self.stdout, self.stderr, self.ended, self._first_fd} - {-1}:
            with contextlib.suppress(OSError):
                os.close(fd)
        self.stdin = self.stdout = self.stderr = self.ended = self._first_fd = -1

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, OSError):
            if self._first_fd >= 0:
                signal.pidfd_send_signal(self._first_fd, signal.SIGKILL)
        self._process.kill()


def _first_pid(info: int) -> int:
    """As bubblewrap tells it, in one object of JSON; 0: it ended before it could."""
    said = b""
    while b"}" not in said and (piece := os.read(info, 1000)):
        said += piece
    os.close(info)
    return int(json.loads(said)["child-pid"]) if said else 0


def _code(status: int | None) -> int | None:
    return status if status is None or status >= 0 else 128 - status
