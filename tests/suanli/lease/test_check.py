"""`suanli miner check`, as far as leases go."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from suanli.daemon import Finding
from suanli.lease.host.checks import examine
from suanli.lease.host.core import HostedChannel, HostStage
from suanli.lease.host.journal import HostJournal
from suanli.lease.host.status import rows_of_sessions, sessions_of
from suanli.lease.rate import Rate
from suanli.lease.sandbox import cgroups
from suanli.lease.sandbox.cgroups import NoCgroup
from suanli.miner.config import read
from suanli.protocol import Channel, Quote

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


def test_a_status_shows_the_sessions_that_are_open(tmp_path: Path) -> None:
    assert sessions_of(tmp_path) == []
    quote = Quote("0x" + "cc" * 20, "0x" + "11" * 20, "0x" + "22" * 20, 7, 4, 2, 60, 1, 2_000)
    record = Channel(quote, 10**18, 1_000, 5_000, 1)
    made = HostedChannel(b"\2" * 32, quote.signer, Rate(3, 7), 5_000, 1_060)
    served = replace(made, stage=HostStage.FROZEN, amount=900, signature=b"\1" * 65, served=2_100)
    with closing(HostJournal.of_folder(tmp_path / "leases")) as journal:
        journal.save(served, record)
        journal.save(replace(made, id=b"\3" * 32, stage=HostStage.CLOSED), record)
    found = sessions_of(tmp_path)
    assert [one["vouchers"] for one in found] == ["900"]
    assert list(rows_of_sessions(found, 3)) == [
        ("session", "0x02020202 frozen: 2 of class 4, 2.1 s served, 0.9 of 5")
    ]
