"""What `check` says of rooms."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.daemon import Finding
from suanli.lease.sandbox import Sandbox, SandboxSettings, cgroups
from suanli.lease.sandbox.cgroups import NoCgroup
from suanli.lease.sandbox.checks import findings, system_of


def said(found: Sequence[Finding], right: bool) -> list[str]:
    return [f"{one.name}: {one.text}" for one in found if one.right is right]


def test_a_machine_that_can_is_told_what_bounds_rooms(sandbox: Sandbox) -> None:
    found = list(findings(sandbox))
    assert said(found, False) == []
    first, room = said(found, True)[:2]
    assert first.startswith("sandbox: cores, memory and processes bounded by cgroups (version ")
    assert room == f"room: root {sandbox.settings.root}"


def test_bounds_that_are_missing_are_told_and_nothing_is_sold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(parent: str = "") -> None:
        raise NoCgroup("this kernel has none")

    monkeypatch.setattr(cgroups, "find", none)
    found = list(findings(Sandbox(SandboxSettings(tmp_path, tmp_path))))
    assert "sandbox: cores, memory and processes can't be bounded: this kernel has none" in said(
        found, False
    )
    assert found[-1].text == "no sessions are sold to strangers until that is mended"
    assert said(found, True) == []


def test_a_gpu_that_is_not_here_is_told(sandbox: Sandbox) -> None:
    found = said(list(findings(sandbox, wanted=["GPU-00000000-9"])), False)
    assert found == ["gpu: GPU-00000000-9 is not here: remove it, or mend the driver"]


def test_a_root_that_is_not_there_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    own = Sandbox(replace(sandbox.settings, root=tmp_path / "none", shared=()))
    (wrong,) = said(list(findings(own)), False)
    assert wrong.startswith(f"room: root {tmp_path}/none: the root file system can't be read:")


def test_a_root_without_programs_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    own = Sandbox(replace(sandbox.settings, root=tmp_path, shared=()))
    (wrong,) = said(list(findings(own)), False)
    assert wrong.startswith(f"room: root {tmp_path}: a program in it fails: bwrap: execvp /bin/sh")


@pytest.mark.parametrize("name", ["etc/os-release", "usr/lib/os-release"])
def test_a_root_says_what_it_is(tmp_path: Path, name: str) -> None:
    assert system_of(tmp_path) == ""
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text('ID=x\nPRETTY_NAME="Some Linux 1"\n')
    assert system_of(tmp_path) == "Some Linux 1"


def test_who_is_not_root_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    first, *_, last = findings(Sandbox(SandboxSettings(tmp_path)))
    assert not first.right
    assert first.text == (
        "rooms take root, since each is another user's of this machine: run the miner as root,"
        " best in a virtual machine of its own, or sell no sessions"
    )
    assert last.text == "no sessions are sold to strangers until that is mended"
