"""`suanli init`: asks, looks, asks again, and writes what the commands then read."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from suanli.cli import cli
from tests.suanli.client.conftest import World


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("RPC", "MARKET", "RELAY", "ACCOUNT", "PRIVATE_KEY"):
        monkeypatch.delenv(f"SUANLI_{name}", raising=False)
    monkeypatch.setenv("SUANLI_CONFIG", str(tmp_path / "suanli" / "config.toml"))
    monkeypatch.setenv("SUANLI_ACCOUNTS", str(tmp_path / "accounts"))
    monkeypatch.setenv("SUANLI_PASSPHRASE", "of no value")
    return tmp_path / "suanli" / "config.toml"


def asked(*answers: str, force: bool = False) -> Result:
    given = ["init", *(["--force"] if force else [])]
    return CliRunner().invoke(cli, given, input="".join(f"{one}\n" for one in answers))


def test_all_is_asked_and_written(world: World, file: Path) -> None:
    told = asked(world.url, world.market.address, world.broker.url, "", "", "alice")
    assert told.exit_code == 0, told.output
    found = tomllib.loads(file.read_text())
    assert found == {
        "rpc": world.url,
        "market": world.market.address,
        "chain_id": 31_337,
        "relay": world.broker.url,
        "account": "alice",
    }
    balance = CliRunner().invoke(cli, ["account", "balance"])
    assert balance.exit_code == 0, balance.output
    assert balance.stdout.startswith("alice  0x")


def test_only_its_owner_reads_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"rpc": "https://node.example/secret", "store": "/mnt/算力🙂"}
    monkeypatch.setattr(import_module("suanli.cli.init"), "_settings", lambda: settings)
    file.parent.mkdir()
    file.write_text("# before\n")
    file.chmod(0o644)
    told = asked(force=True)
    assert told.exit_code == 0, told.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert tomllib.loads(file.read_text("utf-8")) == settings
    assert list(file.parent.iterdir()) == [file]


def test_what_leads_nowhere_is_asked_again(world: World, file: Path) -> None:
    told = asked(
        *("http://127.0.0.1:1", world.url),
        *("0x12", "0x" + "12" * 20, world.market.address),
        *("ftp://relay", ""),
        *("here", "0x" + "34" * 20),
        *("", "me"),
    )
    assert told.exit_code == 0, told.output
    said = told.stdout
    assert "'0x12' is no address" in said
    assert "'ftp://relay' is no URL of the relay" in said
    assert "'here' is no address" in said
    found = tomllib.loads(file.read_text())
    assert (found["channels"], "relay" in found) == ("0x" + "34" * 20, False)


def test_a_file_that_is_there_stays(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("# mine\n")
    told = asked()
    assert told.exit_code == 1
    assert "exists: give --force to replace it, or edit it" in told.stderr
    assert file.read_text() == "# mine\n"


def test_nothing_is_written_before_the_end(world: World, file: Path) -> None:
    assert asked(world.url, world.market.address).exit_code == 1
    assert not file.exists()
