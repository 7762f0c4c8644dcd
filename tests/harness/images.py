"""An OCI image of Debian's packages, where podman and mmdebstrap are installed."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from suanli.lease.sandbox import RoomBounds, Sandbox

IMAGE = "localhost/suanli-test-room:1"


def require_image(folder: Path) -> str:
    """Its name; made in the folder unless it is there. Skips where it can't be made."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")
    if subprocess.run(["podman", "image", "exists", IMAGE]).returncode:
        if shutil.which("mmdebstrap") is None:
            pytest.skip("mmdebstrap is not installed: no image can be made")
        tar = folder / "root.tar"
        here = platform.freedesktop_os_release()
        suite = here["VERSION_CODENAME"] if here["ID"] == "debian" else "stable"
        made = ["mmdebstrap", "--quiet", "--variant=minbase", suite, str(tar)]
        if (done := subprocess.run(made, capture_output=True, text=True)).returncode:
            pytest.skip(f"mmdebstrap makes no root: {done.stderr[-300:]}")
        subprocess.run(["podman", "import", "--quiet", str(tar), IMAGE], check=True)
    return IMAGE


def require_starts(sandbox: Sandbox) -> None:
    """Skips with podman's reason where it starts no container."""
    bounds = RoomBounds(1, 64 << 20, 8 << 20, 20, 60, image=IMAGE)
    room = sandbox.open(f"image-tried-{os.getpid()}", bounds)
    try:
        process = room.start(["true"])
        process.close_stdin()
        if process.wait(60):
            why = os.read(process.stderr, 1_000).decode(errors="replace").strip()
            pytest.skip(f"podman can't start a container here: {why}")
    finally:
        room.close()
