"""A network for a room whose miner gives it one: what the machine reaches, but for the machine.

`slirp4netns` speaks for the room in the room's own cgroup, so that it stands still and ends with
it; the machine's loopback is not reached.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess

from suanli.lease.sandbox.bounds import SandboxError
from suanli.lease.sandbox.cgroups import JOIN, Group

PROCESSES = 4
"""That it takes."""
RESOLVER = "nameserver 10.0.2.3\n"
"""Asks whom the machine asks."""
_STARTS = 10.0


def problem() -> str:
    """Why rooms can't have a network; empty: they can."""
    if shutil.which("slirp4netns") is None:
        return "rooms get no network: install slirp4netns (Debian: apt install slirp4netns)"
    return ""


def connect(group: Group, keeper: int) -> subprocess.Popen[bytes]:
    """What speaks for the network of this process, a room's keeper. Raises SandboxError."""
    if why := problem():
        raise SandboxError(why)
    told, ready = os.pipe()
    speak = [
        *("slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback"),
        *("--enable-sandbox", "--enable-seccomp", f"--ready-fd={ready}", str(keeper), "tap0"),
    ]
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f'{JOIN} exec "$@"', "sh", " ".join(group.doors), *speak],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[ready],
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(ready)
    assert process.stderr is not None
    with open(told, "rb", buffering=0) as end, process.stderr:
        if select.select([end], [], [], _STARTS)[0] and end.read(1):
            return process
        process.kill()
        process.wait()
        why = process.stderr.read(1000).decode(errors="replace").strip()
    raise SandboxError(f"a room can't have a network: {why}")
