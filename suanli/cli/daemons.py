"""What the commands of all daemons share: their options, how they are checked, run and shown."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from suanli.base.config import required, setting
from suanli.base.errors import SuanliError
from suanli.cli import running
from suanli.cli.as_json import as_json
from suanli.cli.asking import prompt
from suanli.cli.options import (
    NODE,
    account_option,
    market_option,
    relay_option,
    rpc_option,
    store_option,
    with_options,
)
from suanli.cli.output import print_facts, redraw

if TYPE_CHECKING:
    from suanli.base.metrics import Figures, Look
    from suanli.daemon import DaemonConfig, DaemonJournal, DaemonLoop
    from suanli.daemon.checks import Finding
    from suanli.daemon.lock import Lock
    from suanli.protocol import Signer

J = TypeVar("J", bound="DaemonJournal")
WATCH_EVERY = 2.0
"""Seconds."""

watch_option = click.option("--watch", is_flag=True, help="Show it on and on, until Ctrl-C.")


class DaemonError(SuanliError):
    """A command that can't be carried out."""


def config_option(role: str) -> Callable[[Any], Any]:
    return click.option(
        "--config",
        "path",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path(f"{role}.toml"),
        show_default=True,
        help=f"The {role}'s file.",
    )


def init_options(role: str) -> Callable[[Any], Any]:
    """Those of `init`: where the file is, and what `first_settings` takes."""
    data = click.option(
        "--data",
        default=f"{role}-data",
        show_default=True,
        metavar="FOLDER",
        help="Where the daemon keeps what it knows.",
    )
    force = click.option("--force", is_flag=True, help="Replace the file.")
    usual = (rpc_option, market_option, relay_option, store_option, account_option)
    return lambda command: with_options((config_option(role), *usual, data, force), command)


def first_settings(
    path: Path, force: bool, otherwise: str, given: dict[str, str | None]
) -> dict[str, Any]:
    """What every new file says, as given or set; store and account may be "", and there may be no
    relays. `otherwise`: what a store is for where there is none."""
    if path.exists() and not force:
        raise DaemonError(f"{path} exists: give --force to replace it, or name another --config")
    usual = {"rpc": NODE, "relay": "", "store": "", "account": ""}
    found = {name: setting(name, given[name], default) for name, default in usual.items()}
    if not found["relay"] and not found["store"]:
        raise click.UsageError(f"name a --relay, or a --store{otherwise}")
    market = required("market", given["market"]).lower()
    cores = len(os.sched_getaffinity(0))
    named = found.pop("relay") or ""
    relays = [url.strip() for url in named.split(",")] if named else []
    return {**found, "relays": relays, "market": market, "data": given["data"], "workers": cores}


def print_findings(findings: Iterable[Finding], json: bool) -> None:
    """Each as it is found. Exit code 1 if anything is wrong."""
    found = []
    for finding in findings:
        found.append(finding)
        if not json:
            click.echo(f"{'ok' if finding.right else '--'}  {finding.name:<8} {finding.text}")
    if json:
        click.echo(as_json([vars(finding) for finding in found]))
    if not all(finding.right for finding in found):
        sys.exit(1)


def print_status(
    look: Callable[[], dict[str, Any]],
    rows_of: Callable[[dict[str, Any]], Iterable[tuple[str, str]]],
    watch: bool,
    json: bool,
) -> None:
    if watch:
        redraw(WATCH_EVERY, lambda: rows_of(look()))
    if json:
        click.echo(as_json(look()))
    else:
        print_facts(rows_of(look()))


@contextmanager
def journal_beside(kind: type[J], config: DaemonConfig, role: str) -> Iterator[J]:
    """To be read, beside a daemon or without one."""
    journal = kind.beside(config.data)
    if journal is None:
        run = f"suanli {role} run --config {config.path}"
        raise DaemonError(f"no {role} has run in {config.data} yet: {run}")
    with closing(journal):
        yield journal


def tell_daemon(kind: type[DaemonJournal], data: Path, **facts: Any) -> tuple[Lock, bool]:
    """Note something for the daemon of a folder, which may be running or not. Returns the lock of
    the folder, and whether it is ours now: then none is running."""
    from suanli.daemon import lock as locks

    lock = locks.of_folder(data)
    alone = lock.take(data)
    with closing(kind.of_folder(data)) as journal:
        journal.note(**facts)
    return lock, alone


def run_daemon(
    role: str,
    config: DaemonConfig,
    contract: str,
    make: Callable[[Signer, ExitStack], DaemonLoop[Any]],
    ended: str,
    stopped: str,
    watched: Callable[[], tuple[Look, Figures]],
    log_format: str = "text",
    log: Path | None = None,
    metrics: tuple[str, int] | None = None,
) -> None:
    """Until Ctrl-C, SIGTERM, or nothing is left to do. `contract`: which it serves. What `make`
    needs it puts on the stack; `watched` says what `metrics` shows."""
    from suanli.cli import runtime_needs
    from suanli.daemon import lock as locks
    from suanli.daemon.opening import account_of

    told = logging.getLogger(f"suanli.{role}")
    running.interrupt_by_sigterm()
    account = account_of(config, prompt)
    with running.logging_to(log_format, log):
        try:
            with ExitStack() as stack:
                only = (config.data, account.address, config.chain_id, contract, role)
                stack.enter_context(locks.only_daemon(*only))
                runtime_needs.prune(told.info)
                daemon = make(account, stack)
                if metrics is not None:
                    stack.enter_context(running.measured(role, metrics, *watched()))
                for number in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, lambda *_: daemon.stop())
                finished = daemon.run()
            told.info(ended if finished else stopped)
        except KeyboardInterrupt:
            told.info("stopped")
