"""Commands about jobs that ask neither chain nor account: the jobs' folders tell enough."""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from functools import partial as bound
from pathlib import Path

import click

from suanli.base.locking import held, is_held
from suanli.base.text import plain
from suanli.cli.as_json import as_json as to_json
from suanli.cli.options import job_argument, json_option, out_option, state_option
from suanli.cli.output import print_table
from suanli.client import ClientError, Ledger, Results, jobs, places

SHOWN = 20
"""Lines of the past that `watch` begins with."""
POLL = 0.3
"""Seconds between looks at the log."""


@click.command("list")
@json_option
@state_option
def list_jobs(as_json: bool, state: Path | None) -> None:
    """List all jobs, of all accounts and markets, oldest first."""
    found = jobs.summaries(places.state_folder(state), bound(click.echo, err=True))
    if as_json:
        click.echo(to_json(found))
        return
    if not found:
        click.echo("no jobs yet: suanli job run job.toml --budget TOKENS")
        return
    rows = []
    for job in found:
        done = f"{job.done:,}/{job.tasks:,}"
        begun, account = jobs.date(job.begun), job.account[:10]
        cost = job.show(job.cost)
        rows.append((job.job, begun, str(job.state), done, cost, account, plain(job.name)))
    head = ("job", "begun", "state", "done", "cost", "account", "name")
    print_table(head, rows, right=(3, 4))


@click.command()
@job_argument
@out_option
@click.option("--partial", is_flag=True, help="Gather what is done and good, without the rest.")
@click.option(
    "--by-task", is_flag=True, help="Gather nothing: each task's outputs in a folder, task-N."
)
@click.option("--task", "tasks", type=int, multiple=True, help="Only this task's. Repeatable.")
@json_option
@state_option
def results(
    job: str,
    out: Path,
    partial: bool,
    by_task: bool,
    tasks: tuple[int, ...],
    as_json: bool,
    state: Path | None,
) -> None:
    """Write the result of a job into a folder: gathered, or what each task left."""
    if partial and (by_task or tasks):
        raise click.UsageError("--partial gathers, --by-task and --task do not: choose one")
    with Results(jobs.find(places.state_folder(state), job)) as found:
        written = found.save_tasks(out, tasks) if by_task or tasks else found.save(out, partial)
        if as_json:
            click.echo(to_json({"job": found.id, "files": [str(path) for path in written]}))
            return
    for path in written:
        click.echo(path)


@click.command()
@job_argument
@click.argument("task", type=int, required=False)
@state_option
def logs(job: str, task: int | None, state: Path | None) -> None:
    """Show what TASK printed, stdout and then stderr; without one, what happened to the job."""
    folder = jobs.find(places.state_folder(state), job)
    if task is None:
        log = folder / jobs.LOG
        click.echo(log.read_text() if log.exists() else "nothing happened yet", nl=False)
        return
    with Results(folder) as found:
        result = found.task(task)
    # A terminal obeys what a program printed; a file gets every byte.
    for stream, data in ((sys.stdout, result.stdout), (sys.stderr, result.stderr)):
        if stream.isatty():
            for line in data.decode(errors="replace").splitlines():
                click.echo(plain(line), file=stream)
        else:
            click.echo(data, nl=False, file=stream)


@click.command()
@job_argument
@state_option
@click.pass_context
def watch(ctx: click.Context, job: str, state: Path | None) -> None:
    """Follow a job that another process runs, until that ends. Ctrl-C ends only the watching.

    Exit code 0 if the job is done then, else 1.
    """
    folder = jobs.find(places.state_folder(state), job)
    for line in followed(folder):
        click.echo(line)
    ended = jobs.summary(folder)
    click.echo(ended.line)
    if ended.state is not jobs.JobState.DONE:
        click.echo(f"to go on with it: suanli job resume {ended.job}", err=True)
        ctx.exit(1)


def followed(folder: Path) -> Iterator[str]:
    """The last lines of a job's log, and what comes until nobody runs it any more."""
    path = folder / jobs.LOG
    path.touch()
    with path.open() as log:
        yield from [line.rstrip("\n") for line in deque(log, SHOWN)]
        running, part = True, ""
        while running:
            running = is_held(folder / jobs.LOCK)
            while chunk := log.readline():
                part += chunk
                if part.endswith("\n"):
                    yield part.rstrip("\n")
                    part = ""
            if running:
                time.sleep(POLL)


@click.command()
@job_argument
@state_option
def remove(job: str, state: Path | None) -> None:
    """Forget a job: its results, inputs and deals. Not one that has open deals."""
    folder = jobs.find(places.state_folder(state), job)
    with held(folder / jobs.LOCK, "remove", lambda pid: jobs.busy(folder.name, pid)):
        if live := jobs.summary(folder).deals_open:
            raise ClientError(
                f"job {folder.name} has {live} open deals: end them with suanli job cancel"
            )
        with closing(Ledger(folder / "job.sqlite")) as ledger:
            open_cases = [filing for filing in ledger.filings() if filing.open]
        if open_cases:
            raise ClientError(
                f"job {folder.name} has a case before a court, whose deposit would be lost: suanli"
                f" job resume {folder.name} follows it to its end"
            )
        shutil.rmtree(folder)
    click.echo(f"job {folder.name} is gone")
