"""`suanli miner …`: a thin skin over `suanli.miner`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suanli.base.amounts import parse
from suanli.cli import daemons, running
from suanli.cli.as_json import as_json as to_json
from suanli.cli.asking import prompt
from suanli.cli.options import cluster_option, json_option
from suanli.cli.output import print_facts, print_table

if TYPE_CHECKING:
    from suanli.daemon import Finding
    from suanli.miner.config import Config

_config = daemons.config_option("miner")


@click.command()
@daemons.init_options("miner")
@click.option(
    "--payout", metavar="ADDRESS", help="Gets stake and earnings.  [default: the account itself]"
)
@click.option(
    "--resource", type=click.IntRange(min=1), default=1, show_default=True, help="Resource class."
)
@click.option(
    "--workers", type=click.IntRange(1, 4096), help="Worker processes.  [default: one a core]"
)
@click.option(
    "--executor",
    metavar="CLUSTER",
    callback=cluster_option,
    help="Sell the machines of a cluster of dask, such as dask://scheduler:8786.",
)
@click.option(
    "--capacity",
    type=click.IntRange(min=1),
    help="Units to sell.  [default: auto, which follows the stake]",
)
@click.option(
    "--ask", metavar="TOKENS", help="For a unit.  [default: nine tenths of the market's price]"
)
def init(
    path: Path,
    force: bool,
    payout: str | None,
    resource: int,
    workers: int | None,
    executor: str | None,
    capacity: int | None,
    ask: str | None,
    **given: Any,
) -> None:
    """Measure this machine, propose what to sell for how much, and write it down.

    \b
    Example:
        suanli miner init --market 0x5fbd… --relay http://127.0.0.1:8646 --payout 0x7099…
    """
    from suanli.chain import Market, connect
    from suanli.miner.proposal import propose, write

    if executor is not None and workers is not None:
        raise click.UsageError(
            "a cluster's machines have as many workers as threads: leave one out"
        )
    usual = daemons.first_settings(path, force, " for posted requests only", given)
    address = _address(usual["account"])
    values = {
        **usual,
        "store": usual["store"] or "relay",
        "payout": (payout or address).lower(),
        "resource": resource,
        "workers": workers or usual["workers"],
    }
    count = values["workers"]
    if executor is not None:
        del values["workers"]
        values["executor"] = executor
    click.echo(f"measuring {executor or f'{count} workers'} …", err=True)
    tell = partial(click.echo, err=True)
    market = Market(connect(usual["rpc"]), usual["market"])
    proposal = propose(market, address, values, capacity, ask, tell)
    write(path, proposal)
    print_facts((name, str(value)) for name, value in proposal.items())
    click.echo(f"Written to {path}. Next: suanli miner check --config {path}", err=True)


@click.command()
@_config
@json_option
def check(path: Path, as_json: bool) -> None:
    """Say what is missing before this miner can work. Exit code 1 if anything is."""
    daemons.print_findings(_findings(path), as_json)


def _findings(path: Path) -> Iterator[Finding]:
    from suanli.lease.host import checks as of_leases
    from suanli.lease.storage.keeper import checks as of_space
    from suanli.miner.checks import examine
    from suanli.miner.config import read

    config = read(path)
    reached = yield from examine(config, prompt)
    yield from of_leases.examine(config.path, config.data)
    yield from of_space.examine(config.path, config.data, reached, config.relays)


@click.command()
@_config
@running.running_options
def run(path: Path, **watched: Any) -> None:
    """Work until Ctrl-C (or SIGTERM), or until drained.

    Registers the miner and its capacity, stakes what is missing, publishes the offer, takes
    requests that pay and fit. Killed at any moment, it goes on where it was.
    """
    _run(path, **watched)


@click.command()
@_config
@daemons.watch_option
@json_option
def status(path: Path, watch: bool, as_json: bool) -> None:
    """Show what is sold, running, earned and at stake, and why requests were not taken."""
    from suanli.lease.host.status import rows_of_sessions, sessions_of
    from suanli.miner.config import read
    from suanli.miner.journal import Journal
    from suanli.miner.opening import settings_of
    from suanli.miner.status import rows_of, status_of

    config = read(path)
    settings = settings_of(config, "", 0, 18)  # to read the journal only: neither key nor chain

    def look() -> dict[str, Any]:
        return status_of(journal, settings) | {"sessions": sessions_of(config.data)}

    def rows(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
        yield from rows_of(found)
        yield from rows_of_sessions(found["sessions"], found.get("decimals", 18))

    with daemons.journal_beside(Journal, config, "miner") as journal:
        daemons.print_status(look, rows, watch, as_json)


@click.command()
@click.argument("deal")
@_config
@json_option
def story(deal: str, path: Path, as_json: bool) -> None:
    """Tell what happened to one DEAL, and why.

    The beginning of its id is enough, as `status` shows it. Works beside the daemon and after it.
    """
    from suanli.miner.config import read
    from suanli.miner.journal import Journal
    from suanli.miner.story import HEAD, facts_of, find, rows_of, story_of

    with daemons.journal_beside(Journal, read(path), "miner") as journal:
        found = story_of(journal, find(journal, deal))
    if as_json:
        click.echo(to_json(found))
        return
    print_facts(facts_of(found))
    click.echo("")
    print_table(HEAD, rows_of(found))


@click.command()
@_config
@click.option("--days", type=click.IntRange(min=1), help="The last so many with payments.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
@click.option("--chart", is_flag=True, help="Print a bar for each day and class.")
@click.option(
    "--ether", metavar="TOKENS", help="What an ether costs: tells what gas leaves, too (net)."
)
@json_option
def earnings(
    path: Path, days: int | None, as_csv: bool, chart: bool, ether: str | None, as_json: bool
) -> None:
    """Show what deals paid, by day (UTC) and class, and what their gas cost."""
    from suanli.miner import earnings as module
    from suanli.miner.config import read
    from suanli.miner.journal import Journal

    if as_csv + chart + as_json > 1:
        raise click.UsageError("one of --csv, --chart and --json")
    with daemons.journal_beside(Journal, read(path), "miner") as journal:
        found = module.last(module.by_day(journal.days()), days)
        decimals = (journal.fact("status") or {}).get("decimals", 18)
    price = parse(ether, decimals) if ether else None
    if as_json:
        click.echo(to_json(module.as_json(found, decimals, price)))
    elif as_csv:
        click.echo(module.as_csv(found, decimals, price), nl=False)
    elif chart:
        what = "net" if ether else "paid"
        print_table(("day", "class", "", what), module.chart(found, decimals, price), right=(1, 3))
    else:
        head, *rows = module.rows(found, decimals, price)
        print_table(head, rows, right=(1, 2, 3, 4, 5))


@click.command()
@_config
@click.option("--unbond", is_flag=True, help="Then begin to take the stake back, or end it.")
@click.option("--cancel", is_flag=True, help="Sell again.")
@click.option("--wait", is_flag=True, help="Beside a running daemon: until it is drained.")
def drain(path: Path, unbond: bool, cancel: bool, wait: bool) -> None:
    """Finish all deals, withdraw the offer, collect the earnings.

    Beside a running daemon: it is told to, and ends when done. Else this command does it.
    """
    from suanli.miner.config import read
    from suanli.miner.draining import follow
    from suanli.miner.journal import Journal

    config = read(path)
    lock, alone = daemons.tell_daemon(Journal, config.data, draining=not cancel)
    if cancel:
        click.echo("sells again" + (": suanli miner run" if alone else ""), err=True)
        return
    if not alone and not (wait or unbond):
        click.echo("the running daemon drains; see suanli miner status", err=True)
        return
    if alone:
        lock.close()
        _run(path)
    else:
        with closing(Journal.of_folder(config.data, readonly=True)) as journal:
            for line in follow(journal, lambda: lock.take(config.data)):
                click.echo(line, err=True)
        lock.close()
    if unbond:
        _unbond(config)


def _run(path: Path, **watched: Any) -> None:
    from suanli.cli.miner_leases import daemon_with_leases
    from suanli.miner.config import read

    config = read(path)
    stopped = "stopped; deals go on with the next run"
    make = partial(daemon_with_leases, config)
    look = partial(_watched, config)
    daemons.run_daemon("miner", config, config.market, make, "drained", stopped, look, **watched)


def _watched(config: Config) -> Any:
    """What `status` shows, and its figures."""
    from suanli.miner.journal import Journal
    from suanli.miner.metrics import figures
    from suanli.miner.opening import settings_of
    from suanli.miner.status import status_of

    settings = settings_of(config, "", 0, 18)

    def look() -> dict[str, Any]:
        with daemons.journal_beside(Journal, config, "miner") as journal:
            return status_of(journal, settings)

    return look, figures


def _unbond(config: Config) -> None:
    from suanli.daemon.opening import account_of, market_of
    from suanli.miner import opening, setup

    account, market = account_of(config, prompt), market_of(config)
    sender = opening.sender_of(config, market, account)
    for line in setup.unbond(market, sender):
        click.echo(line, err=True)


def _address(account: str) -> str:
    """Of the account that is named, or whose key is at hand."""
    from suanli.base.accounts import Keystore, kept_by_clef, unlock

    if not account:
        return unlock(prompt=prompt).address
    return kept_by_clef(account) or Keystore().find(account).address
