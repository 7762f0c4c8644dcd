"""One tenant's room: opened, used by one program after another, closed without leftovers."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from suanli.lease.sandbox import network, seccomp
from suanli.lease.sandbox.bounds import RoomBounds, SandboxError
from suanli.lease.sandbox.cgroups import JOIN, Group
from suanli.lease.sandbox.holder import SHOWN
from suanli.lease.sandbox.process import NotedFirst, Process, ToldFirst
from suanli.lease.sandbox.walls import Start, Walls

# Not by exec: bubblewrap ends with its parent, which must not be a thread of the daemon.
_JOIN = f'{JOIN} "$@"; exit $?'
_HOLD = """\
import sys
sys.path.insert(0, sys.argv[1])
from suanli.lease.sandbox.holder import main
main()
"""
_ENDS = 30.0
# With 1 nothing is written, and no program of the machine's is asked to.
_NO_CORE = "1:1"
_PATH = {"PATH": os.defpath + ":/usr/sbin:/sbin"}
# Python ignores it itself, and undoes that for what it starts.
_UNDONE = {signal.SIGPIPE, signal.SIGXFSZ}


class Room:
    """What `Sandbox.open` gives. May be used by one thread at a time."""

    def __init__(
        self,
        group: Group,
        bounds: RoomBounds,
        user: int,
        walls: Walls,
        locks: Sequence[int],
    ) -> None:
        """`locks`: open files that the room keeps open as long as anything of it is there."""
        self._group, self._user, self._walls = group, user, walls
        self._processes: list[Process] = []
        self._started = 0
        self._lock = threading.Lock()
        try:
            processes, memory = walls.takes
            memory += bounds.memory + bounds.disk
            processes += network.PROCESSES if bounds.network else 0
            group.bound(bounds.cores, memory, bounds.processes + processes)
        except OSError as error:
            group.remove()
            raise SandboxError(f"the kernel takes none of a room's bounds: {error}") from None
        self._holder = _hold(group, bounds, user, walls, locks)
        self._speaker = None
        if bounds.network:
            try:
                self._speaker = network.connect(group, self._holder.pid)
            except SandboxError:
                self._end_holder()
                raise
        self.ended = os.pidfd_open(self._holder.pid)
        """A file descriptor that can be read once the room is over, for an event loop."""
        self._last_words: list[Callable[[], None]] = []

    def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        cwd: str = "",
        tty: tuple[int, int] | None = None,
    ) -> Process:
        """A program; `tty` are rows and columns of the terminal that it has, if it has one.

        What it leaves running ends with it. Raises SandboxError.
        """
        if not argv or any("\0" in text for text in (*argv, *(env or {}), *(env or {}).values())):
            raise SandboxError("a program needs a name, and no text of it may hold a zero byte")
        if self._holder.poll() is not None:
            raise SandboxError(f"the room is over{self._last_words_of_holder()}")
        self._started += 1
        pid_file = f"{SHOWN}/pid-{self._started}"
        said, info = os.pipe()
        rules = seccomp.opened() if self._walls.as_user else -1
        start = Start(env or {}, cwd, tty is not None, info, rules, pid_file)
        command = [*self._entering(start.tty), *self._walls.command(start), *argv]
        try:
            process, fds = _run(
                command, {info, rules} - {-1}, tty, leads=self._walls.as_user or not start.tty
            )
        except OSError as error:
            os.close(said)
            raise SandboxError(f"the program can't be started: {error}") from None
        finally:
            _close([info, rules])
        if self._walls.as_user:
            found = Process(process, fds, start.tty, ToldFirst(said))
        else:
            os.close(said)
            noted = Path(f"/proc/{self._holder.pid}/root{pid_file}")
            found = Process(process, fds, False, NotedFirst(noted))
        self._processes = [one for one in self._processes if one.ended >= 0 or one.poll() is None]
        self._processes.append(found)
        return found

    def _entering(self, tty: bool) -> list[str]:
        """Into the room's bounds, mounts and network, as its user."""
        inside = f"/proc/{self._holder.pid}/ns"
        user = str(self._user)
        return [
            *heeding_signals(),
            *([] if self._walls.as_user or not tty else ["setsid", "--ctty"]),
            *("/bin/sh", "-c", _JOIN, "sh", " ".join(self._group.doors)),
            *("nsenter", f"--mount={inside}/mnt", f"--net={inside}/net", "--"),
            *("prlimit", f"--core={_NO_CORE}", "--"),
            *(
                ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--")
                if self._walls.as_user
                else ()
            ),
        ]

    def freeze(self) -> None:
        """All stand still until `thaw`; the time goes on."""
        self._group.freeze(True)

    def thaw(self) -> None:
        self._group.freeze(False)

    def last(self, seconds: float) -> None:
        """The room ends these seconds from now, not when it was said before."""
        assert self._holder.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._holder.stdin.write(f"{seconds}\n".encode())
            self._holder.stdin.flush()

    @property
    def killed_for_memory(self) -> int:
        """How many of its processes the kernel ended since the room's memory was full."""
        return self._group.killed_for_memory()

    def when_closed(self, act: Callable[[], None]) -> None:
        """Done once, after nothing of it runs."""
        self._last_words.append(act)

    def close(self) -> None:
        """End all that runs in it; nothing is left. Raises SandboxError where something is."""
        with self._lock:
            self._end_holder()
            for process in self._processes:
                process.close()
            self._processes.clear()
            if self.ended >= 0:
                os.close(self.ended)
                self.ended = -1
            end(self._group)
            if self._speaker is not None:
                self._speaker.wait()
            while self._last_words:
                self._last_words.pop()()

    def _last_words_of_holder(self) -> str:
        """Nothing, if it ended as it should."""
        assert self._holder.stderr is not None
        if self._holder.stderr.closed:
            return ""
        said = self._holder.stderr.read().decode(errors="replace").strip()
        return f": {said[-500:]}" if said else ""

    def _end_holder(self) -> None:
        assert self._holder.stdin is not None
        with contextlib.suppress(OSError):
            self._holder.stdin.close()
        try:
            self._holder.wait(_ENDS)
        except subprocess.TimeoutExpired:
            self._holder.kill()
            self._holder.wait()
        assert self._holder.stdout is not None
        assert self._holder.stderr is not None
        self._holder.stdout.close()
        self._holder.stderr.close()


def end(group: Group) -> None:
    """Raises SandboxError if a process outlives it."""
    if not group.kill():
        pids = ", ".join(map(str, sorted(group.pids())))
        raise SandboxError(f"processes of a room can't be ended: {pids}")
    try:
        group.remove()
    except OSError as error:
        raise SandboxError(f"the cgroup of a room can't be removed: {error}") from None


def _hold(
    group: Group, bounds: RoomBounds, user: int, walls: Walls, locks: Sequence[int]
) -> subprocess.Popen[bytes]:
    """The keeper, once the room is there."""
    package = str(Path(__file__).parents[3])
    keeper = [sys.executable, "-I", "-S", "-c", _HOLD, package]
    holder = subprocess.Popen(
        ["unshare", "--mount", "--net", "--propagation", "private", "--", *keeper],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=locks,
        env=_PATH,
        cwd="/",
        start_new_session=True,
    )
    plan = {
        "disk": bounds.disk,
        "folders": {name: str(folder) for name, folder in group.folders.items()},
        "network": bounds.network,
        "seconds": bounds.seconds,
        "shown": [str(path) for path in walls.shown],
        "user": user,
    }
    assert holder.stdin is not None
    assert holder.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        holder.stdin.write(json.dumps(plan).encode() + b"\n")
        holder.stdin.flush()
    if holder.stdout.readline() != b"ready\n":
        _, why = holder.communicate()
        end(group)
        raise SandboxError(f"a room can't be made: {why.decode(errors='replace').strip()}")
    return holder


def heeding_signals() -> list[str]:
    """In front of a command: it heeds the signals that this process ignores, as a daemon does that
    a script started in the background or by nohup. Else a tenant's Ctrl-C would do nothing."""
    ignored = [
        one.name.removeprefix("SIG")
        for one in sorted(signal.Signals)
        if one not in _UNDONE and signal.getsignal(one) is signal.SIG_IGN
    ]
    return ["env", f"--default-signal={','.join(ignored)}"] if ignored else []


def _run(
    command: list[str], kept: Collection[int], tty: tuple[int, int] | None, leads: bool
) -> tuple[subprocess.Popen[bytes], tuple[int, int, int]]:
    """The process, and this side of its input, output and errors."""
    if tty is None:
        pipes = [os.pipe(), os.pipe(), os.pipe()]
        theirs = (pipes[0][0], pipes[1][1], pipes[2][1])
        ours = (pipes[0][1], pipes[1][0], pipes[2][0])
    else:
        master, slave = pty.openpty()
        termios.tcsetwinsize(master, tty)
        theirs, ours = (slave, slave, slave), (master, master, -1)
    try:
        process = subprocess.Popen(
            command,
            stdin=theirs[0],
            stdout=theirs[1],
            stderr=theirs[2],
            pass_fds=tuple(kept),
            env=_PATH,
            cwd="/",
            start_new_session=leads,
        )
    except OSError:
        _close(ours)
        raise
    finally:
        _close(theirs)
    return process, ours


def _close(fds: Sequence[int]) -> None:
    for fd in set(fds) - {-1}:
        os.close(fd)
