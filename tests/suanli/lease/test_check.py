"""`suanli miner check`, as far as leases go."""

from __future__ import annotations

from pathlib import Path

import pytest

from suanli.daemon import Finding
from suanli.lease.host.checks import examine
from suanli.lease.sandbox import cgroups
from suanli.lease.sandbox.cgroups import NoCgroup
from suanli.miner.config import read

LEASING = """
[leasing]
channels = "0x0000000000000000000000000000000000000001"
root = "/srv/room"

[[lease]]
resource = 4
ask = "1"
"""


def found(folder: Path, text: str) -> list[Finding]:
    path = folder / "miner.toml"
    path.write_text(text)
    return list(examine(path, folder / "data"))


def test_a_miner_that_leases_nothing_is_told_nothing(tmp_path: Path) -> None:
    assert found(tmp_path, "") == []


def test_a_miner_that_leases_is_told_what_rooms_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(parent: str = "") -> None:
        raise NoCgroup("this kernel has none")

    monkeypatch.setattr(cgroups, "find", none)
    told = found(tmp_path, LEASING)
    assert not any(one.right for one in told)
    assert told[-1].text == "no sessions are sold to strangers until that is mended"


def test_a_miner_that_only_leases_says_nothing_of_deals(tmp_path: Path) -> None:
    path = tmp_path / "miner.toml"
    account = "0x" + "ab" * 20
    path.write_text(f"""
rpc = "http://127.0.0.1:8545"
chain_id = 31337
market = "{account}"
payout = "{account}"
store = "blobs"
{LEASING}""")
    config = read(path)
    assert (config.sales, config.units_per_second) == ((), 0.0)
