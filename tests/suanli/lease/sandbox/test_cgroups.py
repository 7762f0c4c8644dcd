"""Both of the kernel's interfaces, on folders that look like them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from suanli.lease.sandbox import cgroups
from suanli.lease.sandbox.cgroups import Group, NoCgroup, find

GIB = 1 << 30


def kernel_1(mount: Path) -> Path:
    for name in ("cpu", "memory", "pids", "freezer"):
        (mount / name).mkdir(parents=True)
    return mount


def kernel_2(mount: Path, controllers: str = "cpuset cpu io memory pids") -> Path:
    mount.mkdir()
    (mount / "cgroup.controllers").write_text(controllers)
    return mount


def delegated(mount: Path, path: str, controllers: str = "cpu memory pids") -> Path:
    """What systemd makes of a service or a user."""
    place = mount / path
    place.mkdir(parents=True)
    (place / "cgroup.controllers").write_text(controllers)
    (place / "cgroup.procs").write_text(f"{os.getpid()}\n")
    return place


def test_bounds_are_written_as_version_2_has_them(tmp_path: Path) -> None:
    (tmp_path / "memory.swap.max").touch()
    Group({"": tmp_path}).bound(1.5, 3 * GIB, 77)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {
        "cpu.max": "150000 100000",
        "memory.max": str(3 * GIB),
        "memory.swap.max": "0",
        "pids.max": "77",
    }


def test_bounds_are_written_as_version_1_has_them(tmp_path: Path) -> None:
    folders = {name: kernel_1(tmp_path / "cgroup") / name for name in ("cpu",)}
    folders |= {name: tmp_path / "cgroup" / name for name in ("memory", "pids", "freezer")}
    (folders["memory"] / "memory.memsw.limit_in_bytes").touch()
    group = Group(folders)
    group.bound(0.001, 3 * GIB, 77)
    group.freeze(True)
    written = {path.name: path.read_text() for path in tmp_path.rglob("*.*") if path.is_file()}
    assert written == {
        "cpu.cfs_period_us": "100000",
        "cpu.cfs_quota_us": "1000",
        "memory.limit_in_bytes": str(3 * GIB),
        "memory.memsw.limit_in_bytes": str(3 * GIB),
        "pids.max": "77",
        "freezer.state": "FROZEN",
    }


@pytest.mark.parametrize(
    ("folder", "name", "text", "killed"),
    [
        ("", "memory.events", "max 9\noom 2\noom_kill 3\n", 3),
        ("memory", "memory.oom_control", "oom_kill_disable 0\noom_kill 1\n", 1),
        ("memory", "other", "", 0),
    ],
)
def test_kills_for_memory_are_counted(
    tmp_path: Path, folder: str, name: str, text: str, killed: int
) -> None:
    (tmp_path / name).write_text(text)
    assert Group({folder: tmp_path}).killed_for_memory() == killed


def test_version_1_has_rooms_below_a_cgroup_of_suanlis(tmp_path: Path) -> None:
    group = find(mount=kernel_1(tmp_path / "cgroup")).make("room")
    assert group.doors == [
        str(tmp_path / "cgroup" / name / "suanli/room/cgroup.procs")
        for name in ("cpu", "memory", "pids", "freezer")
    ]


def test_version_1_without_a_controller_bounds_nothing(tmp_path: Path) -> None:
    mount = kernel_1(tmp_path / "cgroup")
    (mount / "pids").rmdir()
    with pytest.raises(NoCgroup, match="this kernel has no cgroups for pids at"):
        find(mount=mount)


def test_root_divides_the_whole_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    mount = kernel_2(tmp_path / "cgroup")
    place = delegated(mount, "suanli")
    assert find(mount=mount).parents == {"": place}
    for control in (mount, place):
        assert (control / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"


@pytest.mark.parametrize("user", [0, 1000])
def test_a_service_divides_what_it_was_delegated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int
) -> None:
    """Its own process moves into a leaf, since processes live in leaves only."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(os, "getxattr", lambda path, name: b"1")
    monkeypatch.setattr(cgroups, "_own_path", lambda: "/system.slice/suanli.service")
    mount = kernel_2(tmp_path / "cgroup")
    place = delegated(mount, "system.slice/suanli.service")
    assert find(mount=mount).parents == {"": place}
    assert (place / "daemon/cgroup.procs").read_text() == str(os.getpid())


def test_a_service_in_a_leaf_divides_what_is_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cgroups, "_own_path", lambda: "/system.slice/suanli.service/daemon")
    mount = kernel_2(tmp_path / "cgroup")
    place = delegated(mount, "system.slice/suanli.service")
    assert find(mount=mount).parents == {"": place}


def test_a_cgroup_may_be_named(tmp_path: Path) -> None:
    mount = kernel_2(tmp_path / "cgroup")
    place = delegated(mount, "suanli.slice")
    assert find("suanli.slice", mount).parents == {"": place}


def test_what_was_not_delegated_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(cgroups, "_own_path", lambda: "/user.slice")
    mount = kernel_2(tmp_path / "cgroup")
    (mount / "user.slice").mkdir()
    with pytest.raises(NoCgroup, match="is not this user's to divide: run the miner as a systemd"):
        find(mount=mount)


def test_controllers_that_are_missing_are_told(tmp_path: Path) -> None:
    mount = kernel_2(tmp_path / "cgroup")
    delegated(mount, "suanli.slice", "memory pids")
    with pytest.raises(NoCgroup, match="has no controller for cpu: have systemd delegate"):
        find("suanli.slice", mount)


def test_a_cgroup_whose_processes_are_ending_is_removed_once_they_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel lists them no more, and counts them still."""
    folder, refused = tmp_path / "room", iter([OSError(errno.EBUSY, "busy")] * 3)
    folder.mkdir()
    really = Path.rmdir

    def rmdir(path: Path) -> None:
        for error in refused:
            raise error
        really(path)

    monkeypatch.setattr(Path, "rmdir", rmdir)
    Group({"": folder}).remove()
    assert not folder.exists()


def test_a_cgroup_in_which_something_runs_stays(tmp_path: Path) -> None:
    (tmp_path / "room/below").mkdir(parents=True)
    with pytest.raises(OSError, match="not empty"):
        Group({"": tmp_path / "room"}).remove()
