"""The walls around a program of a room: bubblewrap on a root file system that the miner names."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from suanli.lease.sandbox.bounds import SandboxError
from suanli.lease.sandbox.gpus import LIBRARIES, PROGRAMS
from suanli.lease.sandbox.holder import SHOWN

WORK = "/work"
"""Where programs start, and where their files are kept."""
USER = 1000
"""Who programs are, as they see it."""
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
class View:
    """What a room sees and can't change."""

    shown: Mapping[str, Path]
    """Path in the room: path on this machine."""
    links: Mapping[str, str]
    devices: Mapping[str, Path]


def view(root: Path, more: Mapping[str, Path], devices: Mapping[str, Path]) -> View:
    """The root file system entry by entry, so that what the room has of its own finds its place.

    Raises SandboxError.
    """
    shown, links = {}, {}
    try:
        for entry in sorted(os.scandir(root.absolute()), key=lambda entry: entry.name):
            if entry.name not in _OURS and entry.is_symlink():
                links[f"/{entry.name}"] = os.readlink(entry.path)
            elif entry.name not in _OURS and entry.is_dir():
                shown[f"/{entry.name}"] = Path(entry.path)
    except OSError as error:
        raise SandboxError(f"the root file system can't be read: {error}") from None
    return View({**shown, **more}, links, devices)


def arguments(
    view: View, environment: Mapping[str, str], cwd: str, info: int, session: bool
) -> list[str]:
    """Of bwrap, up to the program. `info`: a file descriptor that learns its process."""
    return [
        "bwrap",
        *("--unshare-user", "--disable-userns", "--uid", str(USER), "--gid", str(USER)),
        *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--hostname", "room", "--die-with-parent", "--info-fd", str(info)),
        *(["--new-session"] if session else []),
        *(part for path, target in view.links.items() for part in ("--symlink", target, path)),
        *("--tmpfs", "/run"),
        *_bound("--ro-bind", {path: str(n) for n, path in enumerate(view.shown)}),
        *_bound("--bind", {WORK: "disk/work", "/tmp": "disk/tmp"}),
        *(_bound("--bind", {"/var/tmp": "disk/tmp"}) if _has(view, "var/tmp") else ()),
        *("--proc", "/proc", "--dev", "/dev"),
        *_bound("--bind", {"/dev/shm": "disk/shm"}),
        *(part for path, at in view.devices.items() for part in ("--dev-bind", str(at), path)),
        *(part for path in ("/run", "/dev", "/") for part in ("--remount-ro", path)),
        "--clearenv",
        *(
            part
            for name, value in {**ENVIRONMENT, **_drivers(view), **environment}.items()
            for part in ("--setenv", name, value)
        ),
        *("--chdir", cwd or WORK, "--"),
        *_shell(view, session),
    ]


def _drivers(view: View) -> dict[str, str]:
    """Where programs look for those of the room's GPUs."""
    if not view.devices:
        return {}
    return {"LD_LIBRARY_PATH": LIBRARIES, "PATH": f"{ENVIRONMENT['PATH']}:{PROGRAMS}"}


def _bound(how: str, places: Mapping[str, str]) -> Iterator[str]:
    for path, shown in places.items():
        yield from (how, str(SHOWN / shown), path)


def _has(view: View, path: str) -> bool:
    """Whether there is such a path in the root file system, where links lead."""
    top, _, rest = path.partition("/")
    top = view.links.get(f"/{top}", top)
    first, _, below = f"{top}/{rest}".strip("/").partition("/")
    folder = view.shown.get(f"/{first}")
    return folder is not None and os.path.lexists(folder / below)


def _shell(view: View, session: bool) -> list[str]:
    """Says what is not found as shells do. On a terminal the program has a session of its own:
    Ctrl-C is for that, and not for the bubblewrap around it."""
    if not _has(view, "bin/sh"):
        return []
    own = 'command -v setsid >/dev/null && exec setsid -c "$@"; '
    return ["/bin/sh", "-c", ("" if session else own) + 'exec "$@"', "sh"]
