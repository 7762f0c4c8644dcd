"""The table [swarm] of a miner's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from suanli.base.config import ConfigError
from suanli.lease.swarm.config import SwarmTable, read

CHANNELS = "0x" + "ab" * 20


def written(folder: Path, table: str) -> Path:
    path = folder / "miner.toml"
    path.write_text(table)
    return path


def test_no_table_no_swarm(tmp_path: Path) -> None:
    assert read(written(tmp_path, 'account = "bob"\n')) is None


def test_what_it_says(tmp_path: Path) -> None:
    text = f'[swarm]\nchannels = "{CHANNELS}"\nlisten = "127.0.0.1:0"\n'
    usual = SwarmTable(channels=CHANNELS, listen=("127.0.0.1", 0))
    assert read(written(tmp_path, text)) == usual
    more = 'resource = 2\naddresses = ["ws://203.0.113.7:8800"]\n'
    found = read(written(tmp_path, text + more))
    assert found is not None
    assert (found.resource, found.addresses) == (2, ("ws://203.0.113.7:8800",))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (f'channels = "{CHANNELS}"', "swarm.listen: is missing: where callers are taken"),
        ('listen = "127.0.0.1:0"', "swarm.channels: is missing"),
        (f'channels = "{CHANNELS}"\nlisten = "here"', 'must be an address and a port, like "0.0'),
        (f'channels = "{CHANNELS}"\nlisten = "h:1"\nunits = 3', "swarm.units: "),
        (f'channels = "{CHANNELS}"\nlisten = "h:1"\naddresses = ["x"]', "'x' is no address"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, table: str, says: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(written(tmp_path, f"[swarm]\n{table}\n"))
    assert says in str(error.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make it with `suanli miner init`"):
        read(tmp_path / "nothing.toml")
