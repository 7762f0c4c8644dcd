"""What miners of a devnet lease: rooms of this machine, which see its /usr and nothing more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from suanli.lease.sandbox import SandboxError, gpus

RESOURCE, UNITS = 4, 2
"""cpu-hour: so many at a time."""
GPU_RESOURCE = 3
"""gpu-hour."""
ASK = "0.36"
"""A ten-thousandth of a token for a second."""
GPU_ASK = "3.6"
TOKENS = 100
"""For the stake of these units."""
STEP = 4
"""Seconds."""


def root_in(folder: Path) -> Path:
    """A root file system of this machine's /usr alone."""
    root = folder / "root"
    for name in ("etc", "usr", "var/tmp"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("bin", "lib", "lib64", "sbin"):
        if (Path("/") / name).is_symlink():
            with suppress(FileExistsError):
                (root / name).symlink_to(f"usr/{name}")
    return root


def swarm(channels: str) -> str:
    """Of the file of a miner that takes tasks for vouchers."""
    return f"""
[swarm]
channels = "{channels}"
listen = "127.0.0.1:0"
"""


def gpus_here() -> list[str]:
    """UUIDs of this machine's; none where its driver does not tell."""
    with suppress(SandboxError):
        return [gpu.uuid for gpu in gpus.whole(gpus.look())]
    return []


def tables(
    channels: str, root: Path, port: int, leased: Sequence[str] = (), image: str = ""
) -> str:
    """Of the file of a miner that takes sessions at this port, and leases these GPUs; `image`: its
    rooms are of this OCI image."""
    whole = f"""
[leasing]
channels = "{channels}"
root = {json.dumps(str(root))}
shared = ["/usr"]
listen = "127.0.0.1:{port}"
addresses = ["ws://127.0.0.1:{port}"]
step = {STEP}

[[lease]]
resource = {RESOURCE}
units = {UNITS}
ask = "{ASK}"
longest = 86400
cores = 1
memory = "512 MiB"
disk = "256 MiB"
"""
    if image:
        whole += f"image = {json.dumps(image)}\n"
    if leased:
        whole += f"""
[[lease]]
resource = {GPU_RESOURCE}
units = {len(leased)}
gpus = {json.dumps(list(leased))}
ask = "{GPU_ASK}"
cores = 2
memory = "8 GiB"
disk = "1 GiB"
"""
    return whole
