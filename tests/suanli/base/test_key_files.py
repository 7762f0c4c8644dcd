"""Keys that other programs wrote: what is taken, and what is said of the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from eth_account import Account as EthAccount

from suanli.base.accounts import Keystore
from suanli.base.key_files import MOST_BYTES
from suanli.cli import cli
from tests.suanli.base.test_account_commands import ADDRESS, KEY

PBKDF2 = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144,
            "dklen": 32,
            "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}
"""Of the definition of web3 secret storage: it does not name its address."""
WRITTEN = json.loads((Path(__file__).parents[2] / "vectors" / "keystores.json").read_text())
PUBLISHED = ("testpassword", "0x008aeeda4d805471df9b2a5b0f38a0c3bcba786b")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, keystore: Keystore) -> Keystore:
    monkeypatch.setenv("SUANLI_PASSPHRASE", "secret")
    monkeypatch.setenv("SUANLI_ACCOUNTS", str(keystore.directory))
    return keystore


def take(path: Path, name: str = "alice") -> Result:
    return CliRunner().invoke(cli, ["account", "import", name, "--file", str(path)])


def test_the_published_example(
    opened: Keystore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passphrase, address = PUBLISHED
    monkeypatch.setenv("SUANLI_PASSPHRASE", passphrase)
    path = tmp_path / "example.json"
    path.write_text(json.dumps(PBKDF2))
    assert take(path).stdout == f"alice  {address}\n"


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_a_file_as_geth_writes_it(opened: Keystore, tmp_path: Path, kdf: str) -> None:
    """Without a name that says what it is, and with an address without 0x."""
    path = tmp_path / "UTC--2026-11-26T10-00-00.000000000Z--70997970c51812dc"
    made = EthAccount.encrypt(KEY, "secret", kdf=kdf, iterations=2)
    path.write_text(json.dumps(made | {"address": ADDRESS[2:]}))
    assert take(path).stdout == f"alice  {ADDRESS}\n"
    assert opened.unlock("alice", "secret").address == ADDRESS


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_a_file_as_metamask_and_myetherwallet_write_it(
    opened: Keystore, tmp_path: Path, kdf: str
) -> None:
    """Made by the library that both use, ethereumjs-wallet 1.0.2."""
    path = tmp_path / "key.json"
    path.write_text(json.dumps(WRITTEN[kdf]))
    assert take(path).stdout == f"alice  {ADDRESS}\n"
    assert opened.unlock("alice", "secret").address == ADDRESS


def test_a_wrong_passphrase(
    opened: Keystore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(EthAccount.encrypt(KEY, "other", kdf="pbkdf2", iterations=2)))
    told = take(path)
    assert (told.exit_code, told.output) == (
        1,
        f"Error: the passphrase does not open {path}: try again\n",
    )
    assert opened.list() == []


@pytest.mark.parametrize("text", [KEY, f"0x{KEY}\n", f"  {KEY.upper()}  "])
def test_a_private_key_as_metamask_shows_it(opened: Keystore, tmp_path: Path, text: str) -> None:
    path = tmp_path / "key.txt"
    path.write_text(text)
    assert take(path).stdout == f"alice  {ADDRESS}\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"data": "x", "iv": "y", "salt": "z"}', "is a vault of MetaMask, with all its accounts"),
        (b" ".join([b"test"] * 11 + [b"junk"]), "holds a recovery phrase, which opens many"),
        (b'{"version": "1", "crypto": {}}', "is an encrypted key of version '1', not 3"),
        (b'{"encseed": "00"}', "is no encrypted key (web3 secret storage, version 3)"),
        (b"[]", "is no encrypted key"),
        (b"nonsense", "holds no key"),
        (KEY.encode() + b"0", "holds no key"),
        (b"\xff\xfe", "is no text"),
        (b"[" * 60_000, "holds no key"),
        (b" " * (MOST_BYTES + 1), "is larger than any file with one key"),
    ],
)
def test_other_files(opened: Keystore, tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    told = take(path)
    assert (told.exit_code, why in told.output) == (1, True), told.output
    assert "export the account's private key there" in told.output
    assert KEY not in told.output
    assert "junk" not in told.output
    assert opened.list() == []
