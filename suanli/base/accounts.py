"""Accounts: keys in encrypted files (web3 secret storage, version 3), or in the environment.

A key is never shown: not by `repr`, not in errors, not in logs. Files are readable by their owner
only. The passphrase comes from `SUANLI_PASSPHRASE`, the file `SUANLI_PASSPHRASE_FILE`, or a prompt.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account as EthAccount
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from suanli.base.config import setting
from suanli.base.errors import SuanliError
from suanli.base.key_form import objection
from suanli.base.text import is_address

DEFAULT_DIRECTORY = Path("~/.suanli/accounts")
KEY_VARIABLE = "SUANLI_PRIVATE_KEY"
PASSPHRASE_VARIABLE = "SUANLI_PASSPHRASE"
PASSPHRASE_FILE_VARIABLE = "SUANLI_PASSPHRASE_FILE"
CLEF = "clef:"
"""Begins an account whose key Clef keeps (`suanli.chain.signer_of`): clef:0x…"""

SCRYPT_N = 1 << 18
"""Cost of trying a passphrase, the standard's: about a second."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ADDRESS = re.compile(r"(0x)?[0-9a-fA-F]{40}")


class AccountError(SuanliError):
    """Something about an account or its file."""


class InvalidKey(AccountError):
    """Not a private key. The message never shows what was given."""


class WrongPassphrase(AccountError):
    """The passphrase does not open the file."""


class CorruptKeystore(AccountError):
    """The file is no encrypted key, or was damaged."""


class DuplicateAccount(AccountError):
    """The name, or the key, is in the directory already."""


class UnknownAccount(AccountError):
    """No file of this name or address."""


class NoAccount(AccountError):
    """Nothing says which account, or which passphrase, to use."""


class Account:
    """A key that signs. Only its address is ever shown."""

    __slots__ = ("_local", "address")

    def __init__(self, local: LocalAccount) -> None:
        self._local = local
        self.address: str = str(local.address).lower()

    @classmethod
    def create(cls) -> Account:
        """A new random key."""
        return cls.from_key(secrets.token_bytes(32))

    @classmethod
    def from_key(cls, key: bytes | str) -> Account:
        """32 bytes, or their 64 hexadecimal digits, with or without 0x; else InvalidKey."""
        try:
            raw = bytes.fromhex(key.strip().removeprefix("0x")) if isinstance(key, str) else key
            if len(raw) == 32:
                return cls(EthAccount.from_key(raw))
        except Exception:
            pass  # the library's errors may show the key
        raise InvalidKey("not a private key: 64 hexadecimal digits, with or without 0x, are wanted")

    def __repr__(self) -> str:
        return f"Account({self.address})"

    def __reduce__(self) -> Any:
        raise TypeError("an account is not pickled: its key would leave unencrypted")

    def sign_typed(self, digest: bytes, data: Callable[[], dict[str, Any]]) -> bytes:
        """65 bytes (r, s, v), the same every time (RFC 6979); by the digest alone."""
        return bytes(self._local.unsafe_sign_hash(Hash32(digest)).signature)

    def sign_transaction(self, fields: Mapping[str, Any]) -> bytes:
        """The raw transaction; `fields` are named as in JSON-RPC, with numbers as int."""
        given = dict(fields)
        if given.get("to"):  # the library takes addresses with capitals, or bytes
            given["to"] = bytes.fromhex(given["to"][2:])
        return bytes(self._local.sign_transaction(given).raw_transaction)

    def encrypted(self, passphrase: str) -> dict[str, Any]:
        """Web3 secret storage, version 3."""
        made: dict[str, Any] = EthAccount.encrypt(
            self._local.key, passphrase, kdf="scrypt", iterations=SCRYPT_N
        )
        return made


@dataclass(frozen=True)
class Stored:
    """An account's file."""

    name: str
    address: str
    path: Path


class Keystore:
    """A directory of encrypted keys, one file `<name>.json` each: `directory`, or the setting
    `accounts` (see `suanli.base.config`)."""

    def __init__(self, directory: Path | str | None = None) -> None:
        chosen = directory or setting("accounts") or DEFAULT_DIRECTORY
        self.directory = Path(chosen).expanduser()

    def new(self, passphrase: str, name: str | None = None) -> Stored:
        """Make a key and keep it. Raises DuplicateAccount, AccountError."""
        return self.add(Account.create(), passphrase, name)

    def import_file(self, path: Path, passphrase: str, name: str | None = None) -> Stored:
        """Keep another program's encrypted file, once its passphrase opened it."""
        return self.add(_decrypt(path, passphrase), passphrase, name)

    def add(self, account: Account, passphrase: str, name: str | None = None) -> Stored:
        """Keep a key, encrypted. Raises DuplicateAccount, AccountError for name or passphrase."""
        if not passphrase:
            raise AccountError("an empty passphrase protects nothing: choose one")
        name = account.address if name is None else name
        if not _NAME.fullmatch(name):
            raise AccountError(f"{name!r} is no name: use up to 64 letters, digits, '.', '_', '-'")
        for stored in self.list():
            if stored.address == account.address:
                raise DuplicateAccount(f"{stored.address} is here already, as {stored.name}")
        path = self.directory / f"{name}.json"
        _write_private(path, json.dumps(account.encrypted(passphrase)))
        return Stored(name, account.address, path)

    def list(self) -> Sequence[Stored]:
        """All accounts, by name; files that are none are passed over."""
        found = []
        for path in sorted(self.directory.glob("*.json")):
            try:
                found.append(Stored(path.stem, _address_in(_load(path), path), path))
            except CorruptKeystore:
                continue
        return found

    def find(self, which: str) -> Stored:
        """An account by its name or address. Raises UnknownAccount, CorruptKeystore."""
        path = self.directory / f"{which}.json"
        if _NAME.fullmatch(which) and path.is_file():
            return Stored(which, _address_in(_load(path), path), path)
        accounts = self.list()
        if _ADDRESS.fullmatch(which):
            address = "0x" + which.lower().removeprefix("0x")
            for stored in accounts:
                if stored.address == address:
                    return stored
        known = ", ".join(stored.name for stored in accounts) or "none yet"
        raise UnknownAccount(
            f"there is no account {which!r} in {self.directory} (there are: {known}); make one"
            " with `suanli account new`"
        )

    def unlock(self, which: str, passphrase: str) -> Account:
        """Raises UnknownAccount, WrongPassphrase, CorruptKeystore."""
        stored = self.find(which)
        return _decrypt(stored.path, passphrase)


def unlock(
    which: str | None = None,
    *,
    directory: Path | str | None = None,
    prompt: Callable[[str], str] | None = None,
) -> Account:
    """The account to act as: `which` of the keystore, else the key in SUANLI_PRIVATE_KEY, else the
    only one of the keystore.

    `prompt` asks for the passphrase when the environment does not have it.

    Raises:
        NoAccount, UnknownAccount, WrongPassphrase, CorruptKeystore, InvalidKey.
    """
    key = os.environ.get(KEY_VARIABLE)
    if which is None and key:
        try:
            return Account.from_key(key)
        except InvalidKey as error:
            raise InvalidKey(f"{KEY_VARIABLE} is {error}") from None
    keystore = Keystore(directory)
    stored = keystore.find(which) if which else only(keystore)
    return keystore.unlock(stored.name, passphrase_for(stored.name, prompt))


def passphrase_for(name: str, prompt: Callable[[str], str] | None = None) -> str:
    """From SUANLI_PASSPHRASE, the file SUANLI_PASSPHRASE_FILE (its first line), or `prompt`."""
    if (passphrase := os.environ.get(PASSPHRASE_VARIABLE)) is not None:
        return passphrase
    if file := os.environ.get(PASSPHRASE_FILE_VARIABLE):
        try:
            return Path(file).expanduser().read_text().split("\n")[0]
        except (OSError, UnicodeDecodeError) as error:
            raise NoAccount(f"{PASSPHRASE_FILE_VARIABLE}: can't read {file}: {error}") from None
    if prompt is None:
        raise NoAccount(
            f"no passphrase for {name}: set {PASSPHRASE_VARIABLE} or {PASSPHRASE_FILE_VARIABLE}"
        )
    return prompt(f"Passphrase of {name}")


def only(keystore: Keystore) -> Stored:
    """The one account that is there. Raises NoAccount."""
    accounts = keystore.list()
    if len(accounts) == 1:
        return accounts[0]
    if not accounts:
        raise NoAccount(
            f"there is no account in {keystore.directory}: make one with `suanli account new`, or"
            f" set {KEY_VARIABLE}"
        )
    names = ", ".join(stored.name for stored in accounts)
    raise NoAccount(f"which account? Name one of {names} with --account")


def kept_by_clef(which: str | None) -> str | None:
    """The address in `clef:0x…`; None of any other account.

    Raises:
        UnknownAccount: no address follows.
    """
    if which is None or not which.startswith(CLEF):
        return None
    address = which.removeprefix(CLEF)
    if not is_address(address):
        raise UnknownAccount(f"{which!r} names no account of Clef: write {CLEF}0x…, its address")
    return address.lower()


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, and never over another file; mode 0600."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)
    except FileExistsError:
        raise DuplicateAccount(f"{path} exists already: choose another name") from None
    finally:
        part.unlink()


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_bytes())
    except ValueError:
        loaded = None
    if not isinstance(loaded, dict) or loaded.get("version") != 3:
        raise CorruptKeystore(
            f"{path} is no encrypted key (web3 secret storage, version 3): restore it from a backup"
        )
    return loaded


def _address_in(loaded: dict[str, Any], path: Path) -> str:
    address = loaded.get("address")
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise CorruptKeystore(f"{path} does not say its address: import it anew")
    return "0x" + address.lower().removeprefix("0x")


def _require_address(account: Account, loaded: dict[str, Any], path: Path) -> None:
    """Files of other programs need not say their address; one that does must be right."""
    if "address" in loaded and _address_in(loaded, path) != account.address:
        raise CorruptKeystore(
            f"{path} holds the key of {account.address}, but says {_address_in(loaded, path)}:"
            " restore it from a backup"
        )


def _decrypt(path: Path, passphrase: str) -> Account:
    loaded = _load(path)
    if what := objection(loaded):
        raise CorruptKeystore(f"{path} is damaged ({what}): restore it from a backup")
    try:
        account = Account.from_key(bytes(EthAccount.decrypt(loaded, passphrase)))
        _require_address(account, loaded, path)
        return account
    except ValueError as error:
        if "MAC mismatch" in str(error):
            raise WrongPassphrase(f"the passphrase does not open {path}: try again") from None
    except (KeyError, TypeError, NotImplementedError, OverflowError):
        pass
    raise CorruptKeystore(f"{path} is damaged: restore it from a backup")
