"""Rooms of OCI images, where podman starts one; the image is made from Debian's packages."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.lease.sandbox import Room, Sandbox, SandboxError, SandboxSettings, podman
from suanli.lease.sandbox.gpus import Gpu
from suanli.lease.sandbox.walls import Start
from tests.harness.images import require_image
from tests.suanli.lease.sandbox.conftest import USUAL, ended, read_until, run

GPU = Gpu("GPU-00000000-1", "NVIDIA H100", 80 << 30, "580", "13.0", 0)
START = Start({"A": "b"}, "", False, 9, -1, "/run/suanli/pid-1")


def test_gpus_are_named_as_the_driver_describes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(podman, "_CDI", (tmp_path,))
    walls = podman.Podman("image", 7, [GPU], "/store")
    assert not [part for part in walls.command(START) if part.startswith("nvidia.com")]
    (tmp_path / "nvidia.yaml").write_text(f'devices:\n- name: "{GPU.uuid}"\n')
    command = walls.command(START)
    assert command[command.index("--device") + 1] == f"nvidia.com/gpu={GPU.uuid}"
    assert walls.shown == ()


def test_the_program_comes_last_and_may_look_like_an_option() -> None:
    command = podman.Podman("image", 7, [], "/store").command(START)
    assert command[-2:] == ["--", "image"]
    assert {"A=b", "HOME=/work"} <= set(command)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    found = Sandbox(SandboxSettings(tmp_path_factory.mktemp("rooms")))
    if problems := found.problems():
        pytest.skip("; ".join(problems))
    return found


@pytest.fixture(scope="module")
def image(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> str:
    return require_image(tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def room(sandbox: Sandbox, image: str) -> Iterator[Room]:
    found = sandbox.open(f"image-{os.getpid()}", replace(USUAL, image=image))
    tried = run(found, "true")
    if tried.code:
        found.close()
        pytest.skip(f"podman can't start a container here: {tried.err.strip()}")
    yield found
    found.close()


@pytest.mark.deep
def test_programs_come_one_after_another(room: Room) -> None:
    assert run(room, "sh", "-c", "pwd; id -u; echo kept > file; exit 3").out == "/work\n0\n"
    done = run(room, "sh", "-c", "cat file; echo wrong >&2; exit 3")
    assert (done.code, done.out, done.err) == (3, "kept\n", "wrong\n")


@pytest.mark.deep
def test_a_terminal_and_ctrl_c(room: Room) -> None:
    caught = "trap 'echo caught; exit 5' INT; stty size; cat"
    process = room.start(["sh", "-c", caught], tty=(7, 80))
    read_until(process.stdout, b"7 80", 1)
    os.write(process.stdin, b"here\n")
    read_until(process.stdout, b"here", 2)  # the terminal's echo, then that of cat, which runs then
    os.write(process.stdin, b"\x03")
    done = ended(process)
    assert (done.code, "caught" in done.out) == (5, True)


@pytest.mark.deep
def test_signals_without_a_terminal(room: Room) -> None:
    caught = "trap 'echo caught; exit 5' INT; echo on; while :; do sleep 0.1; done"
    process = room.start(["sh", "-c", caught])
    assert os.read(process.stdout, 10) == b"on\n"
    process.signal(signal.SIGINT)
    assert (ended(process).code) == 5
    process = room.start(["sleep", "100"])
    process.signal(signal.SIGKILL)
    assert process.wait(20) == 137
    process.close()


@pytest.mark.deep
@pytest.mark.parametrize(
    "attempt",
    [
        "touch /etc/made",
        "touch /usr/bin/made",
        "cat /var/lib/containers/storage/libpod/bolt_state.db",
        "mount -t tmpfs none /mnt",
        "unshare --mount true",
        "mknod /work/disk b 254 0",
        "echo b > /proc/sysrq-trigger",
        "head -c 1G /dev/zero > /work/bomb",
        "head -c 1G /dev/zero > /dev/shm/bomb",
        "tail -n +3 /proc/net/dev | grep -v lo:",
    ],
)
def test_an_attempt_fails(room: Room, attempt: str) -> None:
    assert run(room, "sh", "-c", attempt).code != 0
    run(room, "sh", "-c", "rm -f /work/bomb /dev/shm/bomb")


@pytest.mark.deep
def test_nothing_is_left(sandbox: Sandbox, image: str, room: Room) -> None:
    before = subprocess.check_output(["podman", "ps", "--all", "--quiet"])
    other = sandbox.open(f"other-{os.getpid()}", replace(USUAL, image=image))
    process = other.start(["sleep", "100"])
    assert run(other, "sh", "-c", "ls -A /work").out == ""
    group = other._group
    other.close()
    assert process.ended == -1
    assert group.pids() == set()
    assert subprocess.check_output(["podman", "ps", "--all", "--quiet"]) == before


@pytest.mark.deep
def test_an_image_that_is_not_here_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="there is no image localhost/none here"):
        sandbox.open("none", replace(USUAL, image="localhost/none"))
    with pytest.raises(SandboxError, match="is no name of an image"):
        sandbox.open("none", replace(USUAL, image="--privileged"))
