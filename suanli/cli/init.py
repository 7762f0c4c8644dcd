"""`suanli init`: writes the configuration, by asking, and looks whether each answer is right."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from suanli.base.config import DEFAULT_FILE, ConfigError
from suanli.base.errors import SuanliError
from suanli.base.text import is_address, plain
from suanli.cli.options import NODE

if TYPE_CHECKING:
    from suanli.chain import Market, Node

T = TypeVar("T")
HEAD = "# Written by `suanli init`. Each may be given as a flag, or as SUANLI_NAME, too.\n"


@click.command()
@click.option("--force", is_flag=True, help="Replace the file.")
def init(force: bool) -> None:
    """Write the configuration, by asking: node, market, relays, account.

    Into ~/.suanli/config.toml, or the file that SUANLI_CONFIG names. Each answer is looked at
    before the next question; Ctrl-C writes nothing.
    """
    path = Path(os.environ.get("SUANLI_CONFIG") or DEFAULT_FILE).expanduser()
    if path.exists() and not force:
        raise ConfigError(f"{path} exists: give --force to replace it, or edit it")
    settings = _settings()
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (f"{n} = {json.dumps(v, ensure_ascii=False)}\n" for n, v in settings.items())
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    # Readable by its owner alone: a node's URL may hold a secret.
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(file, "w", encoding="utf-8") as out:
        out.write(HEAD + "".join(lines))
    beside.replace(path)
    click.echo(f"written: {path}; next: suanli account balance, suanli market offers")


def _settings() -> dict[str, object]:
    rpc, node = _asked("The chain's node, or several with commas", _node, NODE)
    chain_id = node.chain_id()
    click.echo(f"  chain {chain_id}, block {node.head().number:,}")
    market_address, market = _asked("The market's address", lambda text: _market(node, text))
    click.echo(f"  classes {market.resource_count()}, terms {market.terms_count()}")
    relays, _ = _asked(
        "Its relay, or several with commas; empty: none", lambda text: _relays(market, text), ""
    )
    settings: dict[str, object] = {"rpc": rpc, "market": market_address, "chain_id": chain_id}
    if relays:
        named = [url.strip() for url in relays.split(",")]
        settings["relay"] = named if len(named) > 1 else named[0]
    for name, what in (("channels", "Payment channels"), ("storage", "Storage deals")):
        address, _ = _asked(f"{what}, by address; empty: none", _address, "")
        if address:
            settings[name] = address.lower()
    settings["account"] = _account()
    return settings


def _asked(question: str, read: Callable[[str], T], default: str | None = None) -> tuple[str, T]:
    """The answer, and what it leads to: asked again as long as it leads nowhere."""
    while True:
        text = str(click.prompt(question, default, show_default=bool(default))).strip()
        try:
            return text, read(text)
        except (SuanliError, OSError) as error:
            click.echo(f"  {plain(str(error))}")


def _node(text: str) -> Node:
    from suanli.chain import connect
    from suanli.client import url_of

    found = connect(",".join(url_of("rpc", one.strip()) for one in text.split(",")))
    found.chain_id()
    return found


def _market(node: Node, text: str) -> Market:
    from suanli.chain import Market

    if not is_address(text):
        raise ConfigError(f"{text!r} is no address: it is 0x and 40 hexadecimal digits")
    found = Market(node, text)
    found.terms_count()
    return found


def _relays(market: Market, text: str) -> None:
    from suanli.client import url_of
    from suanli.relay import Relays

    if urls := [url_of("relay", one.strip()) for one in text.split(",") if one.strip()]:
        with closing(Relays.at(urls, market.domain)) as relays:
            relays.check()


def _address(text: str) -> None:
    if text and not is_address(text):
        raise ConfigError(f"{text!r} is no address: it is 0x and 40 hexadecimal digits")


def _account() -> str:
    """Of the keystore; made where it is not there yet."""
    from suanli.base.accounts import Keystore, kept_by_clef
    from suanli.cli.asking import new_passphrase

    keystore = Keystore()
    names = [stored.name for stored in keystore.list()]
    known = f" ({', '.join(names)})" if names else ""
    name = str(
        click.prompt(
            f"Your account's name{known}; another: it is made", names[0] if names else "me"
        )
    )
    if name not in names and kept_by_clef(name) is None:
        click.echo(f"  made: {keystore.new(new_passphrase(name), name).address}")
    return name
