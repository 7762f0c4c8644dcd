"""Leases on a whole market, as `make demo-lease` plays them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suanli.lease.sandbox import Sandbox, SandboxSettings
from tools.demo_lease import demo


@pytest.mark.deep
@pytest.mark.chain
@pytest.mark.parametrize(
    ("kill", "voucher"), [("requester", "all"), ("miner", "all"), ("none", "none")]
)
def test_leases_are_sold_and_paid(tmp_path: Path, kill: str, voucher: str) -> None:
    if problems := Sandbox(SandboxSettings(tmp_path)).problems():
        pytest.skip("; ".join(problems))
    report = tmp_path / "lease.json"
    demo(tmp_path / "net", keep=False, kill=kill, voucher=voucher, report=report)
    told = json.loads(report.read_text())
    changes = [int(one["change"]) for one in told["balances"].values()]
    assert sum(changes) == 0
    assert any(changes)
    if voucher == "none":
        assert "swarm" not in told
        return
    assert told["swarm"]["tasks"] == sum(told["swarm"]["by"].values()) == 2_000
    assert len(told["storage"]["copies"]) == 3
    assert int(told["storage"]["collateral"]) > 0
