"""What only the person at the terminal knows."""

from __future__ import annotations

import sys

import click

from suanli.base.accounts import AccountError


def prompt(question: str) -> str:
    """Typed unseen. Raises AccountError where there is no terminal."""
    if not sys.stdin.isatty():
        raise AccountError(
            f"no passphrase: {question} can't be asked without a terminal; set SUANLI_PASSPHRASE or"
            " SUANLI_PASSPHRASE_FILE"
        )
    return str(click.prompt(question, hide_input=True, err=True))
