"""The walls around a program of a room: podman, on an OCI image that the miner has.

Podman's own notes of containers lie in the room, so that nothing of them outlives it; images come
from where the miner keeps them, and none is fetched.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from suanli.lease.sandbox.bounds import SandboxError
from suanli.lease.sandbox.gpus import LIBRARIES, Gpu, device_files, libraries
from suanli.lease.sandbox.holder import SHOWN
from suanli.lease.sandbox.walls import USERS, WORK, Start

_CDI = (Path("/etc/cdi"), Path("/var/run/cdi"))
_INIT = ("catatonit", "tini", "dumb-init")
_DISK = {"work": WORK, "tmp": "/tmp", "shm": "/dev/shm"}


@cache
def problem() -> str:
    """Why podman can't be used here; empty: it can."""
    try:
        _store()
    except SandboxError as error:
        return str(error)
    return ""


def _store() -> str:
    """Where the miner's images are."""
    if shutil.which("podman") is None:
        raise SandboxError("podman is not installed (Debian: apt install podman crun catatonit)")
    form = "{{.Store.GraphDriverName}} {{.Store.GraphRoot}}"
    asked = subprocess.run(["podman", "info", "--format", form], capture_output=True, text=True)
    driver, _, folder = asked.stdout.strip().partition(" ")
    if asked.returncode or not folder:
        raise SandboxError(f"podman does not work: {asked.stderr.strip()[:500]}")
    if driver != "overlay":
        raise SandboxError(f"podman stores images by {driver}: rooms take overlay")
    return folder


def walls(image: str, user: int, leased: Sequence[Gpu], network: bool) -> Podman:
    """Raises SandboxError, unless the miner has an image of this name."""
    store = _store()
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z_.:/@-]{0,200}", image):
        raise SandboxError(f"{image!r} is no name of an image")
    if subprocess.run(["podman", "image", "exists", image], capture_output=True).returncode:
        raise SandboxError(f"there is no image {image} here: `podman pull` it first")
    return Podman(image, user, leased, store, network)


@dataclass(frozen=True)
class Podman:
    """Of one room."""

    image: str
    user: int
    leased: Sequence[Gpu]
    store: str
    network: bool = False
    as_user = False
    takes = (64, 128 << 20)

    @property
    def shown(self) -> Sequence[Path]:
        return () if self._devices_by_name else tuple(self._libraries.values())

    @property
    def _libraries(self) -> dict[str, Path]:
        return libraries() if self.leased else {}

    @property
    def _devices_by_name(self) -> list[str]:
        """As the driver's own description of them names them (CDI), if there is one."""
        said = "".join(
            path.read_text(errors="replace")
            for folder in _CDI
            for path in sorted(folder.glob("*"))
            if path.suffix in (".yaml", ".json")
        )
        named = [gpu.uuid for gpu in self.leased if gpu.uuid in said]
        return (
            [f"nvidia.com/gpu={uuid}" for uuid in named] if len(named) == len(self.leased) else []
        )

    def command(self, start: Start) -> list[str]:
        return [
            *("podman", "--root", str(SHOWN / "podman"), "--runroot", str(SHOWN / "podman-run")),
            *("--tmpdir", str(SHOWN / "podman-tmp"), "--events-backend", "none"),
            *("--storage-driver", "overlay"),
            *("--storage-opt", f"additionalimagestore={self.store}"),
            *("run", "--rm", "--interactive", "--pull", "never", "--log-driver", "none"),
            *(["--tty"] if start.tty else []),
            *("--pidfile", start.pid_file, "--cgroups", "disabled", "--network", "host"),
            *("--read-only", "--read-only-tmpfs=false", "--cap-drop", "all"),
            *("--security-opt", "no-new-privileges", "--ulimit", "nofile=1024:4096"),
            *(
                "--ulimit",
                "core=1:1",
                "--ulimit",
                "nproc=32768:32768",
                "--hostname",
                "room",
                "--user",
                "0:0",
            ),
            *("--uidmap", f"0:{self.user}:{USERS}", "--gidmap", f"0:{self.user}:{USERS}"),
            *(["--init"] if _has_init() else []),
            *(
                part
                for name, at in _DISK.items()
                for part in ("--volume", f"{SHOWN}/disk/{name}:{at}")
            ),
            *(["--volume", f"{SHOWN}/resolv.conf:/etc/resolv.conf:ro"] if self.network else []),
            *self._gpus(),
            *(
                part
                for name, text in self._environment(start).items()
                for part in ("--env", f"{name}={text}")
            ),
            *("--workdir", start.cwd or WORK, "--entrypoint", "[]", "--", self.image),
        ]

    def _environment(self, start: Start) -> Mapping[str, str]:
        drivers = {"LD_LIBRARY_PATH": LIBRARIES} if self.shown else {}
        return {"HOME": WORK, **drivers, **start.environment}

    def _gpus(self) -> Iterator[str]:
        if named := self._devices_by_name:
            for device in named:
                yield from ("--device", device)
            return
        for path, at in device_files(self.leased).items():
            yield from ("--device", f"{at}:{path}:rw")
        for number, path in enumerate(self._libraries):
            yield from ("--volume", f"{SHOWN}/{number}:{path}:ro")


@cache
def _has_init() -> bool:
    """Whether podman finds a first process that passes signals on."""
    places = ("/usr/libexec/podman", "/usr/lib/podman", "/usr/local/libexec/podman")
    found = any((Path(folder) / "catatonit").exists() for folder in places)
    return found or shutil.which("catatonit") is not None
