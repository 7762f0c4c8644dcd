"""What commands about the market share: where it is, and what a requester may choose."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from suanli import amounts
from suanli.client.connection import STATE, Client, connect
from suanli.client.options import MOST_SLIPPAGE, Options

_CONNECTION = (
    click.option("--rpc", metavar="URL", help="The chain's node. Default: SUANLI_RPC."),
    click.option("--market", metavar="ADDRESS", help="The market. Default: SUANLI_MARKET."),
    click.option("--relay", metavar="URL", help='The relay; "" for none. Default: SUANLI_RELAY.'),
    click.option(
        "--store",
        metavar="FOLDER",
        help="Blobs that miners reach, too, where there is no relay. Default: SUANLI_STORE.",
    ),
    click.option("--account", metavar="NAME", help="Who pays. Default: SUANLI_ACCOUNT."),
    click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(STATE),
        show_default=True,
        help="Folder of jobs.",
    ),
)
WHERE = ("rpc", "market", "relay", "store", "account", "state")


def connection(command: Any) -> Any:
    """The options that say where the market is."""
    for option in reversed(_CONNECTION):
        command = option(command)
    return command


job_argument = click.argument("job")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
out_option = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Folder for the gathered result.",
)


@contextmanager
def connected(**where: Any) -> Iterator[Client]:
    def prompt(question: str) -> str:
        return str(click.prompt(question, hide_input=True, err=True))

    asking = prompt if sys.stdin.isatty() else None
    with connect(where.pop("rpc"), prompt=asking, **where) as client:
        yield client


def options_of(flags: dict[str, Any]) -> Options:
    chosen = {name: value for name, value in flags.items() if value is not None}
    if (slippage := chosen.pop("slippage", None)) is not None:
        # What is no number is refused there, too.
        chosen["slippage_bps"] = round(slippage * 100) if abs(slippage) < MOST_SLIPPAGE else -1
    if (price := chosen.pop("max_price", None)) is not None:
        chosen["most_price"] = amounts.parse(price, amounts.PRICE_DECIMALS)
    return Options(**chosen)
