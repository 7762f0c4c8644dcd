"""`suanli relay run`."""

from __future__ import annotations

import logging
import os
import socket
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

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
from suanli.cli.running import interrupt_by_sigterm, logging_to, measured, running_options
from suanli.protocol import Domain
from suanli.relay import RelayError
from suanli.relay.server import (
    Admission,
    Board,
    IndexSettings,
    MarketIndex,
    RelayTally,
    RelayWatch,
    config_of,
    connect_sparingly,
    create_app,
    figures_of,
    keeps,
    listen,
    open_database,
)
from suanli.store import MAX_BLOB, DirectoryStore

told = logging.getLogger("suanli.relay")


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
@running_options
def run(
    market: str | None,
    chain_id: int,
    rpc: str | None,
    host: str,
    port: int,
    index_database: str | None,
    channels: str | None,
    storage: str | None,
    log: Path | None,
    log_format: str,
    **more: Any,
) -> None:
    """Serve until Ctrl-C.

    \b
    Example:
        suanli relay run --chain-id 1337 --market 0x5fbd… --rpc http://127.0.0.1:8545
    """
    served = required("market", market).lower()
    if not is_address(served):
        raise RelayError(f"{served} is no address: the market's has 0x and 40 hexadecimal digits")
    settings = IndexSettings(
        index_database or more["data"] / "index.sqlite",
        channels=_address("channels", channels),
        storage=_address("storage", storage),
        confirmations=more.pop("confirmations"),
        max_blob=more["max_blob"],
    )
    interrupt_by_sigterm()
    with logging_to(log_format, log), _listen(host, port) as listener:
        url = f"http://{host}:{listener.getsockname()[1]}"
        domain = Domain(chain_id, served)
        with suppress(KeyboardInterrupt):  # it has ended everything in order before
            _run(domain, setting("rpc", rpc) or None, listener, url, settings, **more)
        told.info("stopped")


def _run(
    domain: Domain,
    rpc: str | None,
    listener: socket.socket,
    url: str,
    settings: IndexSettings,
    *,
    data: Path,
    max_blob: int,
    max_bytes: int,
    behind_proxy: bool,
    no_index: bool,
    metrics: tuple[str, int] | None,
) -> None:
    node = _connect(rpc, domain.chain_id) if rpc else None
    data.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ends:
        ends.enter_context(held(data / "lock", str(os.getpid()), lambda pid: _taken(data, pid)))
        file = data / "relay.sqlite"
        database, beside = (
            ends.enter_context(closing(open_database(file, domain))) for _ in range(2)
        )
        admission = Admission(Market(node, domain.market)) if node else None
        contracts = contracts_at(node) if node else None
        board = Board(database, domain, contracts=contracts, admission=admission)
        blobs = DirectoryStore(data / "blobs", max_blob=max_blob, max_bytes=max_bytes)
        index = None if no_index or rpc is None else _index(rpc, domain, settings, board, ends)
        # It has a node of its own: that callers ask much is no sign that the chain is away.
        asked = connect_sparingly(rpc) if rpc else None
        watch = RelayWatch(beside, blobs, asked, domain.chain_id, index)
        tally = RelayTally()
        app = create_app(board, blobs, admission=admission, index=index, tally=tally, watch=watch)
        config = config_of(app, max_blob=max_blob, behind_proxy=behind_proxy, tally=tally)
        if metrics is not None:
            figures = figures_of(tally, index)
            ends.enter_context(measured("relay", metrics, watch.status, figures))
        told.info(
            "relay %s for market %s on chain %s; its API: %s/openapi.json",
            url,
            domain.market,
            domain.chain_id,
            url,
        )
        told.info("It %s.", keeps(board.bounds, blobs))
        watch.start()
        ends.callback(watch.stop)
        uvicorn.Server(config).run(sockets=[listener])


def _index(
    rpc: str, domain: Domain, settings: IndexSettings, board: Board, ends: ExitStack
) -> MarketIndex:
    """It has a node of its own: what it reads must not keep callers waiting."""
    node, asked = connect(rpc), connect_sparingly(rpc)
    markets = Market(node, domain.market), Market(asked, domain.market)
    index = MarketIndex(*markets, domain.chain_id, settings, board)
    index.start()
    ends.callback(index.stop)
    return index


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
        told.warning("%s Until it answers, no messages are taken.", error)
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
