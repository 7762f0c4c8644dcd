"""What only the person at the terminal knows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from suanli.base.accounts import AccountError, passphrase_for
from suanli.base.config import setting

if TYPE_CHECKING:
    from suanli.protocol import Signer


def prompt(question: str) -> str:
    """Typed unseen. Raises AccountError where there is no terminal."""
    if not sys.stdin.isatty():
        raise AccountError(
            f"no passphrase: {question} can't be asked without a terminal; set SUANLI_PASSPHRASE or"
            " SUANLI_PASSPHRASE_FILE"
        )
    return str(click.prompt(question, hide_input=True, err=True))


def unlocked(account: str | None) -> Signer:
    """The account that was given or is set; its passphrase is asked for where it must be."""
    from suanli.chain import signer_of  # the chain's modules take long to load

    return signer_of(setting("account", account), prompt=prompt)


def new_passphrase(name: str | None) -> str:
    """Asked for twice, as nobody sees what is typed."""

    def ask_twice(question: str) -> str:
        first = prompt(question)
        if prompt("Once more") != first:
            raise AccountError("the two passphrases differ: try again")
        return first

    return passphrase_for(name or "the new account", ask_twice)
