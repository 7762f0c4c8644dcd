"""A machine beside this one: a fresh Debian in a folder, with a systemd of its own.

It has its own processes, mounts, network (loopback alone) and a cgroup of its own; nothing of this
machine's is changed. That takes root, and a kernel that allows it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".cache" / "debian"
BOOT = Path(__file__).with_name("boot_machine.sh")
PATH = "/opt/suanli/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PACKAGES = ("bubblewrap", "ca-certificates", "dbus", "python3", "python3-venv", "systemd")
NAMESPACES = ("--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child")
LONGEST = 3_600
"""Seconds after which a machine ends, whatever happened to who started it."""
_REAL = """\
umount --lazy /proc/sys
if grep -qw memory /sys/fs/cgroup/cgroup.controllers; then echo /sys/fs/cgroup; exit; fi
mkdir -p /run/version-1; cd /run/version-1
for name in cpu freezer memory pids; do
    mkdir -p $name; mountpoint -q $name || mount -t cgroup -o $name cgroup $name
done
echo /run/version-1
"""
_SHUT = """\
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
rmdir /run/version-1/*/suanli 2>/dev/null || true  # where rooms were
"""
TOOLS = ("mmdebstrap", "unshare", "nsenter", "setpriv", "pivot_root")


def why_not() -> str:
    """Why there can be no such machine here; empty if there can."""
    if os.geteuid():
        return "takes root"
    if lacking := [name for name in TOOLS if shutil.which(name) is None]:
        return f"not installed: {', '.join(lacking)} (Debian: mmdebstrap, util-linux)"
    if _cgroups() is None:
        return "no cgroups of version 2 are mounted"
    probe = ["unshare", *NAMESPACES, "--cgroup", "mount", "-t", "proc", "proc", "/proc"]
    done = subprocess.run(probe, capture_output=True, text=True, timeout=60)
    return f"no namespaces: {done.stderr.strip()}" if done.returncode else ""


def _cgroups() -> Path | None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 "):
            return Path(before.split()[4])
    return None


def debian(release: str) -> Path:
    """An archive of a Debian that has little beside these packages; made once."""
    packages = ",".join(PACKAGES)
    named = hashlib.sha256(packages.encode()).hexdigest()[:12]
    path = KEPT / f"{release}-{named}.tar"
    if not path.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        made = path.with_suffix(".part.tar")
        say = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}"]
        done = subprocess.run([*say, release, made], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        made.rename(path)
    return path


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """Its root folder, for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="suanli-machine-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        subprocess.run(["tar", "-C", root, "--numeric-owner", "-xpf", archive], check=True)
        yield root


def install(root: Path, script: str) -> str:
    """What a shell says that runs the script there, not booted, with this machine's network."""
    shared = (Path("/etc/resolv.conf"), Path("/etc/ssl/certs/ca-certificates.crt"))
    for path in filter(Path.exists, shared):
        shutil.copyfile(path, root / path.relative_to("/"))
    told = {name: os.environ[name] for name in ("PIP_INDEX_URL", "PIP_CERT") if name in os.environ}
    inside = f'mount -t proc proc {root}/proc && exec chroot {root} /bin/sh -ec "$0"'
    return _said(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", inside, script],
        {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"} | told,
    )


class Machine:
    """One that runs; `pid` is its first process, as this machine sees it."""

    def __init__(self, root: Path, pid: int) -> None:
        self.root, self.pid = root, pid
        self.env = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8"}

    def run(self, script: str, env: Mapping[str, str] | None = None, given: str = "") -> str:
        """What root's shell says that runs the script there; a command that fails fails here."""
        enter = ["nsenter", "--target", str(self.pid), "--all", "/bin/bash", "-ec", script]
        return _said(enter, self.env | dict(env or {}), given)

    def shown(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run(f"systemctl show {unit} -p {name} --value").strip()

    def until(self, what: Callable[[], object], about: str, seconds: float = 120) -> None:
        ends = time.monotonic() + seconds
        while not what():
            journal = f"journalctl --no-pager -n 40 {about}"
            assert time.monotonic() < ends, self.run(journal)
            time.sleep(0.5)

    @contextmanager
    def like_a_real_one(self) -> Iterator[str]:
        """With the kernel's settings as real machines show them, and where controllers of cgroups
        are: this machine's own of version 1, if it has them there."""
        try:
            yield self.run(_REAL).strip()
        finally:
            self.run(_SHUT)


@contextmanager
def booted(root: Path, bound: Mapping[Path, str]) -> Iterator[Machine]:
    """`bound`: files of this machine's, and where that one has them."""
    cgroups = _cgroups()
    assert cgroups is not None
    group = cgroups / f"suanli-{os.getpid()}"
    group.mkdir()
    files = [f"{file}={path}" for file, path in bound.items()]
    boot = ["timeout", "--kill-after=5", str(LONGEST), "unshare", *NAMESPACES]
    child = subprocess.Popen([*boot, BOOT, root, group, *files], stdin=subprocess.DEVNULL)
    try:
        machine = Machine(root, _first_process(child))
        machine.until(lambda: "running" in machine.run("systemctl is-system-running || true"), "-b")
        yield machine
        os.kill(machine.pid, signal.SIGRTMIN + 4)  # power off
        child.wait(90)
    finally:
        child.terminate()
        child.wait()
        _remove(group)


def _first_process(child: subprocess.Popen[bytes]) -> int:
    """Once it is systemd: of `timeout`'s `unshare`'s."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends and child.poll() is None:
        found = [child.pid]
        for _ in range(2):
            found = [int(pid) for parent in found for pid in _children(parent)]
        if found and Path(f"/proc/{found[0]}/comm").read_text() == "systemd\n":
            return found[0]
        time.sleep(0.1)
    raise AssertionError("no systemd started")


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _remove(group: Path) -> None:
    ends = time.monotonic() + 30
    while group.exists():
        try:
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
        except OSError:  # the kernel still ends something in it
            assert time.monotonic() < ends, f"{group} can't be removed"
            time.sleep(0.1)


def _said(command: list[str], env: Mapping[str, str], given: str = "") -> str:
    done = subprocess.run(
        command, env=dict(env), input=given, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout}{done.stderr}"
    return done.stdout
