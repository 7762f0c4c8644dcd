"""`suanli job run --budget …` and the commands about jobs on the market: a thin skin."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from suanli.base.errors import SuanliError
from suanli.cli.as_json import as_json as to_json
from suanli.cli.detaching import detached
from suanli.cli.flags import changes_of, connected, options_of, unlock
from suanli.cli.live import show
from suanli.cli.options import (
    WHERE,
    choices,
    connection,
    detach_option,
    job_argument,
    json_option,
    out_option,
    rpc_option,
    state_option,
)
from suanli.cli.output import print_facts
from suanli.cli.printing import challenges_json, print_challenges, print_quote, print_report
from suanli.client import ClientError, DealStage, Ledger, jobs, places, reach, report_of
from suanli.client.run import Run

_CANCELLED = "cancelled: nothing more is placed, its deals are followed to their end"


def from_flags(file: Path, out: Path, as_json: bool, flags: dict[str, Any]) -> None:
    """`suanli job run` on the market; `flags` are its options by name."""
    budget, dry_run, detach = (flags.pop(name) for name in ("budget", "dry_run", "detach"))
    if budget is None and not dry_run:
        raise click.UsageError(
            "say where: --local runs it here, --budget TOKENS on the market, --dry-run tells what"
            " that would cost"
        )
    where = unlock({name: flags.pop(name) for name in WHERE})
    options = options_of(flags)
    with connected(**where) as client:
        if dry_run:
            quote = client.quote(file, options, tell=_tell)
            print_quote(client, quote, budget, as_json, options.hedge)
            return
        with closing(client.submit(file, budget, options, _tell)) as run:
            click.echo(f"job {run.id} in {run.folder}", err=True)
            if not detach:
                _follow(run, out, as_json)
                return
    _detach(run.id, run.folder, out, as_json, where)


def _tell(line: str) -> None:
    click.echo(line, err=True)


@click.command()
@job_argument
@click.option("--budget", metavar="TOKENS", help="Raise what may be locked and spent to this.")
@out_option
@detach_option
@json_option
@choices
@connection
def resume(
    job: str, budget: str | None, out: Path, detach: bool, as_json: bool, **flags: Any
) -> None:
    """Go on with a job that was interrupted or refused, until it is done and paid.

    Options that say how it is placed hold from now on, in the place of those it was begun with.
    """
    where = unlock({name: flags.pop(name) for name in WHERE})
    with connected(**where) as client, closing(client.run(job)) as run:
        if changes := changes_of(flags):
            run.choose(**changes)
        if budget is not None:
            run.raise_budget(budget)
        if run.cancelled:
            click.echo(f"job {run.id}: {_CANCELLED}", err=True)
        if not detach:
            _follow(run, out, as_json)
            return
        with run.alone():  # refused here, where it is seen, if another process runs it
            pass
    _detach(run.id, run.folder, out, as_json, where)


@click.command()
@job_argument
@json_option
@connection
def cancel(job: str, as_json: bool, **where: Any) -> None:
    """Call back what nobody took yet; deals that miners confirmed are followed to their end.

    Results that were accepted and not collected until a day after their deadline are given up by
    their miners: their money is taken back, too. A job that is done and paid stays as it is.
    """
    with connected(**where) as client, closing(client.run(job)) as run:
        finished = run.finished
        show(run, run.cancel())
        if finished:
            click.echo(f"job {run.id} is done and paid: nothing is left to cancel", err=True)
        print_report(run.report, client.decimals, as_json, available=client.funds.free())


@click.command()
@job_argument
@json_option
@rpc_option
@state_option
def status(job: str, as_json: bool, rpc: str | None, state: Path | None) -> None:
    """Show a job's tasks, deals and money, as the chain has them; no key is needed."""
    folder = jobs.find(places.state_folder(state), job)
    about = jobs.summary(folder)
    market, _ = reach(rpc, about.market, "")
    if market.domain.chain_id != about.chain:
        raise ClientError(
            f"job {about.job} is on chain {about.chain}, the node's is {market.domain.chain_id}:"
            " name another node with --rpc"
        )
    with closing(Ledger(folder / "job.sqlite")) as ledger:
        report, waiting = report_of(market, about.job, ledger), len(ledger.waiting(about.tasks))
        filings = ledger.filings()
    available = market.account_of(about.account).available
    more = {"state": str(about.state), "begun": about.begun, "failure": about.failure}
    more |= {"challenges": challenges_json(filings)}
    print_report(report, about.decimals, as_json, available=available, **more)
    if as_json:
        return
    if report.cancelled:
        click.echo(_CANCELLED)
        waiting = 0
    click.echo(f"{waiting} tasks wait for a miner" if waiting else "no task waits")
    print_challenges(filings, about.show)
    reserved = about.show(about.cost + about.locked)
    click.echo(f"budget {about.show(about.budget)}, of it locked or spent {reserved}")
    click.echo(f"{about.line}, begun {jobs.date(about.begun)}")
    if about.failure:
        click.echo(f"the last run ended with: {about.failure}")


def _follow(run: Run, out: Path, as_json: bool, quiet: bool = False) -> None:
    """`quiet`: what happens is told in the job's log alone."""
    with run.alone():
        try:
            if quiet:
                for _ in run.events():
                    pass
            else:
                show(run, run.events())
        except KeyboardInterrupt:
            click.echo(f"go on with: suanli job resume {run.id}", err=True)
            raise
        written, failed = _saved(run, out)
        client, files = run.session, [str(path) for path in written]
        left, filings = client.funds.free(), run.ledger.filings()
        more = {"files": files, "challenges": challenges_json(filings)}
        print_report(run.report, client.decimals, as_json, available=left, **more)
        if not as_json:
            print_challenges(filings, client.show)
            print_facts(("result", f"{path}, {path.stat().st_size:,} bytes") for path in written)
            _tell_what_is_left(run)
        if failed is not None:
            raise failed


def _saved(run: Run, out: Path) -> tuple[list[Path], SuanliError | None]:
    """What was written, or why nothing was: the money that was spent is told all the same."""
    try:
        return run.save(out), None
    except SuanliError as error:
        return [], error


def _tell_what_is_left(run: Run) -> None:
    accepted = [part for part in run.live() if part.stage is DealStage.ACCEPTED]
    others = [part for part in run.live() if part.stage is not DealStage.ACCEPTED]
    if accepted:
        click.echo(
            f"{len(accepted)} deals are accepted, but their miners have not collected yet:"
            f" suanli job status {run.id} tells; a day after their deadlines suanli job cancel"
            " takes the money back"
        )
    if others:
        held = run.show(sum(part.lock for part in others))
        click.echo(
            f"{len(others)} deals that brought no result are not over, and hold {held}: after their"
            f" deadlines suanli job resume {run.id} takes back what is not paid"
        )
    client = run.session
    if left := client.funds.free():
        whose = "" if client.requester == client.account.address else f" --for {client.requester}"
        told = (
            f"{client.show(left)} available in the market for the next job; suanli market"
            f" withdraw{whose} takes it out"
        )
        print_facts([("left", told)])


def _detach(job: str, folder: Path, out: Path, as_json: bool, where: dict[str, Any]) -> None:
    log = folder / jobs.LOG

    def act(begun: Callable[[], None]) -> None:
        with connected(**where) as client, closing(client.run(job)) as run, run.alone():
            begun()
            try:
                _follow(run, out.absolute(), as_json=False, quiet=True)
            except (SuanliError, OSError) as error:
                # Said while it is still held: whoever follows the log stops looking afterwards.
                click.echo(f"error: {error}")
                raise SystemExit(1) from error

    pid = detached(act, log)
    if as_json:
        click.echo(to_json({"job": job, "pid": pid, "log": str(log)}))
        return
    click.echo(f"job {job} goes on as process {pid}, without this terminal")
    click.echo(f"suanli job watch {job} follows it; its log is {log}")
