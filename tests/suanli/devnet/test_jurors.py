"""A devnet with a juror, whose seats can be drawn at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from suanli.cli import cli
from suanli.devnet import Devnet, DevnetError, DevnetSale
from suanli.juror.setup import find_court


def look(net: Devnet) -> None:
    court, config = find_court(net.market), str(net.juror_config(1))
    assert court.seat_totals().seats == 15
    now = net.node.head().time
    assert all(court.seat_of(position).since <= now for position in range(1, 16))
    assert court.capacity().value > 0
    shown = CliRunner().invoke(cli, ["juror", "status", "--config", config, "--json"])
    assert len(json.loads(shown.stdout)["seats"]) == 15


def test_a_juror_has_all_seats(tmp_path: Path) -> None:
    with Devnet(tmp_path / "net", 0, DevnetSale(speed=1_000), jurors=1) as net:
        look(net)


@pytest.mark.deep
def test_a_juror_keeps_its_seats(tmp_path: Path) -> None:
    for _ in range(2):
        with Devnet(tmp_path / "net", 0, DevnetSale(speed=1_000), jurors=1) as net:
            look(net)


@pytest.mark.deep
def test_a_devnet_made_without_jurors_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    with Devnet(folder, 0, DevnetSale(speed=1_000)):
        pass
    with (
        pytest.raises(DevnetError, match="made without jurors"),
        Devnet(folder, 0, DevnetSale(speed=1_000), jurors=1),
    ):
        pass
