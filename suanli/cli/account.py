"""`suanli account`: keys on this machine, and what they own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from suanli.base.accounts import (
    KEY_VARIABLE,
    Account,
    Keystore,
    Stored,
    kept_by_clef,
    only,
    passphrase_for,
)
from suanli.base.config import setting
from suanli.base.key_files import bare_key
from suanli.base.text import is_address
from suanli.cli.as_json import as_json as to_json
from suanli.cli.asking import new_passphrase, prompt
from suanli.cli.options import NODE, json_option, keystore_option, market_option, rpc_option
from suanli.cli.output import print_facts, print_table

_tokens = click.option(
    "--tokens", type=click.IntRange(min=0), default=1_000, show_default=True, help="Whole tokens."
)


@click.command()
@click.argument("name", required=False)
@keystore_option
@json_option
def new(name: str | None, accounts: str | None, as_json: bool) -> None:
    """Make a new key, called NAME (or by its address)."""
    keystore = Keystore(accounts)
    _tell(keystore.new(new_passphrase(name), name), as_json)


@click.command("import")
@click.argument("name", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Of another program: an encrypted key (web3 secret storage, version 3, as geth and"
    " MetaMask write it), or a private key as text.",
)
@keystore_option
@json_option
def import_(name: str | None, file: Path | None, accounts: str | None, as_json: bool) -> None:
    """Keep a key made elsewhere, called NAME (or by its address).

    Without --file the private key is asked for, or read from standard input or SUANLI_PRIVATE_KEY.
    """
    keystore = Keystore(accounts)
    account = bare_key(file) if file else Account.from_key(_read_key())
    if file and account is None:
        stored = keystore.import_file(file, passphrase_for(str(file), prompt), name)
    else:
        assert account is not None  # that there is none is only said of a file
        stored = keystore.add(account, new_passphrase(name), name)
    _tell(stored, as_json)


@click.command()
@click.argument("account", required=False)
@keystore_option
@json_option
def show(account: str | None, accounts: str | None, as_json: bool) -> None:
    """List the accounts, or show ACCOUNT (a name or an address) alone."""
    keystore = Keystore(accounts)
    if account is None:
        _list(keystore, as_json)
        return
    stored = keystore.find(account)
    click.echo(to_json(_plain(stored)) if as_json else f"{stored.name}  {stored.address}")


@click.command()
@click.argument("account", required=False)
@keystore_option
@rpc_option
@market_option
@json_option
def balance(
    account: str | None,
    accounts: str | None,
    rpc: str | None,
    market: str | None,
    as_json: bool,
) -> None:
    """Say what ACCOUNT owns: ether, tokens in its wallet and in the market, stake.

    ACCOUNT is a name or any address; by default the one that is set (SUANLI_ACCOUNT), or the only
    one.
    """
    from suanli.chain.funding import holdings, shown  # the chain's modules take long to load

    name, address = _whose(setting("account", account), accounts)
    node, market = _node(rpc), setting("market", market)
    owned = holdings(node, address, market)
    if as_json:
        click.echo(to_json({"name": name, "address": address} | owned))
        return
    click.echo(f"{name}  {address}" if name else address)
    print_facts(shown(node, market, owned).items(), right=True)
    if not market:
        click.echo("and its tokens: name the market (--market or SUANLI_MARKET)")


def _whose(account: str | None, accounts: str | None) -> tuple[str | None, str]:
    """Name, if it has one, and address."""
    keystore = Keystore(accounts)
    if account is None and (key := os.environ.get(KEY_VARIABLE)):
        return None, Account.from_key(key).address
    if account is not None and (address := _bare(account)):
        named = [s.name for s in keystore.list() if s.address == address]
        return next(iter(named), None), address
    stored = keystore.find(account) if account else only(keystore)
    return stored.name, stored.address


@click.command()
@click.argument("account", required=False)
@click.option("--ether", type=click.FloatRange(min=0), default=10.0, show_default=True)
@_tokens
@keystore_option
@rpc_option
@market_option
def fund(
    account: str | None,
    ether: float,
    tokens: int,
    accounts: str | None,
    rpc: str | None,
    market: str | None,
) -> None:
    """Give ACCOUNT ether and settlement tokens, on a local chain.

    ACCOUNT is a name or any address. An account that the node keeps unlocked gives the ether, and
    tokens from the faucet of the market's token. On other chains this says what is needed instead.
    """
    from suanli.chain.funding import fund as give  # the chain's modules take long to load

    which = setting("account", account)
    if which is None:
        raise click.UsageError("name the account: suanli account fund ACCOUNT")
    address = _bare(which) or Keystore(accounts).find(which).address
    for line in give(_node(rpc), address, round(ether * 10**18), tokens, setting("market", market)):
        click.echo(line)


def _bare(which: str) -> str | None:
    """An account that is named by its address; None if it is the name of one here."""
    return which.lower() if is_address(which) else kept_by_clef(which)


def _node(rpc: str | None) -> Any:
    from suanli.chain import connect

    return connect(setting("rpc", rpc, NODE) or "")


def _list(keystore: Keystore, as_json: bool) -> None:
    found = keystore.list()
    if as_json:
        click.echo(to_json([_plain(stored) for stored in found]))
        return
    if not found:
        click.echo(f"no accounts in {keystore.directory}: make one with `suanli account new`")
        return
    print_table(("name", "address"), [(stored.name, stored.address) for stored in found])


def _tell(stored: Stored, as_json: bool) -> None:
    if as_json:
        click.echo(to_json(_plain(stored)))
        return
    click.echo(f"{stored.name}  {stored.address}")
    click.echo(
        f"Kept in {stored.path}. Keep copies of it and of the passphrase: nobody can restore them.",
        err=True,
    )


def _plain(stored: Stored) -> dict[str, Any]:
    return {"name": stored.name, "address": stored.address, "file": str(stored.path)}


def _read_key() -> str:
    if key := os.environ.get(KEY_VARIABLE):
        return key
    if sys.stdin.isatty():
        return str(click.prompt("Private key", hide_input=True, err=True))
    return sys.stdin.readline()
