"""Leases on a whole market, as `make demo-lease` plays them."""

from __future__ import annotations

from pathlib import Path

import pytest

from suanli.lease.sandbox import Sandbox, SandboxSettings
from tools.demo_lease import demo


@pytest.mark.deep
@pytest.mark.chain
@pytest.mark.parametrize(
    ("kill", "voucher"), [("requester", "all"), ("miner", "all"), ("none", "none")]
)
def test_a_room_is_leased(tmp_path: Path, kill: str, voucher: str) -> None:
    if problems := Sandbox(SandboxSettings(tmp_path)).problems():
        pytest.skip("; ".join(problems))
    demo(tmp_path / "net", keep=False, kill=kill, voucher=voucher, report=tmp_path / "lease.json")
    assert (tmp_path / "lease.json").exists()
