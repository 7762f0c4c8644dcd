"""Commands about jobs that ask neither chain nor account: the jobs' folders tell enough."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from suanli.client import jobs
from suanli.client.flags import job_argument, json_option, out_option
from suanli.client.results import Results
from suanli.job.choices import state_option
from suanli.text import aligned, plain


@click.command("list")
@json_option
@state_option
def list_jobs(as_json: bool, state: Path | None) -> None:
    """List all jobs, of all accounts and markets, oldest first."""
    found = [jobs.summary(folder) for folder in jobs.folders(jobs.state_folder(state))]
    if as_json:
        click.echo(json.dumps([job.to_json() for job in found], indent=2))
        return
    if not found:
        click.echo("no jobs yet: suanli job run job.toml --budget TOKENS")
        return
    rows = [("job", "begun", "state", "done", "cost", "account", "name")]
    for job in found:
        done = f"{job.done:,}/{job.tasks:,}"
        begun, account = jobs.date(job.begun), job.account[:10]
        cost = job.show(job.cost)
        rows.append((job.job, begun, str(job.state), done, cost, account, plain(job.name)))
    for line in aligned(rows, right=(3, 4)):
        click.echo(line)


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
    with Results(jobs.find(jobs.state_folder(state), job)) as found:
        written = found.save_tasks(out, tasks) if by_task or tasks else found.save(out, partial)
        if as_json:
            click.echo(json.dumps({"job": found.id, "files": [str(path) for path in written]}))
            return
    for path in written:
        click.echo(path)


@click.command()
@job_argument
@click.argument("task", type=int, required=False)
@state_option
def logs(job: str, task: int | None, state: Path | None) -> None:
    """Show what TASK printed, stdout and then stderr; without one, what happened to the job."""
    folder = jobs.find(jobs.state_folder(state), job)
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


COMMANDS = {c.name: c for c in (list_jobs, results, logs)}
