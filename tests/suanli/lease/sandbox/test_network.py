"""Rooms with a network, where the miner gives them one."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.lease.sandbox import Room, Sandbox, SandboxError, SandboxSettings, network
from tests.suanli.lease.sandbox.conftest import USUAL, run

CONNECTED = replace(USUAL, network=True)


@pytest.fixture(scope="module")
def connected(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    (root / "etc/resolv.conf").touch()
    folder = tmp_path_factory.mktemp("rooms")
    found = Sandbox(SandboxSettings(folder, root, shared=(Path("/usr"),), network=True))
    if problems := found.problems():
        pytest.skip("; ".join(problems))
    return found


@pytest.fixture(scope="module")
def own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            any_socket.connect(("198.51.100.1", 9))
        except OSError:
            pytest.skip("this machine has no network")
        return str(any_socket.getsockname()[0])


@pytest.fixture(scope="module")
def room(connected: Sandbox) -> Iterator[Room]:
    found = connected.open(f"connected-{os.getpid()}", CONNECTED)
    yield found
    found.close()


@pytest.mark.deep
def test_a_room_reaches_what_the_machine_reaches(room: Room, own_address: str) -> None:
    with socket.create_server((own_address, 0)) as server:
        port = server.getsockname()[1]
        done = run(room, "bash", "-c", f"echo said > /dev/tcp/{own_address}/{port}")
        assert done.code == 0
        connection, _ = server.accept()
        with connection:
            assert connection.recv(10) == b"said\n"


@pytest.mark.deep
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.2.2"])
def test_a_room_does_not_reach_the_machines_loopback(room: Room, address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run(room, "timeout", "5", "bash", "-c", f"echo said > /dev/tcp/{address}/{port}")
        assert done.code != 0
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.deep
def test_a_room_asks_for_names_through_its_network(room: Room) -> None:
    assert run(room, "cat", "/etc/resolv.conf").out == "nameserver 10.0.2.3\n"


@pytest.mark.deep
def test_a_network_ends_with_its_room(connected: Sandbox) -> None:
    room = connected.open(f"ends-{os.getpid()}", CONNECTED)
    speaker = room._speaker
    assert speaker is not None
    room.close()
    assert speaker.returncode is not None


def test_a_network_without_its_program_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert network.problem() == (
        "rooms get no network: install slirp4netns (Debian: apt install slirp4netns)"
    )


def test_a_room_whose_network_fails_is_not_there(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "slirp4netns"
    program.write_text("#!/bin/sh\necho no such device >&2; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    own = Sandbox(replace(sandbox.settings, folder=tmp_path / "rooms", network=True))
    with pytest.raises(SandboxError, match="a room can't have a network: no such device"):
        own.open("none", CONNECTED)
    assert own.sweep() == []
