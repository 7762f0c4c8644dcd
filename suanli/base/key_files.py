"""Keys in files of other programs, such as geth and MetaMask."""

from __future__ import annotations

import json
from pathlib import Path

from suanli.base.accounts import Account, AccountError, InvalidKey

MOST_BYTES = 64 << 10
_REMEDY = (
    "export the account's private key there (MetaMask: Account details, Show private key) and give"
    " it to `suanli account import` at its prompt, or in a file with --file"
)


class UnknownKeyFile(AccountError):
    """A file that can't be imported; the message says what to export instead."""


def bare_key(path: Path) -> Account | None:
    """The account of a file that holds a private key as text, as MetaMask shows it; None for an
    encrypted file (web3 secret storage, version 3), which takes its passphrase.

    Raises:
        UnknownKeyFile: anything else. What is in the file is never shown.
    """
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UnknownKeyFile(f"{path} is larger than any file with one key: {_REMEDY}")
    try:
        text = data.decode().strip()
    except UnicodeDecodeError:
        raise UnknownKeyFile(f"{path} is no text: {_REMEDY}") from None
    try:
        return Account.from_key(text)
    except InvalidKey:
        pass
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        words = len(text.split())
        what = "a recovery phrase, which opens many accounts" if words in (12, 24) else "no key"
        raise UnknownKeyFile(f"{path} holds {what}: {_REMEDY}") from None
    if isinstance(found, dict):
        if found.get("version") == 3:
            return None
        if {"data", "iv", "salt"} <= found.keys():
            raise UnknownKeyFile(f"{path} is a vault of MetaMask, with all its accounts: {_REMEDY}")
        if "version" in found:
            raise UnknownKeyFile(
                f"{path} is an encrypted key of version {str(found['version'])[:20]!r}, not 3: let"
                f" the program that wrote it write version 3, or {_REMEDY}"
            )
    raise UnknownKeyFile(f"{path} is no encrypted key (web3 secret storage, version 3): {_REMEDY}")
