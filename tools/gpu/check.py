"""`make check-gpu`: rooms with a GPU, on a machine that has one; at most three minutes.

Takes root, bubblewrap, util-linux and the driver; a lease on a market takes this project's packages
and Anvil, too, and is left out without. Prints what was seen and writes reports/gpu.json; ends with
1 if anything is wrong.
"""

from __future__ import annotations

import json
import os
import platform
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from suanli.lease.sandbox import (
    Gpu,
    Process,
    Room,
    RoomBounds,
    Sandbox,
    SandboxError,
    SandboxSettings,
    cgroups,
    gpus,
    podman,
)
from tools.gpu import image, lease

GIB = 1 << 30
PROGRAM = Path(__file__).with_name("in_room.py").read_text()
TORCH = """\
import json, time, torch
a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
b = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
for _ in range(3): a @ b
torch.cuda.synchronize(); start = time.perf_counter()
for _ in range(20): a @ b
torch.cuda.synchronize(); took = time.perf_counter() - start
small = torch.arange(16.).reshape(4, 4)
there = small.to("cuda")
print(json.dumps({"model": torch.cuda.get_device_name(), "torch": torch.__version__,
    "right": torch.equal((there @ there).cpu(), small @ small),
    "tflops": round(20 * 2 * 8192**3 / took / 1e12)}))
"""
WORK = 100_000
"""Kernels: some seconds' worth."""
_PATIENCE = 60.0


class Wrong(Exception):
    """What was seen is not what must be."""


FAULTS = Wrong, SandboxError, lease.LeaseFailed, OSError, ValueError, subprocess.SubprocessError


def require(right: bool, what: str) -> None:
    if not right:
        raise Wrong(what)


@dataclass
class Check:
    """Rooms to check with."""

    folder: Path
    gpu: Gpu
    python: str
    seen: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        root, shared = machine_as_root(self.folder / "root", self.python)
        self.settings = SandboxSettings(self.folder / "miner", root, tuple(shared))
        self.sandbox = Sandbox(self.settings)

    def bounds(self, *, with_gpu: bool) -> RoomBounds:
        leased = (self.gpu.uuid,) if with_gpu else ()
        return RoomBounds(8, 24 * GIB, GIB, 500, 170, gpus=leased)

    def room(self, name: str, *, with_gpu: bool = True) -> Room:
        return self.sandbox.open(name, self.bounds(with_gpu=with_gpu))

    def step(self, name: str, act: Callable[[Check], Any]) -> None:
        start = time.monotonic()
        try:
            right, told = True, act(self)
        except FAULTS as error:
            right, told = False, f"{type(error).__name__}: {error}"
        took = round(time.monotonic() - start, 2)
        self.seen.append({"step": name, "right": right, "seconds": took, "seen": told})
        print(f"{'right' if right else 'WRONG'}  {took:6.2f} s  {name}: {told}", flush=True)


def machine_as_root(root: Path, python: str) -> tuple[Path, list[Path]]:
    """A root file system of this machine's programs, and folders to share with it."""
    root.mkdir()
    for name in ("bin", "lib", "lib64", "sbin"):
        if (Path("/") / name).is_symlink():
            (root / name).symlink_to(os.readlink(f"/{name}"))
    for name in ("etc", "var/tmp"):
        (root / name).mkdir(parents=True)
    prefixes = {python_prefix(python, "prefix"), python_prefix(python, "base_prefix")}
    apart = [path for path in sorted(prefixes) if not path.is_relative_to("/usr")]
    return root, [Path("/usr"), *apart]


def python_prefix(python: str, name: str) -> Path:
    asked = subprocess.run(
        [python, "-c", f"import sys; print(sys.{name})"], capture_output=True, text=True, check=True
    )
    return Path(asked.stdout.strip())


def lines(process: Process) -> Iterator[dict[str, Any]]:
    """Objects that it prints, as they come."""
    rest, until = b"", time.monotonic() + _PATIENCE
    while select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
        piece = os.read(process.stdout, 65536)
        *whole, rest = (rest + piece).split(b"\n")
        yield from (json.loads(line) for line in whole if line.startswith(b"{"))
        if not piece:
            errors = os.read(process.stderr, 4000).decode(errors="replace").strip()
            raise Wrong(f"it ended with {process.wait(10)}: {errors[-1500:]}")
    raise Wrong("it says nothing")


def said(process: Process) -> dict[str, Any]:
    return next(lines(process))


def ask(check: Check, room: Room, *what: str) -> dict[str, Any]:
    process = room.start([check.python, "-c", PROGRAM, *what])
    try:
        return said(process)
    finally:
        process.close()


def found(check: Check) -> Any:
    require(not (wrong := list(gpus.problems())), "; ".join(wrong))
    names = sorted(path.rpartition("/")[2] for path in gpus.libraries())
    return {
        "gpu": vars(check.gpu),
        "libraries": names,
        "files": sorted(gpus.device_files([check.gpu])),
    }


def not_leased(check: Check) -> Any:
    """A room without a GPU reaches none, whatever it tries."""
    room = check.room("without", with_gpu=False)
    try:
        look = "ls /dev | grep -c nvidia; mknod /tmp/n c 195 0 && echo made; ls /run"
        process = room.start(["sh", "-c", look])
        answer = os.read(process.stdout, 1000).decode().split()
        process.close()
        require(answer == ["0"], f"a room without a GPU sees {answer}")
        counted = ask(check, room, "devices")
        require(counted["count"] == 0, f"a room without a GPU counts {counted['count']}")
        return counted
    finally:
        room.close()


def computes(check: Check) -> Any:
    room = check.room("computes")
    try:
        got = ask(check, room, "add")
        require(got["right"], "the kernel's sums are wrong")
        require(got["model"] == check.gpu.model, f"the room's GPU is {got['model']}")
        require(got["count"] == 1, f"the room has {got['count']} GPUs")
        try:
            check.sandbox.open("second", check.bounds(with_gpu=True))
        except SandboxError as error:
            require("leased already" in str(error), str(error))
            return {**got, "second lease": str(error)}
        raise Wrong("the GPU was leased twice")
    finally:
        room.close()


def smi_in_room(check: Check) -> Any:
    room = check.room("smi")
    try:
        process = room.start(["nvidia-smi", "-L"])
        process.close_stdin()
        answer = os.read(process.stdout, 4000).decode().strip()
        process.close()
        require(check.gpu.uuid in answer, f"nvidia-smi in the room: {answer}")
        return answer
    finally:
        room.close()


def torch_works(check: Check) -> Any:
    """Beside the same outside of any room."""
    command = [check.python, "-c", TORCH]
    bare = subprocess.run(command, capture_output=True, text=True)
    if "No module named 'torch'" in bare.stderr:
        return "no torch here: left out"
    room = check.room("torch")
    try:
        process = room.start(command, {"HOME": "/work"})
        inside = said(process)
        process.close()
    finally:
        room.close()
    require(inside["right"], f"a matrix product is wrong: {inside}")
    require(not bare.returncode, f"it fails outside of the room: {bare.stderr[-500:]}")
    outside = json.loads(bare.stdout)
    share = round(inside["tflops"] / outside["tflops"], 3)
    require(share > 0.9, f"the room is slow: {inside} beside {outside}")
    return {"in the room": inside, "outside": outside, "share": share}


def frozen(check: Check) -> Any:
    """Kernels stand still with the room, and go on."""
    room = check.room("frozen")
    try:
        process = room.start([check.python, "-c", PROGRAM, "work", str(WORK)])
        told = lines(process)
        next(told)
        room.freeze()
        quiet = not select.select([process.stdout], [], [], 3)[0]
        room.thaw()
        require(quiet, "it went on although it was frozen")
        done = next(told)
        require(done["kernels"] == WORK, f"it did {done} of {WORK}")
        return done
    finally:
        room.close()


def freed(check: Check, size: int = 8 * GIB) -> Any:
    """Memory that a killed program held is empty again, and holds nothing of it."""
    room = check.room("holds")
    process = room.start([check.python, "-c", PROGRAM, "hold", str(size)])
    try:
        said(process)
        used = gpus.look()[check.gpu.uuid].used
        require(used >= size, f"only {used >> 20} MiB are in use while {size >> 20} are held")
        process.signal(signal.SIGKILL)
        process.wait(20)
    finally:
        room.close()
    start = time.monotonic()
    room = check.room("next")
    opened = round(time.monotonic() - start, 2)
    try:
        result = ask(check, room, "search", str(size))
        require(result["marked"] == 0, f"the next lease finds what the last left: {result}")
    finally:
        room.close()
    return {"held": used, "next opened after s": opened, **result}


def daemon_killed(check: Check, size: int = 4 * GIB) -> Any:
    """kill -9 of a daemon whose room holds memory: the room ends, the GPU is free."""
    command = [sys.executable, "-m", "tools.gpu.check", "--hold", str(check.folder), check.python]
    daemon = subprocess.Popen([*command, str(size)], stdout=subprocess.PIPE)
    assert daemon.stdout is not None
    require(b"held" in daemon.stdout.readline(), "the other daemon holds nothing")
    before = gpus.look()[check.gpu.uuid]
    daemon.kill()
    daemon.wait()
    start = time.monotonic()
    left = check.sandbox.sweep()
    require(left == ["of-another"], f"rooms left behind: {left}")
    room = None
    while room is None:
        try:
            room = check.room("after")
        except SandboxError as error:
            require("leased already" in str(error) and time.monotonic() < start + 20, str(error))
            time.sleep(0.05)
    took = round(time.monotonic() - start, 2)
    room.close()
    require(not any(map(is_alive, before.pids)), f"a process of it lives: {before.pids}")
    return {"held": before.used, "pids": before.pids, "free after s": took}


def is_alive(pid: int) -> bool:
    return pid > 0 and Path(f"/proc/{pid}").exists()


def by_podman(check: Check) -> Any:
    """An image in place of a root file system: the GPU by its files, then by its name (CDI)."""
    if why := podman.problem():
        return f"left out: {why}"
    python = image.make(check.folder, check.python)
    described = Path("/etc/cdi/check-gpu.json")
    told = {}
    try:
        told["by files"] = _in_image(check, python)
        described.parent.mkdir(exist_ok=True)
        described.write_text(image.description(check.gpu))
        told["by name"] = _in_image(check, python)
    finally:
        described.unlink(missing_ok=True)
        subprocess.run(["podman", "rmi", "--force", image.NAME], capture_output=True)
    return told


def _in_image(check: Check, python: str) -> Any:
    bounds = replace(check.bounds(with_gpu=True), image=image.NAME)
    room = check.sandbox.open("image", bounds)
    try:
        process = room.start([python, "-c", PROGRAM, "add"])
        got = said(process)
        process.close()
    finally:
        room.close()
    require(got["right"] and got["model"] == check.gpu.model, f"in an image: {got}")
    require(got["count"] == 1, f"the room of an image has {got['count']} GPUs")
    return got


def leased_on_a_market(check: Check) -> Any:
    if why := lease.missing():
        return f"left out: {why}"
    return lease.leased(check.folder / "market", PROGRAM, check.gpu.model)


def nothing_left(check: Check) -> Any:
    require(not list((check.folder / "miner/rooms").glob("*")), "a room is noted still")
    mounts = [line for line in Path("/proc/mounts").read_text().splitlines() if "suanli" in line]
    require(not mounts, f"mounts are left: {mounts}")
    parents = cgroups.find().parents.values()
    groups = [str(path) for parent in parents for path in parent.glob("*-*")]
    require(not groups, f"cgroups are left: {groups}")
    _, lock = gpus.take(check.gpu.uuid, check.folder)
    os.close(lock)
    return {"used": gpus.look()[check.gpu.uuid].used}


def hold(folder: Path, python: str, size: str) -> None:
    """The daemon that is killed."""
    (gpu,) = gpus.whole(gpus.look())[:1]
    sandbox = Sandbox(SandboxSettings(folder / "miner", folder / "root", tuple(shared_of(python))))
    bounds = RoomBounds(8, 24 * GIB, GIB, 500, 170, gpus=(gpu.uuid,))
    process = sandbox.open("of-another", bounds).start([python, "-c", PROGRAM, "hold", size])
    print(said(process), flush=True)
    time.sleep(600)


def shared_of(python: str) -> list[Path]:
    with tempfile.TemporaryDirectory() as other:
        return machine_as_root(Path(other) / "root", python)[1]


def main() -> None:
    if sys.argv[1:2] == ["--hold"]:
        hold(Path(sys.argv[2]), *sys.argv[3:])
        return
    report = Path(sys.argv[1] if sys.argv[1:] else "reports/gpu.json")
    start = time.monotonic()
    found_here = gpus.whole(gpus.look())
    if not found_here:
        sys.exit("this machine has no NVIDIA GPU: nothing was checked")
    with tempfile.TemporaryDirectory(prefix="check-gpu-") as folder:
        python = shutil.which("python3") or sys.executable
        check = Check(Path(folder), found_here[0], python)
        if problems := check.sandbox.problems():
            sys.exit("no room can be opened here: " + "; ".join(problems))
        for act in STEPS:
            check.step(act.__name__.replace("_", " "), act)
    tree = "2" if "" in cgroups.find().parents else "1"
    machine = {"kernel": platform.release(), "cgroups": tree, "python": platform.python_version()}
    right = all(step["right"] for step in check.seen)
    took = round(time.monotonic() - start, 1)
    whole = {"machine": machine, "right": right, "seconds": took, "steps": check.seen}
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(whole, indent=1) + "\n")
    print(f"{'all right' if right else 'NOT right'} in {took} s, written to {report}")
    sys.exit(0 if right else 1)


STEPS = (
    found,
    not_leased,
    computes,
    smi_in_room,
    torch_works,
    frozen,
    freed,
    daemon_killed,
    by_podman,
    leased_on_a_market,
    nothing_left,
)

if __name__ == "__main__":
    main()
