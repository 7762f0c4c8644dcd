"""What a miner's check says of rooms: which bounds hold, which are missing, what a room has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from suanli.base.errors import SuanliError
from suanli.daemon import Finding
from suanli.lease.sandbox import cgroups, gpus
from suanli.lease.sandbox.bounds import RoomBounds, SandboxError
from suanli.lease.sandbox.sandbox import Sandbox

_TRIED = RoomBounds(cores=1, memory=256 << 20, disk=16 << 20, processes=32, seconds=60)
_USED = ("sh", "tar", "setsid")
"""Programs of a root file system that sessions use: they say what is not found, carry files,
and give a terminal's program a session of its own."""


def findings(
    sandbox: Sandbox, images: Sequence[str] = (), wanted: Sequence[str] = ()
) -> Iterator[Finding]:
    """Opens a room of the root file system, if one is named, and one of each of these images.
    `wanted`: UUIDs of the GPUs that are to be leased."""
    if problems := sandbox.problems():
        yield from (Finding("sandbox", False, text) for text in problems)
        yield Finding("sandbox", False, "no sessions are sold to strangers until that is mended")
        return
    kind = "version 2" if "" in cgroups.find(sandbox.settings.cgroup).parents else "version 1"
    bounds = f"cores, memory and processes bounded by cgroups ({kind}), disk by a sized tmpfs"
    yield Finding("sandbox", True, f"{bounds}, time by this machine's clock")
    for image in ("", *images) if sandbox.settings.root else images:
        yield _tried(sandbox, image)
    yield from _gpus(sandbox, wanted)


def system_of(root: Path) -> str:
    """What a root file system says that it is, such as "Debian GNU/Linux 12 (bookworm)"."""
    for name in ("etc/os-release", "usr/lib/os-release"):
        try:
            said = (root / name).read_text(errors="replace")
        except OSError:
            continue
        if found := re.search(r'^PRETTY_NAME="?([^"\n]{1,80})', said, re.MULTILINE):
            return found[1]
    return ""


def _tried(sandbox: Sandbox, image: str) -> Finding:
    what = f"image {image}" if image else f"root {sandbox.settings.root}"
    try:
        bounds = RoomBounds(**{**vars(_TRIED), "image": image})
        room = sandbox.open(f"check-{os.getpid()}", bounds)
        try:
            seek = "for name; do command -v $name > /dev/null || echo $name; done"
            process = room.start(["/bin/sh", "-c", seek, "sh", *_USED])
            process.close_stdin()
            lacking = os.read(process.stdout, 1000).decode().split()
            errors = os.read(process.stderr, 1000).decode(errors="replace").strip()
            code = process.wait(30)
        finally:
            room.close()
    except SuanliError as error:
        return Finding("room", False, f"{what}: {error}")
    if code:
        return Finding("room", False, f"{what}: a program in it fails: {errors or code}")
    if lacking:
        return Finding("room", False, f"{what} has no {', '.join(lacking)}: add it")
    system = system_of(sandbox.settings.root) if sandbox.settings.root and not image else ""
    return Finding("room", True, what + (f", {system}" if system else ""))


def _gpus(sandbox: Sandbox, wanted: Sequence[str]) -> Iterator[Finding]:
    """Also those that aren't leased, so that their UUIDs can be copied."""
    yield from (Finding("gpu", False, text) for text in gpus.problems())
    try:
        present = sandbox.gpus()
        for uuid in sorted({*wanted} - {gpu.uuid for gpu in present}):
            yield Finding("gpu", False, f"{uuid} is not here: remove it, or mend the driver")
        for gpu in present:
            size, versions = gpu.memory >> 30, f"driver {gpu.driver}, CUDA {gpu.cuda}"
            yield Finding("gpu", True, f"{gpu.model}, {size} GiB, {versions}: {gpu.uuid}")
    except SandboxError:
        return  # told above
