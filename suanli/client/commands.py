"""`suanli job run --budget …` and the commands about jobs on the market: a thin skin."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from suanli import amounts
from suanli.client.connection import STATE, Client, Quote, connect
from suanli.client.events import (
    Confirmed,
    Event,
    FellBack,
    PartEnded,
    PartRefused,
    Placed,
    TaskDone,
    Trouble,
)
from suanli.client.ledger import Ledger
from suanli.client.options import MOST_SLIPPAGE, Options
from suanli.client.report import Report
from suanli.client.run import Run
from suanli.text import plain

SHORT = 10
_CANCELLED = "cancelled: nothing more is placed, its deals are followed to their end"

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
_WHERE = ("rpc", "market", "relay", "store", "account", "state")


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
def _client(**where: Any) -> Iterator[Client]:
    def prompt(question: str) -> str:
        return str(click.prompt(question, hide_input=True, err=True))

    asking = prompt if sys.stdin.isatty() else None
    with connect(where.pop("rpc"), prompt=asking, **where) as client:
        yield client


def from_flags(file: Path, out: Path, as_json: bool, flags: dict[str, Any]) -> None:
    """`suanli job run` on the market; `flags` are its options by name."""
    budget, dry_run = flags.pop("budget"), flags.pop("dry_run")
    if budget is None and not dry_run:
        raise click.UsageError(
            "say where: --local runs it here, --budget TOKENS on the market, --dry-run tells what"
            " that would cost"
        )
    where = {name: flags.pop(name) for name in _WHERE}
    options = _options(flags)
    with _client(**where) as client:
        if dry_run:
            _print_quote(client, client.quote(file, options), budget, as_json)
            return
        with closing(client.submit(file, budget, options)) as run:
            click.echo(f"job {run.id} in {run.folder}", err=True)
            _follow(run, out, as_json)


def _options(flags: dict[str, Any]) -> Options:
    chosen = {name: value for name, value in flags.items() if value is not None}
    if (slippage := chosen.pop("slippage", None)) is not None:
        # What is no number is refused there, too.
        chosen["slippage_bps"] = round(slippage * 100) if abs(slippage) < MOST_SLIPPAGE else -1
    if (price := chosen.pop("max_price", None)) is not None:
        chosen["most_price"] = amounts.parse(price, amounts.PRICE_DECIMALS)
    return Options(**chosen)


@click.command()
@job_argument
@out_option
@json_option
@connection
def resume(job: str, out: Path, as_json: bool, **where: Any) -> None:
    """Go on with a job that was interrupted, until it is done and paid."""
    with _client(**where) as client, closing(client.run(job)) as run:
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
    with _client(**where) as client, closing(client.run(job)) as run:
        _show(run, run.cancel(), 0)
        _print_report(client, run.report, as_json)


@click.command()
@job_argument
@json_option
@connection
def status(job: str, as_json: bool, **where: Any) -> None:
    """Show a job's tasks, deals and money."""
    with _client(**where) as client, closing(client.run(job)) as run:
        _print_report(client, run.report, as_json)
        if not as_json:
            if run.cancelled:
                click.echo(_CANCELLED)
            waiting = 0 if run.cancelled else len(run.waiting())
            click.echo(f"{waiting} tasks wait for a miner" if waiting else "no task waits")
            click.echo(
                f"budget {client.show(run.budget)}, of it locked or spent"
                f" {client.show(run.reserved)}"
            )


@click.command()
@job_argument
@out_option
@connection
def results(job: str, out: Path, **where: Any) -> None:
    """Gather and write the result of a job that is done."""
    with _client(**where) as client, closing(client.run(job)) as run:
        for path in run.save(out):
            click.echo(path)


@click.command("list")
@json_option
@connection
def list_jobs(as_json: bool, **where: Any) -> None:
    """List the jobs in the state folder, of all accounts and markets."""
    with _client(**where) as client:
        found = [_listed(folder) for folder in client.jobs()]
        ours = client.where
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    if not found:
        click.echo("no jobs here: suanli job run job.toml --budget TOKENS")
    for job in found:
        theirs = (job["chain"], job["market"], job["account"])
        whose = "" if theirs == ours else f", of {job['account']} at {job['market']}"
        click.echo(
            f"{job['job']}  {plain(job['name'])}: {job['done']} of {job['tasks']} tasks done,"
            f" {job['deals_open']} deals open{', cancelled' if job['cancelled'] else ''}{whose}"
        )


def _listed(folder: Path) -> dict[str, Any]:
    with closing(Ledger(folder / "job.sqlite")) as ledger:
        facts = ledger.facts()
        return {
            "job": folder.name,
            "name": facts["name"],
            "tasks": facts["tasks"],
            "done": len(ledger.results()),
            "deals_open": len(ledger.live()),
            "cancelled": bool(facts.get("cancelled")),
            "chain": facts["chain"],
            "market": facts["market"],
            "account": facts["account"],
        }


def _follow(run: Run, out: Path, as_json: bool) -> None:
    try:
        _show(run, run.events(), len(run.ledger.results()))
    except KeyboardInterrupt:
        click.echo(f"go on with: suanli job resume {run.id}", err=True)
        raise
    written = run.save(out)
    _print_report(run.client, run.report, as_json)
    if not as_json:
        for path in written:
            click.echo(f"result    {path}, {path.stat().st_size:,} bytes")
        if run.live():
            click.echo(
                f"{len(run.live())} deals are accepted, but their miners have not collected yet:"
                f" suanli job status {run.id} tells; a day after their deadlines suanli job cancel"
                " takes the money back"
            )


def _show(run: Run, happened: Iterator[Event], done: int) -> None:
    for line in progress(run, happened, done):
        click.echo(line, err=True)


def progress(run: Run, happened: Iterable[Event], done: int) -> Iterator[str]:
    """A line for each event; results of a deal come together and share one."""
    begun, before = time.monotonic(), done
    batch: list[TaskDone] = []
    for event in happened:
        same = batch and isinstance(event, TaskDone) and event.miner == batch[0].miner
        if batch and not same:
            done += len(batch)
            left = (time.monotonic() - begun) / (done - before) * (run.tasks - done)
            yield _accepted(run, batch, done, left)
            batch = []
        if isinstance(event, TaskDone):
            batch.append(event)
        else:
            yield describe(run.client, event)
    if batch:
        yield _accepted(run, batch, done + len(batch), 0.0)


def _accepted(run: Run, batch: list[TaskDone], done: int, left: float) -> str:
    units, audited = sum(e.units for e in batch), sum(e.audited for e in batch)
    return (
        f"[{done}/{run.tasks}] {len(batch)} results of {_short(batch[0].miner)} are right:"
        f" {units:,} units, {audited} run again here; {run.show(run.reserved)} locked or spent,"
        f" about {left:.0f} s left"
    )


def describe(client: Client, event: Event) -> str:
    """An event in one line."""
    match event:
        case Placed():
            return (
                f"deal {event.part}: {len(event.tasks)} tasks offered to {_short(event.miner)},"
                f" at most {client.show(event.lock)}"
            )
        case Confirmed():
            price = amounts.show_price(event.price)
            return f"deal {event.part}: {_short(event.miner)} took it at {price} a unit"
        case TaskDone():
            audited = ", run again here" if event.audited else ""
            return f"task {event.task} by {_short(event.miner)}: {event.units:,} units{audited}"
        case PartRefused():
            return (
                f"deal {event.part}: result of {_short(event.miner)} refused ({event.kind}):"
                f" {event.why}; there is no court yet, it would be challenged with {event.evidence}"
            )
        case PartEnded():
            why = f" ({event.why})" if event.why else ""
            paid = client.show(event.cost)
            return f"deal {event.part}: {_short(event.miner)} {event.how}{why}, paid {paid}"
        case FellBack():
            return f"going on over the chain: {event.why}"
        case Trouble():
            return f"trying again: {event.why}"
    return repr(event)


def _short(address: str) -> str:
    return address[:SHORT]


def _print_quote(client: Client, quote: Quote, budget: str | None, as_json: bool) -> None:
    found = quote.plan
    worst = quote.worst
    enough = worst is not None and (
        budget is None or worst <= amounts.parse(budget, client.decimals)
    )
    if as_json:
        about = {
            "tasks": len(quote.job.manifest.tasks),
            "units": quote.job.manifest.units,
            "price": str(quote.price),
            "worst": None if worst is None else str(worst),
            "parts": [asdict(part) for part in found.parts],
            "objections": dict(found.objections),
            "unplaced": len(found.unplaced),
            "within_budget": enough,
        }
        click.echo(json.dumps(about, indent=2))
        return
    manifest = quote.job.manifest
    click.echo(f"tasks     {len(manifest.tasks):,}, at most {manifest.units:,} units in all")
    click.echo(f"price     {amounts.show_price(quote.price)} a unit by the model")
    for part in found.parts:
        seconds = "unknown time" if part.seconds is None else f"{part.seconds:.0f} s at most"
        click.echo(
            f"{_short(part.miner)}  {len(part.tasks)} tasks, {seconds}, bid"
            f" {amounts.show_price(part.bid)}, at most {client.show(part.lock)}"
        )
    for miner, why in found.objections.items():
        click.echo(f"{_short(miner)}  nothing: {why}")
    if found.unplaced:
        click.echo(f"{len(found.unplaced)} tasks must wait until capacity is free")
    click.echo(f"at worst  {'unknown: no offer fits' if worst is None else client.show(worst)}")
    if budget is not None:
        click.echo("the budget reaches" if enough else f"the budget of {budget} does not reach")
    click.echo("nothing was moved")


def _print_report(client: Client, report: Report, as_json: bool) -> None:
    if as_json:
        totals = {"cost": report.cost, "locked": report.locked, "gas": report.gas}
        click.echo(json.dumps(asdict(report) | totals, indent=2))
        return
    for line in table(client, report):
        click.echo(line)


def table(client: Client, report: Report) -> list[str]:
    """The cost report for people."""
    rows = [("deal", "miner", "tasks", "units", "price", "paid", "fee", "gas", "state")]
    for deal in report.deals:
        rows.append(
            (
                str(deal.number),
                _short(deal.miner),
                str(deal.tasks),
                f"{deal.units:,}",
                amounts.show_price(deal.price),
                amounts.show(deal.paid, client.decimals),
                amounts.show(deal.fee, client.decimals),
                f"{deal.gas:,}",
                deal.state,
            )
        )
    rows.append(
        (
            "all",
            "",
            str(report.done),
            f"{report.units:,}",
            "",
            amounts.show(report.paid, client.decimals),
            amounts.show(report.fees, client.decimals),
            f"{report.gas:,}",
            f"{report.done} of {report.tasks} tasks done, {report.audited} run again",
        )
    )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(_cell(row, i, widths[i]) for i in range(len(row))).rstrip() for row in rows]


def _cell(row: tuple[str, ...], column: int, width: int) -> str:
    return row[column].ljust(width) if column in (1, 8) else row[column].rjust(width)


COMMANDS = {c.name: c for c in (resume, cancel, status, results, list_jobs)}
