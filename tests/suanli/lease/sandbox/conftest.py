"""Rooms on this machine's own programs, where it can have rooms."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from suanli.lease.sandbox import Process, Room, RoomBounds, Sandbox, SandboxSettings

USUAL = RoomBounds(cores=1, memory=64 << 20, disk=8 << 20, processes=20, seconds=300)


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def drain(fd: int) -> bytes:
    """To its end; a terminal's is an error."""
    found = b""
    while True:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            return found
        if not piece:
            return found
        found += piece


def read_until(fd: int, text: bytes, times: int) -> None:
    found = b""
    while found.count(text) < times:
        piece = os.read(fd, 1000)
        assert piece, f"it ended after {found!r}"
        found += piece


def ended(process: Process) -> Ended:
    out = drain(process.stdout)
    err = drain(process.stderr) if process.stderr >= 0 else b""
    code = process.wait(20)
    process.close()
    return Ended(code, out.decode(), err.decode())


def run(room: Room, *argv: str, cwd: str = "") -> Ended:
    process = room.start(argv, cwd=cwd)
    process.close_stdin()
    return ended(process)


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root file system of this machine's /usr alone."""
    folder = tmp_path_factory.mktemp("root")
    for name in ("bin", "lib", "lib64", "sbin"):
        if (Path("/") / name).is_symlink():
            (folder / name).symlink_to(f"usr/{name}")
    for name in ("etc", "usr", "var/tmp"):
        (folder / name).mkdir(parents=True)
    return folder


@pytest.fixture(scope="session")
def sandbox(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("rooms")
    found = Sandbox(SandboxSettings(folder, root, shared=(Path("/usr"),)))
    if problems := found.problems():
        pytest.skip("; ".join(problems))
    yield found
    assert found.sweep() == []


@pytest.fixture
def opened(
    sandbox: Sandbox, request: pytest.FixtureRequest
) -> Iterator[Callable[[RoomBounds], Room]]:
    rooms: list[Room] = []

    def open_one(bounds: RoomBounds) -> Room:
        rooms.append(sandbox.open(f"room-{os.getpid()}-{len(rooms)}", bounds))
        return rooms[-1]

    yield open_one
    for room in rooms:
        room.close()


@pytest.fixture(scope="module")
def room(sandbox: Sandbox) -> Iterator[Room]:
    """One for tests that leave nothing in it."""
    found = sandbox.open(f"shared-{os.getpid()}", USUAL)
    yield found
    found.close()
