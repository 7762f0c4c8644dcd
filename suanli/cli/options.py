"""Options and arguments that commands share: click alone, quick to load.

What stands in brackets at the end of a help text is where a value comes from that was not given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
NODE = "http://127.0.0.1:8545"


def from_setting(
    flag: str,
    name: str,
    metavar: str,
    help_: str,
    default: str = "",
    kind: type = str,
) -> Callable[[F], F]:
    """An option that can also be set, as SUANLI_NAME or in the configuration file."""
    more = f"; default: {default}" if default else ""
    return click.option(
        flag, name, type=kind, metavar=metavar, help=f"{help_}  [SUANLI_{name.upper()}{more}]"
    )


def folder_option(flag: str, help_: str, default: str | None = None) -> Callable[[F], F]:
    return click.option(
        flag,
        type=click.Path(file_okay=False, path_type=Path),
        default=None if default is None else Path(default),
        show_default=default is not None,
        metavar="FOLDER",
        help=help_,
    )


def cluster_option(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    """The callback of an option that names a cluster."""
    from suanli.engine.cluster import BadAddress, scheduler_of

    if value is not None:
        try:
            scheduler_of(value)
        except BadAddress as error:
            raise click.BadParameter(str(error)) from None
    return value


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
job_argument = click.argument("job")
file_argument = click.argument("file", type=click.Path(path_type=Path))
out_option = folder_option("--out", "Where the gathered result goes; made if it is missing.", "out")
state_option = folder_option("--state", "Where jobs are kept.  [SUANLI_STATE; default: one a user]")
detach_option = click.option(
    "--detach", is_flag=True, help="Go on without this terminal; see suanli job watch."
)
rpc_option = from_setting("--rpc", "rpc", "URL", "The chain's node, or several (a,b).", NODE)
market_option = from_setting("--market", "market", "ADDRESS", "The market.")
relay_option = from_setting("--relay", "relay", "URL", 'The relay, or several (a,b); "" for none.')
store_option = from_setting(
    "--store",
    "store",
    "FOLDER",
    "Blobs that both sides reach: a folder, or ipfs:… (docs/ipfs.md).",
)
channels_option = from_setting("--channels", "channels", "ADDRESS", "The payment channels.")
storage_option = from_setting("--storage", "storage", "ADDRESS", "The storage deals.")
account_option = from_setting("--account", "account", "NAME", "Who acts, by name or address.")
keystore_option = from_setting(
    "--accounts", "accounts", "FOLDER", "Where keys are kept.", "~/.suanli/accounts"
)
fee_option = from_setting(
    "--max-fee-gwei", "max_fee_gwei", "GWEI", "Most that gas may cost.", "100"
)
_REACHING = (rpc_option, market_option, relay_option)
_CONNECTION = (
    *_REACHING,
    store_option,
    account_option,
    from_setting(
        "--for",
        "wallet",
        "ADDRESS",
        "The contract account that pays, whose owner the account is.",
    ),
    fee_option,
    state_option,
)
_ACTING = (rpc_option, market_option, account_option, fee_option)
_CHOICES = (
    click.option(
        "--audit", type=float, help="Share of tasks to run again, 0 to 1.  [default: 0.05]"
    ),
    click.option("--slippage", type=float, help="Percent above the quote.  [default: 5]"),
    click.option("--max-price", metavar="TOKENS", help="Most to pay for a unit."),
    click.option(
        "--duration", type=int, help="Seconds for each deal's result.  [default: by speed]"
    ),
    click.option(
        "--confirm-within", type=int, help="Seconds to take a deal.  [default: 60 or more]"
    ),
    click.option(
        "--patience", type=float, help="Seconds to wait for offers and blobs.  [default: 60]"
    ),
    click.option("--verified-only", is_flag=True, help="Only miners with a verified identity."),
    click.option(
        "--hedge/--no-hedge",
        default=None,
        help="Place late deals a second time, or none.  [default: those of silent miners]",
    ),
    click.option(
        "--reputation",
        type=float,
        help="Percent by which a newcomer counts as dearer than a proven miner; 0: scores don't"
        " count.  [default: 0.25]",
    ),
    click.option(
        "--bond", metavar="TOKENS", help="Most for bonds of challenges.  [default: the budget]"
    ),
    click.option(
        "--seal", is_flag=True, help="Seal data to the miners, results to you (docs/privacy.md)."
    ),
    click.option("--resource", type=int, help="Resource class.  [default: 1]"),
    click.option(
        "--stop-after-failures",
        type=int,
        help="Stop when so many tasks, the first, all fail alike; 0: never.  [default: 5]",
    ),
    from_setting("--terms", "terms", "NUMBER", "Sign these terms only.", "the newest", int),
    from_setting("--max-fee", "max_fee", "PERCENT", "Most of a fee to sign.", "2", float),
    from_setting("--min-window", "min_window", "SECONDS", "Least to challenge.", "3600", int),
    click.option("--max-hold", type=int, help="Most seconds for a verdict.  [default: 30 days]"),
    from_setting("--court", "court", "ADDRESS", "Sign terms with this court only."),
    click.option("--no-court", is_flag=True, help="Sign terms without a court, too."),
)
WHERE = ("rpc", "market", "relay", "store", "account", "wallet", "max_fee_gwei", "state")


def reaching(command: Any) -> Any:
    """The options that say where the market is, for commands that need no account."""
    return with_options(_REACHING, command)


def connection(command: Any) -> Any:
    """The same, and who acts there."""
    return with_options(_CONNECTION, command)


def acting(command: Any) -> Any:
    """The options of a command that sends something by itself, without a client's state."""
    return with_options(_ACTING, command)


def choices(command: Any) -> Any:
    """The options that say how a job is placed there."""
    return with_options(_CHOICES, command)


def with_options(options: Sequence[Any], command: Any) -> Any:
    """The command with several options, in their order."""
    for option in reversed(options):
        command = option(command)
    return command
