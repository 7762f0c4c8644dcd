"""What miners of a devnet lease: rooms of this machine, which see its /usr and nothing more."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

RESOURCE, UNITS = 4, 2
"""cpu-hour: so many at a time."""
ASK = "0.36"
"""A ten-thousandth of a token for a second."""
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


def tables(channels: str, root: Path, port: int) -> str:
    """Of the file of a miner that takes sessions at this port."""
    return f"""
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
