"""An OCI image of this machine's own Python and shell, for machines that reach no registry."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from pathlib import Path

from suanli.lease.sandbox import Gpu, gpus

NAME = "localhost/check-gpu:1"
_PLACES = """\
import json, sys, sysconfig, os, _ctypes
places = os.path.realpath(sys.executable), sysconfig.get_path("stdlib"), _ctypes.__file__
print(json.dumps(places))
"""
_LEFT_OUT = ("test", "idlelib", "site-packages", "dist-packages", "__pycache__", "ensurepip")


def make(folder: Path, python: str) -> str:
    """The path of Python in it."""
    places = subprocess.check_output([python, "-c", _PLACES], text=True)
    program, library, ctypes = json.loads(places)
    drivers = {str(path) for path in gpus.libraries().values()}
    wanted = {program, "/bin/sh", ctypes}
    for path in wanted | drivers:
        told = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        needed = re.findall(r"(/\S+) \(0x", told)
        wanted |= {one for one in needed if str(Path(one).resolve()) not in drivers}
    tar = folder / "image.tar"
    with tarfile.open(tar, "w", dereference=True) as made:
        for path in sorted(wanted):
            if not path.startswith(f"{library}/"):
                made.add(path, path.lstrip("/"))
        made.add(library, library.lstrip("/"), filter=_needed)
    subprocess.run(["podman", "import", "--quiet", str(tar), NAME], check=True, capture_output=True)
    tar.unlink()
    return str(program)


def _needed(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if Path(entry.name).name in _LEFT_OUT else entry


def description(gpu: Gpu) -> str:
    """Of a GPU for podman, as `nvidia-ctk cdi generate` would write one (CDI, in JSON)."""
    mounts = [
        {"hostPath": str(path), "containerPath": name, "options": ["ro", "bind"]}
        for name, path in gpus.libraries().items()
    ]
    nodes = [{"path": str(path)} for path in gpus.device_files([gpu]).values()]
    edits = {
        "deviceNodes": nodes,
        "mounts": mounts,
        "env": [f"LD_LIBRARY_PATH={gpus.LIBRARIES}", "DESCRIBED=yes"],
    }
    device = {"name": gpu.uuid, "containerEdits": edits}
    return json.dumps({"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu", "devices": [device]})
