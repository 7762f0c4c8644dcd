"""What only the person at the terminal knows."""

from __future__ import annotations

import sys

import click

from suanli.base.accounts import Account, AccountError, unlock
from suanli.base.config import setting


def prompt(question: str) -> str:
    """Typed unseen. Raises AccountError where there is no terminal."""
    if not sys.stdin.isatty():
        raise AccountError(
            f"no passphrase: {question} can't be asked without a terminal; set SUANLI_PASSPHRASE or"
            " SUANLI_PASSPHRASE_FILE"
        )
    return str(click.prompt(question, hide_input=True, err=True))


def unlocked(account: str | None) -> Account:
    """The account that was given or is set; its passphrase is asked for where it must be."""
    return unlock(setting("account", account), prompt=prompt)
