"""A room's keeper: a process of its own, with mounts and a network of its own.

It keeps what lasts from one program of the room to the next, its disk and its network, and ends
the room when its time is over, when it is told so, and when the daemon that started it is gone.
Its mounts end with it, so nothing is left of them whatever happens.

Started by `unshare`; reads lines of JSON from the daemon: the plan, then seconds that the room
lasts from then on. It says `ready` once there is a room.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from suanli.lease.sandbox.cgroups import Group
from suanli.lease.sandbox.network import RESOLVER

SHOWN = Path("/run/suanli")
"""Where a room's parts are, for whoever is in its mounts: also those who may not enter the folders
that they come from."""
KEPT = ("work", "tmp", "shm")
"""Folders of a room's disk."""


def main() -> None:
    plan = json.loads(_line(None) or "{}")
    group = Group({name: Path(path) for name, path in plan["folders"].items()})
    try:
        _furnish(plan)
        print("ready", flush=True)
        _keep(plan["seconds"])
    finally:
        group.kill()
        group.remove()


def _furnish(plan: dict[str, Any]) -> None:
    _mount("tmpfs", str(SHOWN), "-t", "tmpfs", "-o", "mode=0755,size=1m")
    disk = SHOWN / "disk"
    disk.mkdir()
    inodes = max(1024, plan["disk"] >> 12)
    options = f"size={plan['disk']},nr_inodes={inodes},mode=0755,nodev,nosuid"
    _mount("tmpfs", str(disk), "-t", "tmpfs", "-o", options)
    for name in KEPT:
        (disk / name).mkdir(mode=0o700)
        os.chown(disk / name, plan["user"], plan["user"])
    if plan["network"]:
        (SHOWN / "resolv.conf").write_text(RESOLVER)
    for number, source in enumerate(plan["shown"]):
        target = SHOWN / str(number)
        target.mkdir() if os.path.isdir(source) else target.touch()
        _mount(source, str(target), "--rbind")
    _loopback_up()


def _mount(source: str, target: str, *options: str) -> None:
    done = subprocess.run(["mount", *options, source, target], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"can't mount {source}: {done.stderr.strip()}")


def _loopback_up() -> None:
    """A new network has nothing but a loopback that is down."""
    get, put, up = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, get, asked))[1]
        fcntl.ioctl(any_socket, put, struct.pack("16sH14x", b"lo", flags | up))


def _keep(seconds: float) -> None:
    while seconds > 0:
        until = time.monotonic() + seconds
        line = _line(until)
        if not line:
            return
        seconds = float(json.loads(line))


def _line(until: float | None) -> str:
    """The daemon's next, or nothing once it is gone or the time is over."""
    line = bytearray()
    while not line.endswith(b"\n"):
        rest = None if until is None else max(0.0, until - time.monotonic())
        if not select.select([0], [], [], rest)[0]:
            return ""
        if not (byte := os.read(0, 1)):
            return ""
        line += byte
    return line.decode()
