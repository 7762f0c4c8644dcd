"""`suanli job run --budget …` and the commands about jobs on the market: a thin skin."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from suanli.client.flags import (
    connected,
    job_argument,
    json_option,
    options_of,
    out_option,
)
from suanli.client.printing import print_quote, print_report
from suanli.client.progress import show
from suanli.client.run import Run
from suanli.job.choices import WHERE, connection

_CANCELLED = "cancelled: nothing more is placed, its deals are followed to their end"


def from_flags(file: Path, out: Path, as_json: bool, flags: dict[str, Any]) -> None:
    """`suanli job run` on the market; `flags` are its options by name."""
    budget, dry_run = flags.pop("budget"), flags.pop("dry_run")
    if budget is None and not dry_run:
        raise click.UsageError(
            "say where: --local runs it here, --budget TOKENS on the market, --dry-run tells what"
            " that would cost"
        )
    where = {name: flags.pop(name) for name in WHERE}
    options = options_of(flags)
    with connected(**where) as client:
        if dry_run:
            print_quote(client, client.quote(file, options), budget, as_json)
            return
        with closing(client.submit(file, budget, options)) as run:
            click.echo(f"job {run.id} in {run.folder}", err=True)
            _follow(run, out, as_json)


@click.command()
@job_argument
@out_option
@json_option
@connection
def resume(job: str, out: Path, as_json: bool, **where: Any) -> None:
    """Go on with a job that was interrupted, until it is done and paid."""
    with connected(**where) as client, closing(client.run(job)) as run:
        if run.cancelled:
            click.echo(f"job {run.id}: {_CANCELLED}", err=True)
        _follow(run, out, as_json)


@click.command()
@job_argument
@json_option
@connection
def cancel(job: str, as_json: bool, **where: Any) -> None:
    """Call back what nobody took yet; deals that miners confirmed are followed to their end.

    Results that were accepted and not collected until a day after their deadline are given up by
    their miners: their money is taken back, too.
    """
    with connected(**where) as client, closing(client.run(job)) as run:
        show(run, run.cancel(), 0)
        print_report(client, run.report, as_json)


@click.command()
@job_argument
@json_option
@connection
def status(job: str, as_json: bool, **where: Any) -> None:
    """Show a job's tasks, deals and money."""
    with connected(**where) as client, closing(client.run(job)) as run:
        print_report(client, run.report, as_json)
        if not as_json:
            if run.cancelled:
                click.echo(_CANCELLED)
            waiting = 0 if run.cancelled else len(run.waiting())
            click.echo(f"{waiting} tasks wait for a miner" if waiting else "no task waits")
            click.echo(
                f"budget {client.show(run.budget)}, of it locked or spent"
                f" {client.show(run.reserved)}"
            )


def _follow(run: Run, out: Path, as_json: bool) -> None:
    try:
        show(run, run.events(), len(run.ledger.results()))
    except KeyboardInterrupt:
        click.echo(f"go on with: suanli job resume {run.id}", err=True)
        raise
    written = run.save(out)
    print_report(run.client, run.report, as_json)
    if not as_json:
        for path in written:
            click.echo(f"result    {path}, {path.stat().st_size:,} bytes")
        if run.live():
            click.echo(
                f"{len(run.live())} deals are accepted, but their miners have not collected yet:"
                f" suanli job status {run.id} tells; a day after their deadlines suanli job cancel"
                " takes the money back"
            )


COMMANDS = {c.name: c for c in (resume, cancel, status)}
