"""`suanli relay run`."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import click
import uvicorn

from suanli.base.config import required, setting
from suanli.base.locking import held
from suanli.base.text import is_address
from suanli.chain import Market, Node, TransportError, connect, contracts_at
from suanli.cli.options import (
    channels_option,
    folder_option,
    from_setting,
    market_option,
    storage_option,
)
from suanli.protocol import Domain
from suanli.relay import RelayError
from suanli.relay.server import (
    Admission,
    Board,
    IndexSettings,
    MarketIndex,
    config_of,
    connect_sparingly,
    create_app,
    keeps,
    listen,
    open_database,
)
from suanli.store import MAX_BLOB, DirectoryStore


@click.command()
@market_option
@click.option("--chain-id", type=click.IntRange(min=1), required=True, help="Its chain.")
@from_setting(
    "--rpc",
    "rpc",
    "URL",
    "A node, or several (a,b): they keep strangers out and let contract wallets sign.",
    "none",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens.")
@click.option(
    "--port", default=8646, show_default=True, type=click.IntRange(0, 65_535), help="0: any."
)
@folder_option("--data", "Where messages and blobs are kept.", "relay-data")
@click.option(
    "--max-blob", default=MAX_BLOB, show_default=True, type=click.IntRange(min=1), help="Bytes."
)
@click.option(
    "--max-bytes",
    default=50 << 30,
    show_default=True,
    type=click.IntRange(min=1),
    help="Bytes of all blobs together.",
)
@click.option(
    "--behind-proxy",
    is_flag=True,
    help="Callers come through a proxy on this machine, which must set X-Forwarded-For.",
)
@click.option("--no-index", is_flag=True, help="Don't follow the chain for others to look at.")
@click.option(
    "--index-database",
    metavar="URL",
    envvar="SUANLI_INDEX_DATABASE",
    show_envvar=True,
    help="PostgreSQL's, for what the chain told.  [default: a file in --data]",
)
@channels_option
@storage_option
@click.option(
    "--confirmations",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    help="Blocks after which pages are to take something as final.",
)
def run(
    market: str | None,
    chain_id: int,
    rpc: str | None,
    host: str,
    port: int,
    data: Path,
    max_blob: int,
    max_bytes: int,
    behind_proxy: bool,
    no_index: bool,
    index_database: str | None,
    channels: str | None,
    storage: str | None,
    confirmations: int,
) -> None:
    """Serve until Ctrl-C.

    \b
    Example:
        suanli relay run --chain-id 1337 --market 0x5fbd… --rpc http://127.0.0.1:8545
    """
    served = required("market", market).lower()
    if not is_address(served):
        raise RelayError(f"{served} is no address: the market's has 0x and 40 hexadecimal digits")
    listener = _listen(host, port)
    domain = Domain(chain_id, served)
    rpc = setting("rpc", rpc) or None
    node = _connect(rpc, chain_id) if rpc else None
    data.mkdir(parents=True, exist_ok=True)
    with (
        listener,
        held(data / "lock", str(os.getpid()), lambda pid: _taken(data, pid)),
        closing(open_database(data / "relay.sqlite", domain)) as database,
    ):
        admission = Admission(Market(node, served)) if node else None
        contracts = contracts_at(node) if node else None
        board = Board(database, domain, contracts=contracts, admission=admission)
        blobs = DirectoryStore(data / "blobs", max_blob=max_blob, max_bytes=max_bytes)
        url = f"http://{host}:{listener.getsockname()[1]}"
        click.echo(
            f"relay {url} for market {served} on chain {chain_id}; its API: {url}/openapi.json",
            err=True,
        )
        click.echo(f"It {keeps(board.bounds, blobs)}.", err=True)
        settings = IndexSettings(
            index_database or data / "index.sqlite",
            channels=_address("channels", channels),
            storage=_address("storage", storage),
            confirmations=confirmations,
            max_blob=max_blob,
        )
        with _index(None if no_index else rpc, chain_id, served, settings, board) as index:
            app = create_app(board, blobs, admission=admission, index=index)
            config = config_of(app, max_blob=max_blob, behind_proxy=behind_proxy)
            with suppress(KeyboardInterrupt):  # it has ended everything in order before
                uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _index(
    rpc: str | None, chain_id: int, market: str, settings: IndexSettings, board: Board
) -> Iterator[MarketIndex | None]:
    """It has a node of its own: what it reads must not keep callers waiting."""
    if rpc is None:
        yield None
        return
    node, asked = connect(rpc), connect_sparingly(rpc)
    index = MarketIndex(Market(node, market), Market(asked, market), chain_id, settings, board)
    index.start()
    try:
        yield index
    finally:
        index.stop()


def _address(name: str, given: str | None) -> str | None:
    found = setting(name, given)
    if found is not None and not is_address(found):
        raise RelayError(f"{name}: {found} is no address: 0x and 40 hexadecimal digits")
    return found


def _taken(data: Path, pid: str) -> RelayError:
    return RelayError(f"a relay is already running in {data}, pid {pid}: name another --data")


def _connect(rpc: str, chain_id: int) -> Node:
    node = connect_sparingly(rpc)
    try:
        node.require_chain(chain_id)
    except TransportError as error:
        click.echo(f"{error} Until it answers, no messages are taken.", err=True)
    return node


def _listen(host: str, port: int) -> socket.socket:
    """Before anything else is opened: two relays must not share a folder."""
    try:
        return listen(host, port)
    except OSError as error:
        raise RelayError(
            f"can't listen on {host}:{port}: {error.strerror}; is a relay running? Choose another"
            " --port"
        ) from error
