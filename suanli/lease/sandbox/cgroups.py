"""What bounds a room's cores, memory and processes, and ends or stops them all at once.

The kernel has two interfaces: one tree for all (version 2, the usual) and one for each controller
(version 1). A `Group` is a room's place in either.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
_PERIOD = 100_000
"""Microseconds in which a room has its share of cores."""
_CONTROLLERS = {"cpu": "cores", "memory": "memory", "pids": "processes"}
# Should the whole machine have no memory left, the kernel ends a room, not the daemon.
JOIN = (
    'for door in $1; do echo $$ >"$door" || exit 125; done; shift;'
    " echo 1000 > /proc/self/oom_score_adj;"
)
"""Of a shell whose first argument are the doors of a group: it is in that, and shifts them away."""
_OWN = "daemon"
"""The cgroup below a delegated one that holds the daemon itself: processes live in leaves only."""


class NoCgroup(Exception):
    """Rooms can't be bounded; the message says why."""


@dataclass(frozen=True)
class Group:
    """One room's cgroup: its folder for each controller; in version 2 one, under the name ""."""

    folders: Mapping[str, Path]

    @property
    def doors(self) -> list[str]:
        """Files that take the id of a process that shall be in it."""
        return [str(folder / "cgroup.procs") for folder in self.folders.values()]

    def bound(self, cores: float, memory: int, processes: int) -> None:
        """Raises OSError where the kernel takes no bound."""
        quota = max(1000, round(cores * _PERIOD))
        if "" in self.folders:
            folder = self.folders[""]
            (folder / "cpu.max").write_text(f"{quota} {_PERIOD}")
            (folder / "memory.max").write_text(str(memory))
            _where_it_is(folder / "memory.swap.max", "0")
            (folder / "pids.max").write_text(str(processes))
            return
        cpu, ram = self.folders["cpu"], self.folders["memory"]
        (cpu / "cpu.cfs_period_us").write_text(str(_PERIOD))
        (cpu / "cpu.cfs_quota_us").write_text(str(quota))
        (ram / "memory.limit_in_bytes").write_text(str(memory))
        _where_it_is(ram / "memory.memsw.limit_in_bytes", str(memory))
        (self.folders["pids"] / "pids.max").write_text(str(processes))

    def freeze(self, still: bool) -> None:
        """All stand still, or go on."""
        if "" in self.folders:
            (self.folders[""] / "cgroup.freeze").write_text("1" if still else "0")
        else:
            (self.folders["freezer"] / "freezer.state").write_text("FROZEN" if still else "THAWED")

    def killed_for_memory(self) -> int:
        """How many processes the kernel ended since they had no memory left."""
        name = "memory.events" if "" in self.folders else "memory.oom_control"
        folder = self.folders.get("") or self.folders["memory"]
        with contextlib.suppress(OSError):
            for line in (folder / name).read_text().splitlines():
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
        return 0

    def pids(self) -> set[int]:
        found: set[int] = set()
        for folder in self.folders.values():
            with contextlib.suppress(FileNotFoundError):
                found.update(map(int, (folder / "cgroup.procs").read_text().split()))
        return found

    def kill(self, seconds: float = 10) -> bool:
        """End all, fork bombs and what stands still as well; whether none is left."""
        until = time.monotonic() + seconds
        pause = 0.001
        while True:
            with contextlib.suppress(OSError):
                (self.folders.get("") or self.folders["pids"]).joinpath("pids.max").write_text("0")
            with contextlib.suppress(OSError, KeyError):
                (self.folders[""] / "cgroup.kill").write_text("1")
            left = self.pids()
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                self.freeze(False)
            if not left or time.monotonic() > until:
                return not left
            time.sleep(pause)
            pause = min(2 * pause, 0.1)

    def remove(self, seconds: float = 10) -> None:
        """Once nothing runs in it; what is still ending counts for the kernel, and is waited for.

        Raises OSError where something does run.
        """
        until = time.monotonic() + seconds
        for folder in self.folders.values():
            while folder.exists():
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break  # by a daemon and a keeper at once
                except OSError as error:
                    if error.errno != errno.EBUSY or time.monotonic() > until:
                        raise
                    time.sleep(0.01)


@dataclass(frozen=True)
class Cgroups:
    """Where rooms' cgroups are made."""

    parents: Mapping[str, Path]

    def make(self, name: str) -> Group:
        """Raises NoCgroup."""
        folders = {controller: parent / name for controller, parent in self.parents.items()}
        try:
            for folder in folders.values():
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NoCgroup(f"no cgroup can be made: {error}") from None
        return Group(folders)


def find(parent: str = "", mount: Path = MOUNT) -> Cgroups:
    """Below `parent`, a path as /proc/self/cgroup shows it, or the usual place.

    Raises NoCgroup.
    """
    if (mount / "cgroup.controllers").exists():
        place = mount / parent.strip("/") if parent else _delegated(mount)
        _let_in(place, mount)
        return Cgroups({"": place})
    folders = {name: mount / name for name in (*_CONTROLLERS, "freezer")}
    if lacking := [name for name, folder in folders.items() if not folder.is_dir()]:
        raise NoCgroup(f"this kernel has no cgroups for {', '.join(lacking)} at {mount}")
    places = {name: folder / (parent.strip("/") or "suanli") for name, folder in folders.items()}
    for name, place in places.items():
        if not os.access(place if place.exists() else folders[name], os.W_OK):
            raise NoCgroup(f"{place} can't be written: run the miner as root")
    return Cgroups(places)


def _delegated(mount: Path) -> Path:
    """What this process may divide (version 2)."""
    own = mount / _own_path().strip("/")
    if own.name == _OWN:
        return own.parent
    is_whole = not (mount / "cgroup.type").exists()
    if os.geteuid() == 0 and is_whole and not _is_delegated(own):
        return mount / "suanli"
    if not os.access(own / "cgroup.procs", os.W_OK):
        raise NoCgroup(
            f"{own} is not this user's to divide: run the miner as a systemd service with"
            " Delegate=yes, or as root"
        )
    daemon = own / _OWN
    daemon.mkdir(exist_ok=True)
    for pid in (own / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            (daemon / "cgroup.procs").write_text(pid)
    return own


def _is_delegated(own: Path) -> bool:
    """As systemd marks what it leaves to a service."""
    for name in ("trusted.delegate", "user.delegate"):
        with contextlib.suppress(OSError):
            if os.getxattr(own, name) == b"1":
                return True
    return False


def _own_path() -> str:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return line[3:]
    return "/"


def _let_in(place: Path, mount: Path) -> None:
    """Controllers for the cgroups below it (version 2)."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        control = " ".join(f"+{name}" for name in _CONTROLLERS)
        if place.parent == mount and os.geteuid() == 0:
            (mount / "cgroup.subtree_control").write_text(control)
        lacking = set(_CONTROLLERS) - set((place / "cgroup.controllers").read_text().split())
        if lacking:
            raise NoCgroup(
                f"{place} has no controller for {', '.join(sorted(lacking))}: have systemd delegate"
                ' it (Delegate="cpu memory pids")'
            )
        (place / "cgroup.subtree_control").write_text(control)
    except OSError as error:
        raise NoCgroup(f"{place} can't be divided: {error}") from None


def _where_it_is(path: Path, value: str) -> None:
    """Kernels without swap have no bound for it."""
    if path.exists():
        path.write_text(value)
