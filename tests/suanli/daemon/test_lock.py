"""One daemon a folder, and one an account and market, whatever its file and folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from suanli.daemon.lock import AlreadyRunning, only_daemon
from tests.harness.local_chain import ALICE, BOB

MARKET, OTHER = "0x" + "ab" * 20, "0x" + "cd" * 20


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_a_second_daemon_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    one, two, address = tmp_path / "one", tmp_path / "two", BOB.address
    with only_daemon(one, address, 1, MARKET):
        with (
            pytest.raises(AlreadyRunning) as same,
            only_daemon(one, address, 1, MARKET),
        ):
            pass
        with (
            pytest.raises(AlreadyRunning) as other,
            only_daemon(two, address, 1, MARKET.upper().replace("X", "x")),
        ):
            pass
    assert f"works in this folder (pid {os.getpid()}, folder {one})" in str(same.value)
    assert str(other.value).startswith(
        f"another daemon works as a miner with {address} here (pid {os.getpid()}, folder {one}): "
    )
    with only_daemon(two, address, 1, MARKET):
        pass


def test_other_accounts_markets_and_chains_are_none_of_its_business(tmp_path: Path) -> None:
    others = [(ALICE, 1, MARKET), (BOB, 2, MARKET), (BOB, 1, OTHER)]
    with only_daemon(tmp_path / "bob", BOB.address, 1, MARKET):
        for number, (account, chain, market) in enumerate(others):
            with only_daemon(tmp_path / str(number), account.address, chain, market):
                pass
