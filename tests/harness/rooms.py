"""Rooms without walls, for tests of sessions where no sandbox can be had: programs of this user in
a folder, which stand still when they are to."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from suanli.lease.sandbox.room import heeding_signals


class LooseProgram:
    def __init__(self, process: subprocess.Popen[bytes], fds: tuple[int, int, int]) -> None:
        self.process = process
        self.stdin, self.stdout, self.stderr = fds
        self.ended = os.pidfd_open(process.pid)

    def close_stdin(self) -> None:
        os.close(self.stdin)
        self.stdin = -1

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def resize(self, rows: int, columns: int) -> None: ...

    def poll(self) -> int | None:
        code = self.process.poll()
        return code if code is None or code >= 0 else 128 - code

    def close(self) -> None:
        self.signal(signal.SIGKILL)
        self.process.wait()
        for fd in {self.stdin, self.stdout, self.stderr, self.ended} - {-1}:
            with contextlib.suppress(OSError):
                os.close(fd)
        self.stdin = self.stdout = self.stderr = self.ended = -1


@dataclass
class LooseRoom:
    folder: Path
    programs: list[LooseProgram] = field(default_factory=list)
    frozen: bool = False
    closed: bool = False
    lasts: float = 0
    """Seconds, as it was told last."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.ended, self._over = os.pipe()
        self._thawed = threading.Event()
        self._thawed.set()

    def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        cwd: str = "",
        tty: tuple[int, int] | None = None,
    ) -> LooseProgram:
        self._thawed.wait(10)
        command = [str(self.folder) if part == "/work" else part for part in argv]
        command = [*heeding_signals(), *command]
        if tty is None:
            pipes = [os.pipe(), os.pipe(), os.pipe()]
            theirs = (pipes[0][0], pipes[1][1], pipes[2][1])
            ours = (pipes[0][1], pipes[1][0], pipes[2][0])
        else:
            master, slave = pty.openpty()
            theirs, ours = (slave, slave, slave), (master, master, -1)
        process = subprocess.Popen(
            command,
            stdin=theirs[0],
            stdout=theirs[1],
            stderr=theirs[2],
            cwd=self.folder,
            start_new_session=True,
        )
        for fd in set(theirs):
            os.close(fd)
        self.programs.append(LooseProgram(process, ours))
        return self.programs[-1]

    def last(self, seconds: float) -> None:
        self.lasts = seconds

    def freeze(self) -> None:
        self.frozen = True
        self._thawed.clear()
        self._all(signal.SIGSTOP)

    def thaw(self) -> None:
        self.frozen = False
        self._thawed.set()
        self._all(signal.SIGCONT)

    def _all(self, number: int) -> None:
        for program in self.programs:
            if program.poll() is None:
                program.signal(number)

    def die(self) -> None:
        """As when it is ended by its keeper."""
        if self._over >= 0:
            os.close(self._over)
            self._over = -1

    def close(self) -> None:
        self._thawed.set()
        for program in self.programs:
            program.close()
        self.die()
        os.close(self.ended)
        shutil.rmtree(self.folder)
        self.closed = True


@dataclass
class LooseRooms:
    folder: Path
    made: list[LooseRoom] = field(default_factory=list)
    refuses: Exception | None = None

    def make(self, name: str, resource: int, units: int, seconds: float) -> LooseRoom:
        if self.refuses is not None:
            raise self.refuses
        self.made.append(LooseRoom(self.folder / name))
        return self.made[-1]
