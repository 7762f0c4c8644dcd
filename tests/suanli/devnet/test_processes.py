"""Children end with their parent, whatever ends it; ports and logs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from suanli.devnet import Child, DevnetError
from suanli.devnet.processes import free_port, own_port

SAY = "print('up', flush=True); import time; time.sleep(600)"

PARENT = """
import sys, time
from pathlib import Path
from suanli.devnet import Child
child = Child("child", [sys.executable, "-c", {say!r}], Path({log!r}))
child.wait_until(lambda: "up" in child.said())
print(child.pid, flush=True)
time.sleep(600)
"""


def test_a_child_ends_cleanly(tmp_path: Path) -> None:
    child = Child("child", [sys.executable, "-c", SAY], tmp_path / "log")
    child.wait_until(lambda: "up" in child.said())
    assert child.running
    child.end()
    assert child.process.returncode == -signal.SIGTERM
    child.end()  # once more does no harm


def test_a_child_has_no_passphrase_of_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUANLI_PASSPHRASE", "that of another keystore")
    monkeypatch.setenv("SUANLI_PRIVATE_KEY", "11" * 32)
    say = "import os; print([name for name in os.environ if 'SUANLI_P' in name])"
    child = Child("child", [sys.executable, "-c", say], tmp_path / "log")
    child.process.wait(60)
    assert child.said() == "[]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = PARENT.format(say=SAY, log=str(tmp_path / "log"))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        watched = os.pidfd_open(pid)
        parent.kill()
    try:
        # A pidfd becomes readable when its process has ended.
        import select

        assert select.select([watched], [], [], 30)[0]
    finally:
        os.close(watched)


def test_a_child_that_ends_early_says_why(tmp_path: Path) -> None:
    child = Child("child", [sys.executable, "-c", "raise SystemExit('no luck')"], tmp_path / "log")
    with pytest.raises(DevnetError, match="child ended: no luck"):
        child.wait_until(lambda: "up" in child.said())


def test_a_program_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DevnetError, match="can't be started"):
        Child("child", [str(tmp_path / "nothing")], tmp_path / "log")


def test_what_was_said_before_is_not_taken_for_new(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("up\n")
    child = Child("child", [sys.executable, "-c", "import time; time.sleep(600)"], tmp_path / "log")
    try:
        assert child.said() == ""
    finally:
        child.kill()
    assert not child.running


def test_a_taken_port_is_replaced() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        assert free_port(taken) not in (0, taken)
    assert free_port(taken) == taken


def test_two_that_start_at_once_get_different_ports():
    wanted = free_port(0)
    with own_port(wanted) as first, own_port(wanted) as second:
        assert first == wanted != second
    with own_port(wanted) as again:
        assert again == wanted
