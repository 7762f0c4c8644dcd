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
from pathlib import Path
from typing import Protocol

_TIOCSIG = 0x40045436
_ENDS = 1.0
"""Seconds in which walls end whose first process was killed."""
_APPEARS = 5.0
"""Seconds in which a program that was started has a process group."""


class First(Protocol):
    """The first process in a program's walls."""

    def __call__(self) -> int:
        """0 as long as there is none."""
        ...

    def close(self) -> None: ...


class Process:
    """Its `stdin`, `stdout` and `stderr` are file descriptors, which the caller closes by `close`;
    on a terminal all three are one, of which `stdout` reads and `stdin` writes the same.

    `ended` is a file descriptor that can be read once it has ended: an event loop may wait for it.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        fds: tuple[int, int, int],
        by_terminal: bool,
        first: First,
    ) -> None:
        """`first` leads a group and is immune to signals. `by_terminal`: signals go to whichever
        group the terminal's keys go to."""
        self._process, self._by_terminal, self._first = process, by_terminal, first
        self.stdin, self.stdout, self.stderr = fds
        self.ended = os.pidfd_open(process.pid)

    def close_stdin(self) -> None:
        """The program reads the end of its input."""
        if self.stderr < 0:
            os.write(self.stdin, b"\x04")
        elif self.stdin >= 0:
            os.close(self.stdin)
            self.stdin = -1

    def signal(self, number: int) -> None:
        """To the program and its children, as a terminal's keys do."""
        if number == signal.SIGKILL:
            self._kill()
        elif self._by_terminal:
            fcntl.ioctl(self.stdin, _TIOCSIG, number)
        else:
            self._signal_group(number)

    def _signal_group(self, number: int) -> None:
        until = time.monotonic() + _APPEARS
        while self.poll() is None and time.monotonic() < until:
            if first := self._first():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(first, number)
                    return
            time.sleep(0.01)

    def resize(self, rows: int, columns: int) -> None:
        """Of its terminal."""
        if self.stderr < 0:
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
        """End it with all its children, if it runs, and close the file descriptors.

        Some kernels end what stands still only once it is thawed, or its room closed.
        """
        self._kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)
        self._first.close()
        for fd in {self.stdin, self.stdout, self.stderr, self.ended} - {-1}:
            with contextlib.suppress(OSError):
                os.close(fd)
        self.stdin = self.stdout = self.stderr = self.ended = -1

    def _kill(self) -> None:
        """With the first process all in the walls end, and the walls; what starts them is last."""
        if self.poll() is not None:
            return
        if first := self._first():
            with contextlib.suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDS)
        self._process.kill()


class ToldFirst:
    """The first process as bubblewrap tells it, in one object of JSON, sooner or later: in a
    frozen room once that is thawed."""

    def __init__(self, info: int) -> None:
        os.set_blocking(info, False)
        self._info, self._said = info, b""

    def __call__(self) -> int:
        with contextlib.suppress(BlockingIOError):
            while self._info >= 0:
                self._said += (piece := os.read(self._info, 1000))
                if not piece:
                    self.close()
        return int(json.loads(self._said)["child-pid"]) if b"}" in self._said else 0

    def close(self) -> None:
        if self._info >= 0:
            os.close(self._info)
            self._info = -1


class NotedFirst:
    """The first process as podman writes it into a file, sooner or later."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> int:
        try:
            return int(self._file.read_text() or 0)
        except (OSError, ValueError):
            return 0

    def close(self) -> None:
        """Nothing to close."""


def _code(status: int | None) -> int | None:
    return status if status is None or status >= 0 else 128 - status
