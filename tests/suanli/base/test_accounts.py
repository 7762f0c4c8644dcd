"""Keys: kept encrypted, opened by passphrase, never shown."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import stat
import traceback
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account as EthAccount

from suanli.base.accounts import (
    Account,
    AccountError,
    CorruptKeystore,
    DuplicateAccount,
    InvalidKey,
    Keystore,
    NoAccount,
    UnknownAccount,
    WrongPassphrase,
    unlock,
)
from suanli.base.text import is_address

KEY = "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
ADDRESS = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"


@pytest.mark.parametrize("key", [KEY, "0x" + KEY, f" {KEY}\n", bytes.fromhex(KEY)])
def test_forms_of_a_key(key: bytes | str) -> None:
    assert Account.from_key(key).address == ADDRESS


@pytest.mark.parametrize(
    "key", ["", "0x", KEY[:-2], KEY + "00", "x" + KEY[1:], "0" * 64, "f" * 64, b"", b"\1" * 31, 7]
)
def test_what_is_no_key_is_not_shown(key: Any) -> None:
    with pytest.raises(InvalidKey) as caught:
        Account.from_key(key)
    shown = "".join(traceback.format_exception(caught.value))
    assert "64 hexadecimal digits" in shown
    assert KEY[1:60] not in shown


def test_new_keys_differ() -> None:
    assert Account.create().address != Account.create().address


def test_a_key_is_never_shown() -> None:
    account = Account.from_key(KEY)
    record = logging.LogRecord("x", 20, "x", 1, "%s %r", (account, [account]), None)
    for shown in (repr(account), str(account), f"{account}", record.getMessage()):
        assert ADDRESS in shown
        assert KEY not in shown
        assert KEY.upper() not in shown.upper()
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            leave(account)


def test_signing_is_that_of_the_library() -> None:
    digest = b"\7" * 32
    theirs = EthAccount.unsafe_sign_hash(digest, KEY).signature
    assert Account.from_key(KEY).sign_typed(digest, dict) == bytes(theirs)


def test_transactions_are_recovered_to_their_sender() -> None:
    fields = {
        "type": 2,
        "chainId": 1,
        "nonce": 0,
        "gas": 21_000,
        "maxFeePerGas": 2,
        "maxPriorityFeePerGas": 1,
        "value": 0,
        "data": b"",
    }
    for more in ({}, {"to": ADDRESS}):
        raw = Account.from_key(KEY).sign_transaction(fields | more)
        assert EthAccount.recover_transaction(raw).lower() == ADDRESS


def test_what_is_kept_can_be_opened(keystore: Keystore) -> None:
    made = keystore.new("secret", "alice")
    assert keystore.unlock("alice", "secret").address == made.address
    assert keystore.unlock(made.address, "secret").address == made.address
    assert keystore.unlock(made.address.upper().replace("X", "x"), "secret").address == made.address
    assert [stored.name for stored in keystore.list()] == ["alice"]


def test_a_name_is_not_necessary(keystore: Keystore) -> None:
    made = keystore.new("secret")
    assert made.name == made.address
    assert keystore.find(made.address) == made


def test_files_are_their_owners_only(keystore: Keystore) -> None:
    made = keystore.new("secret", "alice")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(keystore.directory.stat().st_mode) == 0o700
    assert [path.name for path in keystore.directory.iterdir()] == ["alice.json"]


def test_files_hold_no_key_and_are_the_standards(keystore: Keystore) -> None:
    made = keystore.add(Account.from_key(KEY), "secret", "alice")
    text = made.path.read_text()
    assert KEY not in text.lower()
    assert "secret" not in text
    kept = json.loads(text)
    assert (kept["version"], kept["crypto"]["kdf"]) == (3, "scrypt")
    assert bytes(EthAccount.decrypt(kept, "secret")).hex() == KEY


def test_the_standards_cost(monkeypatch: pytest.MonkeyPatch, keystore: Keystore) -> None:
    monkeypatch.undo()
    kept = json.loads(keystore.add(Account.from_key(KEY), "secret", "alice").path.read_text())
    assert kept["crypto"]["kdfparams"]["n"] == 1 << 18


def test_another_programs_file_is_imported(keystore: Keystore, tmp_path: Path) -> None:
    file = tmp_path / "UTC--2026"
    file.write_text(json.dumps(EthAccount.encrypt(KEY, "secret", kdf="pbkdf2", iterations=2)))
    with pytest.raises(WrongPassphrase):
        keystore.import_file(file, "other", "alice")
    assert keystore.import_file(file, "secret", "alice").address == ADDRESS
    assert keystore.unlock("alice", "secret").address == ADDRESS


def test_wrong_passphrases(keystore: Keystore) -> None:
    keystore.new("secret", "alice")
    for wrong in ("", "Secret", "secret "):
        with pytest.raises(WrongPassphrase, match=r"does not open .*alice\.json"):
            keystore.unlock("alice", wrong)


def test_an_empty_passphrase_is_refused(keystore: Keystore) -> None:
    with pytest.raises(AccountError, match="protects nothing"):
        keystore.new("")


def test_duplicates(keystore: Keystore) -> None:
    keystore.add(Account.from_key(KEY), "secret", "alice")
    before = (keystore.directory / "alice.json").read_bytes()
    with pytest.raises(DuplicateAccount, match="choose another name"):
        keystore.new("secret", "alice")
    with pytest.raises(DuplicateAccount, match="is here already, as alice"):
        keystore.add(Account.from_key(KEY), "other", "bob")
    assert (keystore.directory / "alice.json").read_bytes() == before
    assert len(list(keystore.directory.iterdir())) == 1


@pytest.mark.parametrize("name", ["", "../alice", "a/b", ".hidden", "a b", "é", "x" * 65, "a\n"])
def test_names_that_are_none(keystore: Keystore, name: str) -> None:
    with pytest.raises(AccountError, match="is no name"):
        keystore.new("secret", name)
    with pytest.raises(UnknownAccount):
        keystore.find(name)


def test_unknown_accounts(keystore: Keystore) -> None:
    with pytest.raises(UnknownAccount, match="there are: none yet"):
        keystore.find("alice")
    keystore.new("secret", "alice")
    for which in ("bob", ADDRESS):
        with pytest.raises(UnknownAccount, match="there are: alice"):
            keystore.unlock(which, "secret")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", '{"version": 2}', '{"version": 3}', '{"version": 3, "address": 7}']
)
def test_damaged_files(keystore: Keystore, text: str) -> None:
    keystore.new("secret", "alice").path.write_text(text)
    with pytest.raises(CorruptKeystore, match=r"alice\.json"):
        keystore.unlock("alice", "secret")
    assert keystore.list() == []


KDF = ("crypto", "kdfparams")


def damaged(kept: dict[str, Any], *path: str, value: Any) -> str:
    inner = kept
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(kept)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("crypto",), None),
        (("crypto",), 7),
        (("crypto", "kdf"), "argon2"),
        (("crypto", "kdfparams"), {}),
        (("crypto", "kdfparams", "n"), "many"),
        (("crypto", "kdfparams", "n"), -1),
        (("crypto", "cipherparams"), {}),
        (("crypto", "ciphertext"), "xx"),
        (("crypto", "mac"), None),
    ],
)
def test_files_damaged_inside(keystore: Keystore, path: tuple[str, ...], value: Any) -> None:
    made = keystore.new("secret", "alice")
    made.path.write_text(damaged(json.loads(made.path.read_text()), *path, value=value))
    with pytest.raises(CorruptKeystore, match="restore it from a backup"):
        keystore.unlock("alice", "secret")


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (
            ("crypto", "kdfparams", "n"),
            1 << 24,
            "crypto: takes more than 1024 MiB of memory to open",
        ),
        (
            ("crypto", "kdfparams", "n"),
            1 << 40,
            "crypto: kdfparams.n: must be less than or equal to",
        ),
        (
            ("crypto", "kdfparams", "p"),
            1 << 20,
            "crypto: kdfparams.p: must be less than or equal to",
        ),
        ((*KDF, "salt"), None, "crypto: kdfparams.salt: must be text"),
        (("crypto", "cipherparams"), {}, "crypto.cipherparams.iv: is missing"),
    ],
)
def test_a_file_that_nobody_could_open_is_not_tried(
    keystore: Keystore, path: tuple[str, ...], value: Any, says: str
) -> None:
    """One from a stranger could take all memory, or years."""
    made = keystore.new("secret", "alice")
    made.path.write_text(damaged(json.loads(made.path.read_text()), *path, value=value))
    with pytest.raises(CorruptKeystore) as caught:
        keystore.unlock("alice", "secret")
    assert f"alice.json is damaged ({says}" in str(caught.value)


def test_a_file_of_another_key(keystore: Keystore) -> None:
    made = keystore.new("secret", "alice")
    text = damaged(json.loads(made.path.read_text()), "address", value=ADDRESS[2:])
    made.path.write_text(text)
    with pytest.raises(CorruptKeystore, match=f"but says {ADDRESS}"):
        keystore.unlock("alice", "secret")
    with pytest.raises(CorruptKeystore, match=f"but says {ADDRESS}"):
        keystore.import_file(made.path, "secret", "bob")


# Which account


def test_the_environments_key(monkeypatch: pytest.MonkeyPatch, keystore: Keystore) -> None:
    monkeypatch.setenv("SUANLI_PRIVATE_KEY", KEY)
    assert unlock(directory=keystore.directory).address == ADDRESS
    named = keystore.new("secret", "alice")
    monkeypatch.setenv("SUANLI_PASSPHRASE", "secret")
    assert unlock("alice", directory=keystore.directory).address == named.address


def test_a_bad_key_in_the_environment_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUANLI_PRIVATE_KEY", KEY[:-1])
    with pytest.raises(InvalidKey, match="SUANLI_PRIVATE_KEY is not a private key") as caught:
        unlock()
    assert KEY[:-1] not in "".join(traceback.format_exception(caught.value))


def test_where_the_passphrase_comes_from(
    monkeypatch: pytest.MonkeyPatch, keystore: Keystore, tmp_path: Path
) -> None:
    made = keystore.new("secret", "alice")
    directory = keystore.directory
    with pytest.raises(NoAccount, match="set SUANLI_PASSPHRASE or SUANLI_PASSPHRASE_FILE"):
        unlock("alice", directory=directory)
    asked: list[str] = []

    def prompt(question: str) -> str:
        asked.append(question)
        return "secret"

    assert unlock("alice", directory=directory, prompt=prompt).address == made.address
    assert asked == ["Passphrase of alice"]
    file = tmp_path / "passphrase"
    monkeypatch.setenv("SUANLI_PASSPHRASE_FILE", str(file))
    with pytest.raises(NoAccount, match="SUANLI_PASSPHRASE_FILE: can't read"):
        unlock("alice", directory=directory)
    file.write_text("secret\nanother line\n")
    assert unlock("alice", directory=directory).address == made.address
    monkeypatch.setenv("SUANLI_PASSPHRASE", "wrong")
    with pytest.raises(WrongPassphrase):
        unlock("alice", directory=directory, prompt=prompt)


def test_the_only_account_needs_no_name(
    monkeypatch: pytest.MonkeyPatch, keystore: Keystore
) -> None:
    monkeypatch.setenv("SUANLI_PASSPHRASE", "secret")
    monkeypatch.setenv("SUANLI_ACCOUNTS", str(keystore.directory))
    with pytest.raises(NoAccount, match="suanli account new"):
        unlock()
    made = keystore.new("secret", "alice")
    assert unlock().address == made.address
    keystore.new("secret", "bob")
    with pytest.raises(NoAccount, match="Name one of alice, bob"):
        unlock()


def test_the_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert Keystore().directory == tmp_path / "home" / ".suanli" / "accounts"
    monkeypatch.setenv("SUANLI_ACCOUNTS", "~/keys")
    assert Keystore().directory == tmp_path / "home" / "keys"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(ADDRESS, True), (ADDRESS.upper().replace("X", "x"), True), (ADDRESS[2:], False), ("", False)],
)
def test_addresses(text: str, expected: bool) -> None:
    assert is_address(text) is expected


def test_the_keystore_is_where_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever opens it: a miner's commands did not look into the configuration file."""
    assert Keystore().directory == tmp_path / "home" / ".suanli" / "accounts"
    config = tmp_path / "config.toml"
    config.write_text(f'accounts = "{tmp_path / "filed"}"\n')
    monkeypatch.setenv("SUANLI_CONFIG", str(config))
    assert Keystore().directory == tmp_path / "filed"
    monkeypatch.setenv("SUANLI_ACCOUNTS", str(tmp_path / "named"))
    assert Keystore().directory == tmp_path / "named"
    assert Keystore(tmp_path / "given").directory == tmp_path / "given"
