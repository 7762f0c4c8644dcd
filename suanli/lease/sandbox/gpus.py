"""NVIDIA's GPUs of this machine: which there are, who uses them, and what a room needs of them.

All that is known of them comes from `nvidia-smi -q -x`, which every driver brings.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from suanli.lease.sandbox import held
from suanli.lease.sandbox.bounds import SandboxError

LIBRARIES = "/run/nvidia/lib"
"""Where a room finds the driver's libraries."""
PROGRAMS = "/run/nvidia/bin"
DEVICES = Path("/dev")
_EMPTY = 64 << 20
"""Bytes of a GPU's memory that its driver may keep although nobody uses it."""
_EMPTIES = 20.0
"""Seconds in which a driver gives back the memory of what has ended."""
_CONTROL = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset")
_NEEDED = ("nvidiactl", "nvidia-uvm")
_DRIVERS = re.compile(r"lib(cuda|cudadebugger|nvcuvid|nvidia-[a-z0-9-]+)\.so(\.\d+)+")
_FOLDERS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/local/nvidia/lib64", "/usr/lib")


@dataclass(frozen=True)
class Gpu:
    """`memory` in bytes; `cuda` is the newest version that its driver can do."""

    uuid: str
    model: str
    memory: int
    driver: str
    cuda: str
    minor: int


@dataclass(frozen=True)
class GpuState:
    """A GPU at one moment: bytes of memory in use, and processes that use it."""

    gpu: Gpu
    used: int
    pids: tuple[int, ...]
    is_split: bool
    """Into instances (MIG), which are not sold."""

    @property
    def is_empty(self) -> bool:
        return not self.pids and self.used <= _EMPTY


def look() -> dict[str, GpuState]:
    """The GPUs by UUID; none where there is no driver. Raises SandboxError."""
    if shutil.which("nvidia-smi") is None:
        return {}
    try:
        asked = subprocess.run(
            ["nvidia-smi", "-q", "-x"], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"nvidia-smi does not answer: {error}") from None
    if asked.returncode:
        said = (asked.stdout + asked.stderr).strip()
        raise SandboxError(f"nvidia-smi fails: {said[:500]}")
    try:
        return _read(ElementTree.fromstring(asked.stdout))
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise SandboxError(f"nvidia-smi says what can't be read: {error}") from None


def _read(log: ElementTree.Element) -> dict[str, GpuState]:
    driver, cuda = _text(log, "driver_version"), _text(log, "cuda_version")
    found = {}
    for one in log.iter("gpu"):
        gpu = Gpu(
            uuid=_text(one, "uuid"),
            model=_text(one, "product_name"),
            memory=_mib(_text(one, "fb_memory_usage/total")),
            driver=driver,
            cuda=cuda,
            minor=int(_text(one, "minor_number")),
        )
        pids = tuple(int(_text(user, "pid")) for user in one.iter("process_info"))
        used = _mib(_text(one, "fb_memory_usage/used"))
        split = (one.findtext("mig_mode/current_mig") or "").strip() == "Enabled"
        found[gpu.uuid] = GpuState(gpu, used, pids, split)
    return found


def _text(node: ElementTree.Element, path: str) -> str:
    text = node.findtext(path)
    if text is None:
        raise KeyError(path)
    return text.strip()


def _mib(text: str) -> int:
    number, unit = text.split()
    if unit != "MiB":
        raise ValueError(text)
    return int(number) << 20


def whole(seen: Mapping[str, GpuState]) -> list[Gpu]:
    """Those that can be sold, in the order of their device files."""
    found = [one.gpu for one in seen.values() if not one.is_split]
    return sorted(found, key=lambda gpu: gpu.minor)


def problems() -> Iterator[str]:
    """Why GPUs of this machine can't be passed to rooms, in sentences."""
    try:
        seen = look()
    except SandboxError as error:
        yield str(error)
        return
    for one in seen.values():
        if one.is_split:
            yield f"{one.gpu.model} is split into instances (MIG), which aren't sold"
    needed = [*_NEEDED, *(f"nvidia{gpu.minor}" for gpu in whole(seen))] if seen else []
    for name in needed:
        if not (DEVICES / name).exists():
            yield f"{DEVICES / name} is missing: run `nvidia-modprobe -u -c 0`, as root"
    if seen and not libraries():
        yield "libcuda.so.1 is not found: install the driver's libraries"


def take(uuid: str, locks: Path, patience: float = _EMPTIES) -> tuple[Gpu, int]:
    """A GPU that nobody uses, and the open file that keeps others away.

    Raises SandboxError: there is none of this UUID, it is leased, or its memory does not become
    empty.
    """
    if not re.fullmatch(r"GPU-[0-9a-f-]{8,64}", uuid):
        raise SandboxError(f"{uuid!r} is no GPU")
    if (lock := held.hold(locks / uuid)) is None:
        raise SandboxError(f"the GPU {uuid} is leased already")
    try:
        return _empty(uuid, patience), lock
    except BaseException:
        os.close(lock)
        raise


def _empty(uuid: str, patience: float) -> Gpu:
    until = time.monotonic() + patience
    while True:
        seen = look().get(uuid)
        if seen is None or seen.is_split:
            raise SandboxError(f"this machine has no whole GPU {uuid}")
        if seen.is_empty:
            return seen.gpu
        if time.monotonic() > until:
            users = f" by processes {', '.join(map(str, seen.pids))}" if seen.pids else ""
            raise SandboxError(
                f"the GPU {seen.gpu.model} ({uuid}) is not empty: {seen.used >> 20:,} MiB of its"
                f" memory are in use{users}; end what uses it"
            )
        time.sleep(0.2)


def device_files(leased: Sequence[Gpu]) -> dict[str, Path]:
    """What a room needs to reach these GPUs and no others: path in it to path here."""
    names = [*_CONTROL, *(f"nvidia{gpu.minor}" for gpu in leased)] if leased else []
    return {f"/dev/{name}": DEVICES / name for name in names if (DEVICES / name).exists()}


def libraries() -> dict[str, Path]:
    """The driver's libraries and nvidia-smi: path in a room to path here."""
    folder = _library_folder()
    if folder is None:
        return {}
    found = {
        f"{LIBRARIES}/{entry.name}": Path(os.path.realpath(entry.path))
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)
        if _DRIVERS.fullmatch(entry.name) and entry.is_file()
    }
    if program := shutil.which("nvidia-smi"):
        found[f"{PROGRAMS}/nvidia-smi"] = Path(os.path.realpath(program))
    return found


def _library_folder() -> Path | None:
    known = [Path(folder) for folder in _FOLDERS]
    ldconfig = shutil.which("ldconfig", path="/sbin:/usr/sbin:/bin:/usr/bin")
    if ldconfig is not None:
        told = subprocess.run([ldconfig, "-p"], capture_output=True, text=True).stdout
        lines = re.findall(r"libcuda\.so\.1 \(.*x86-64.*\) => (/.*)/libcuda\.so\.1", told)
        known = [*map(Path, lines), *known]
    return next((folder for folder in known if (folder / "libcuda.so.1").exists()), None)
