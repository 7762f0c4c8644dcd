"""Options of commands about the market: click alone, quick to load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

_CHOICES = (
    click.option("--audit", type=float, help="Share of tasks to run again, 0 to 1. Default: 0.05."),
    click.option("--slippage", type=float, help="Percent above the quote. Default: 5."),
    click.option("--max-price", metavar="TOKENS", help="Most to pay for a unit."),
    click.option("--duration", type=int, help="Seconds for each deal's result. Default: by speed."),
    click.option("--confirm-within", type=int, help="Seconds to take a deal. Default: 60 or more."),
    click.option(
        "--patience", type=float, help="Seconds to wait for offers and blobs. Default: 60."
    ),
    click.option("--verified-only", is_flag=True, help="Only miners with a verified identity."),
    click.option(
        "--hedge/--no-hedge",
        default=None,
        help="Place late deals a second time, or none. Default: those of silent miners.",
    ),
    click.option("--resource", type=int, help="Resource class. Default: 1."),
    click.option(
        "--stop-after-failures",
        type=int,
        help="Stop when so many tasks, the first, all fail alike; 0: never. Default: 5.",
    ),
    click.option("--terms", type=int, help="Sign these terms only, by number. Default: newest."),
    click.option("--max-fee", type=float, help="Most percent of fee to sign. Default: 2."),
    click.option("--min-window", type=int, help="Least seconds to challenge. Default: 3600."),
    click.option("--max-hold", type=int, help="Most seconds for a verdict. Default: 30 days."),
    click.option("--court", metavar="ADDRESS", help="Sign terms with this court only."),
    click.option("--no-court", is_flag=True, help="Sign terms without a court, too."),
)
state_option = click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of jobs. Default: SUANLI_STATE, else one a user.",
)
detach_option = click.option(
    "--detach", is_flag=True, help="Go on without this terminal; see suanli job watch."
)
rpc_option = click.option(
    "--rpc", metavar="URL", help="The chain's node, or several (a,b). Default: SUANLI_RPC."
)
_REACHING = (
    rpc_option,
    click.option("--market", metavar="ADDRESS", help="The market. Default: SUANLI_MARKET."),
    click.option("--relay", metavar="URL", help='The relay; "" for none. Default: SUANLI_RELAY.'),
)
_CONNECTION = (
    *_REACHING,
    click.option(
        "--store",
        metavar="FOLDER",
        help="Blobs that miners reach, too, where there is no relay. Default: SUANLI_STORE.",
    ),
    click.option("--account", metavar="NAME", help="Who pays. Default: SUANLI_ACCOUNT."),
    click.option(
        "--for",
        "wallet",
        metavar="ADDRESS",
        help="The contract account that pays, whose owner the account is. Default: SUANLI_WALLET.",
    ),
    click.option("--max-fee-gwei", metavar="GWEI", help="Most that gas may cost. Default: 100."),
    state_option,
)
WHERE = ("rpc", "market", "relay", "store", "account", "wallet", "max_fee_gwei", "state")


def reaching(command: Any) -> Any:
    """The options that say where the market is, for commands that need no account."""
    return _with(_REACHING, command)


def connection(command: Any) -> Any:
    """The same, and who acts there."""
    return _with(_CONNECTION, command)


def choices(command: Any) -> Any:
    """The options that say how a job is placed there."""
    return _with(_CHOICES, command)


def _with(options: tuple[Any, ...], command: Any) -> Any:
    for option in reversed(options):
        command = option(command)
    return command
