"""What stands of storage in a miner's file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from suanli.base.config import ConfigError
from suanli.lease.storage.keeper.config import read

TABLE = """
[storage]
deals = "0xDDdDddDdDdddDDddDDddDDDDdDdDDdDDdDDDDDDd"
resource = 5
units = 20
ask = "0.1"
collateral = "100"
listen = "127.0.0.1:8710"
addresses = ["ws://203.0.113.7:8710"]
disk = "2 GiB"
"""


def test_a_file_without_the_table_sells_no_space(tmp_path: Path) -> None:
    (tmp_path / "miner.toml").write_text('relay = "http://127.0.0.1:1"\n')
    assert read(tmp_path / "miner.toml") is None


def test_the_table_says_what_is_sold(tmp_path: Path) -> None:
    (tmp_path / "miner.toml").write_text(TABLE)
    found = read(tmp_path / "miner.toml")
    assert found is not None
    assert (found.deals, found.price) == ("0x" + "dd" * 20, 10**17)
    assert (found.listen, found.disk) == (("127.0.0.1", 8710), 2 << 30)
    assert (found.collateral, found.unit, found.period) == (Decimal(100), 10**9, 3_600)


@pytest.mark.parametrize(
    ("line", "wrong", "why"),
    [
        ('disk = "2 GiB"', 'disk = "lots"', "storage.disk: must be a size in quotes"),
        ('ask = "0.1"', "ask = 0.1", "storage.ask: must be a number of tokens in quotes"),
        ('disk = "2 GiB"', "", "storage.disk"),
        ("units = 20", "units = 20\nunit = 5", "storage.unit: must be from 1e+06 to 1e+15"),
        ('addresses = ["ws:', 'addresses = ["ftp:', "'ftp://203.0.113.7:8710' is no address"),
    ],
)
def test_what_is_wrong_in_it_is_said(tmp_path: Path, line: str, wrong: str, why: str) -> None:
    (tmp_path / "miner.toml").write_text(TABLE.replace(line, wrong))
    with pytest.raises(ConfigError) as found:
        read(tmp_path / "miner.toml")
    assert why in str(found.value)
