"""The walls around a program of a room: bubblewrap on a root file system that the miner names."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from suanli.lease.sandbox.bounds import SandboxError
from suanli.lease.sandbox.gpus import LIBRARIES, PROGRAMS, Gpu, device_files, libraries
from suanli.lease.sandbox.holder import SHOWN
from suanli.lease.sandbox.walls import WORK, Start

USER = 1000
"""Who programs are, as they see it."""
_RESOLVER = "/etc/resolv.conf"
_OURS = {"dev", "proc", "run", "sys", "tmp", "work"}
"""What a room has of its own, at the top of its root."""
ENVIRONMENT = {
    "HOME": WORK,
    "LANG": "C.UTF-8",
    "LOGNAME": "user",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "USER": "user",
}


@cache
def problem() -> str:
    """Why bubblewrap can't be used here; empty: it can."""
    found = shutil.which("bwrap")
    if found is None:
        return "bubblewrap is not installed (Debian: apt install bubblewrap)"
    told = subprocess.run([found, "--help"], capture_output=True, text=True).stdout
    if "--disable-userns" not in told:
        return "bubblewrap is older than 0.8: install a newer one"
    return ""


@dataclass(frozen=True)
class Bubblewrap:
    """Of one room: what it sees and can't change, as path in it and path on this machine."""

    files: Mapping[str, Path]
    links: Mapping[str, str]
    devices: Mapping[str, Path]
    network: bool = False
    as_user = True
    takes = (8, 0)

    @property
    def shown(self) -> Sequence[Path]:
        return tuple(self.files.values())

    def command(self, start: Start) -> list[str]:
        """Of bwrap, up to the program."""
        return [
            "bwrap",
            *("--unshare-user", "--disable-userns", "--uid", str(USER), "--gid", str(USER)),
            *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
            *("--hostname", "room", "--die-with-parent", "--info-fd", str(start.info)),
            *([] if start.tty else ["--new-session"]),
            *([] if start.rules < 0 else ["--seccomp", str(start.rules)]),
            *(part for path, target in self.links.items() for part in ("--symlink", target, path)),
            *("--tmpfs", "/run"),
            *_bound("--ro-bind", {path: str(n) for n, path in enumerate(self.files)}),
            *_bound("--bind", {WORK: "disk/work", "/tmp": "disk/tmp"}),
            *(_bound("--bind", {"/var/tmp": "disk/tmp"}) if self.has("var/tmp") else ()),
            *(_bound("--ro-bind", {_RESOLVER: "resolv.conf"}) if self._resolves else ()),
            *("--proc", "/proc", "--dev", "/dev"),
            *_bound("--bind", {"/dev/shm": "disk/shm"}),
            *(part for path, at in self.devices.items() for part in ("--dev-bind", str(at), path)),
            *(part for path in ("/run", "/dev", "/") for part in ("--remount-ro", path)),
            "--clearenv",
            *(part for pair in self._environment(start).items() for part in ("--setenv", *pair)),
            *("--chdir", start.cwd or WORK),
            *self._shell(start),
        ]

    def has(self, path: str) -> bool:
        """Whether there is such a path in the root file system, where links lead."""
        top, _, rest = path.partition("/")
        top = self.links.get(f"/{top}", top)
        first, _, below = f"{top}/{rest}".strip("/").partition("/")
        folder = self.files.get(f"/{first}")
        return folder is not None and os.path.lexists(folder / below)

    @property
    def _resolves(self) -> bool:
        return self.network and self.has(_RESOLVER.strip("/"))

    def _environment(self, start: Start) -> dict[str, str]:
        drivers = {"LD_LIBRARY_PATH": LIBRARIES, "PATH": f"{ENVIRONMENT['PATH']}:{PROGRAMS}"}
        return {**ENVIRONMENT, **(drivers if self.devices else {}), **start.environment}

    def _shell(self, start: Start) -> list[str]:
        """The first process in the walls: it says what is not found as shells do, and bubblewrap
        waits for its end and so for the end of all; for its own first process it does not. As
        such it is immune to signals, but for the one that some shells catch.

        On a terminal the program has a session of its own: Ctrl-C is for that alone.
        """
        if not self.has("bin/sh"):
            return ["--"]
        own = "$(command -v setsid && echo -c) " if start.tty else ""
        return ["--as-pid-1", "--", "/bin/sh", "-c", f'trap : INT; {own}"$@"; exit $?', "sh"]


def walls(root: Path, shared: Sequence[Path], leased: Sequence[Gpu], network: bool) -> Bubblewrap:
    """The root file system entry by entry, so that what the room has of its own finds its place.

    Raises SandboxError.
    """
    files, links = {}, {}
    try:
        for entry in sorted(os.scandir(root.absolute()), key=lambda entry: entry.name):
            if entry.name not in _OURS and entry.is_symlink():
                links[f"/{entry.name}"] = os.readlink(entry.path)
            elif entry.name not in _OURS and entry.is_dir():
                files[f"/{entry.name}"] = Path(entry.path)
    except OSError as error:
        raise SandboxError(f"the root file system can't be read: {error}") from None
    files |= {str(path.absolute()): path.absolute() for path in shared}
    files |= libraries() if leased else {}
    return Bubblewrap(files, links, device_files(leased), network)


def _bound(how: str, places: Mapping[str, str]) -> Iterator[str]:
    for path, shown in places.items():
        yield from (how, str(SHOWN / shown), path)
