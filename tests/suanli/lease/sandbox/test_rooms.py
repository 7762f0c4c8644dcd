"""A room as its miner uses it: programs one after another, terminals, signals, time."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from suanli.lease.sandbox import Room, RoomBounds, Sandbox, SandboxError
from tests.suanli.lease.sandbox.conftest import USUAL, drain, ended, read_until, run


def test_programs_come_one_after_another_and_find_the_files_of_the_last(room: Room) -> None:
    assert run(room, "sh", "-c", "pwd; echo kept > file; exit 3").out == "/work\n"
    assert run(room, "cat", "/work/file").out == "kept\n"


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("true",), 0),
        (("sh", "-c", "exit 7"), 7),
        (("sh", "-c", "kill -9 $$"), 137),
        (("no-such-program",), 127),
        (("/etc",), 126),
    ],
)
def test_exit_codes_are_those_of_a_shell(room: Room, argv: tuple[str, ...], code: int) -> None:
    assert run(room, *argv).code == code


def test_input_output_and_errors_are_apart(room: Room) -> None:
    process = room.start(["sh", "-c", "cat; echo wrong >&2"])
    os.write(process.stdin, b"said\n")
    process.close_stdin()
    done = ended(process)
    assert (done.out, done.err) == ("said\n", "wrong\n")


def test_the_environment_is_what_was_asked_for(room: Room) -> None:
    process = room.start(["env"], {"A": "b", "LD_PRELOAD": ""}, "/tmp")
    process.close_stdin()
    lines = set(ended(process).out.split())
    assert {"A=b", "HOME=/work", "USER=user", "PWD=/tmp", "LD_PRELOAD="} <= lines
    assert not {line for line in lines if line.startswith(("SUANLI", "VIRTUAL_ENV", "PYTEST"))}


@pytest.mark.parametrize("argv", [[], ["a\0b"]])
def test_a_program_without_a_proper_name_is_refused(room: Room, argv: list[str]) -> None:
    with pytest.raises(SandboxError, match="needs a name"):
        room.start(argv)


def test_a_terminal_has_its_size_and_ctrl_c_ends_the_program_alone(room: Room) -> None:
    process = room.start(
        ["sh", "-c", "trap 'echo caught; exit 5' INT; stty size; cat"], tty=(7, 80)
    )
    read_until(process.stdout, b"7 80", 1)
    os.write(process.stdin, b"here\n")
    read_until(process.stdout, b"here", 2)  # the terminal's echo, then that of cat, which runs then
    process.resize(9, 90)
    os.write(process.stdin, b"\x03")
    done = ended(process)
    assert done.code == 5
    assert "caught" in done.out


def test_signals_reach_the_program_without_a_terminal(room: Room) -> None:
    process = room.start(
        ["sh", "-c", "trap 'echo caught; exit 5' INT; echo on; while :; do sleep 0.05; done"]
    )
    assert os.read(process.stdout, 10) == b"on\n"
    process.signal(signal.SIGINT)
    done = ended(process)
    assert (done.code, done.out) == (5, "caught\n")


@pytest.mark.parametrize("ignored", [(signal.SIGINT,), (signal.SIGINT, signal.SIGHUP)])
def test_signals_that_the_daemon_ignores_reach_the_program(
    room: Room, ignored: tuple[signal.Signals, ...]
) -> None:
    usual = {one: signal.signal(one, signal.SIG_IGN) for one in ignored}
    try:
        process = room.start(
            ["sh", "-c", "trap 'exit 5' INT; echo on; for _ in $(seq 200); do sleep 0.05; done"]
        )
    finally:
        for one, handler in usual.items():
            signal.signal(one, handler)
    assert os.read(process.stdout, 10) == b"on\n"
    process.signal(signal.SIGINT)
    assert ended(process).code == 5


def test_a_program_is_killed_with_what_it_started(room: Room) -> None:
    process = room.start(["sh", "-c", "sleep 100 & echo on; wait"])
    assert os.read(process.stdout, 10) == b"on\n"
    process.signal(signal.SIGKILL)
    assert select.select([process.ended], [], [], 10)[0]
    assert ended(process).code == 137


def test_what_a_program_leaves_running_ends_with_it(room: Room) -> None:
    process = room.start(["sh", "-c", "(sleep 100; echo later) & echo now"])
    process.close_stdin()
    assert drain(process.stdout) == b"now\n"
    process.close()


def test_a_frozen_room_stands_still_and_goes_on(room: Room) -> None:
    process = room.start(["cat"])
    os.write(process.stdin, b"1")
    assert os.read(process.stdout, 1) == b"1"
    room.freeze()
    os.write(process.stdin, b"2")
    while select.select([process.stdout], [], [], 0.3)[0]:  # not all stand still at once
        assert os.read(process.stdout, 1) == b"2"
        os.write(process.stdin, b"2")
    room.thaw()
    assert os.read(process.stdout, 1) == b"2"
    process.close()


def test_a_frozen_room_can_be_closed(opened: Callable[[RoomBounds], Room]) -> None:
    room = opened(USUAL)
    process = room.start(["sleep", "100"])
    room.freeze()
    room.close()
    assert process.ended == -1


def test_a_program_that_is_started_in_a_frozen_room_goes_on_with_it(
    opened: Callable[[RoomBounds], Room],
) -> None:
    room = opened(USUAL)
    room.freeze()
    process = room.start(["echo", "here"])
    process.close_stdin()
    room.thaw()
    assert ended(process).out == "here\n"


def test_a_program_of_a_frozen_room_is_closed_without_waiting_for_it(
    opened: Callable[[RoomBounds], Room],
) -> None:
    room = opened(USUAL)
    process = room.start(["sleep", "100"])
    room.freeze()
    process.close()
    assert process.ended == -1
    room.thaw()
    assert run(room, "true").code == 0


def test_a_room_ends_when_its_time_is_over(opened: Callable[[RoomBounds], Room]) -> None:
    room = opened(replace(USUAL, seconds=0.5))
    done = run(room, "sleep", "100")
    assert done.code == 137
    assert select.select([room.ended], [], [], 10)[0]
    with pytest.raises(SandboxError, match="the room is over"):
        run(room, "true")


def test_a_room_is_given_more_time(opened: Callable[[RoomBounds], Room]) -> None:
    room = opened(replace(USUAL, seconds=0.5))
    room.last(60)
    assert run(room, "sleep", "0.7").code == 0


def test_a_name_is_one_rooms_and_no_path(sandbox: Sandbox, opened: Callable[..., Room]) -> None:
    opened(USUAL)
    with pytest.raises(SandboxError, match="is open already"):
        sandbox.open(f"room-{os.getpid()}-0", USUAL)
    with pytest.raises(SandboxError, match="is no name of a room"):
        sandbox.open("../away", USUAL)


def test_a_network_is_refused_by_a_miner_that_gives_none(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="gives rooms no network"):
        sandbox.open("connected", replace(USUAL, network=True))
