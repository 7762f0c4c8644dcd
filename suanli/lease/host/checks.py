"""What is missing before a miner can sell sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from suanli.daemon import Finding
from suanli.lease.host.config import read
from suanli.lease.host.opening import FOLDER
from suanli.lease.host.rooms import SandboxRooms
from suanli.lease.sandbox import checks


def examine(path: Path, data: Path) -> Iterator[Finding]:
    """Of its file and its data; nothing, where the file says nothing of leases."""
    leasing = read(path)
    if leasing is None or not leasing.leases:
        return
    rooms = SandboxRooms(leasing, data / FOLDER)
    images = sorted({one.image for one in leasing.leases} - {""})
    wanted = [uuid for one in leasing.leases for uuid in one.gpus]
    yield from checks.findings(rooms.sandbox, images, wanted)
