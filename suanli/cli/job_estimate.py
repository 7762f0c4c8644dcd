"""`suanli job estimate`: what a job needs, by a few of its tasks, and what it would cost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from suanli.base.config import setting
from suanli.cli.as_json import as_json as to_json
from suanli.cli.options import choices, connection, file_argument, json_option
from suanli.cli.output import counted, print_facts
from suanli.engine.host import pool_by
from suanli.job import Estimate, Job, estimate, load
from suanli.job.estimating import COMPLETE, GENEROUS, chosen, count, fuel_line, limited
from suanli.protocol import new_salt

SHOWN = 3


@click.command(
    "estimate",
    epilog="""\b
Examples:
  suanli job estimate job.toml
  suanli job estimate job.toml --seconds 300 --json | jq .task_units""",
)
@file_argument
@click.option(
    "--seconds",
    type=click.FloatRange(1, 86_400),
    default=60.0,
    show_default=True,
    help="Stop what did not end by then.",
)
@json_option
@choices
@connection
def estimate_command(file: Path, seconds: float, as_json: bool, **market: Any) -> None:
    """Run a few tasks here and propose limits; with a market, say what the job would cost.

    Tried are the tasks with most input, the first, the last and some random ones.
    """
    job = load(file, salt=new_salt())
    found = _try(job, seconds)
    rows, about = _rows(job, found), found.to_json()
    if found.units is not None and setting("market", market["market"]) is not None:
        # Imported late: it takes longer to load.
        from suanli.cli.estimating import costs

        more, cost = costs(limited(job, found.units), found, market)
        rows, about = rows + more, about | cost
    if as_json:
        click.echo(to_json(about))
        return
    print_facts(rows)


def _try(job: Job, seconds: float) -> Estimate:
    tried = chosen(job.manifest)
    workers = len(os.sched_getaffinity(0))
    with (
        pool_by(job.manifest.runtime, min(workers, len(tried))) as pool,
        counted(job.name, len(tried)) as one_more,
    ):
        return estimate(job, pool, workers=workers, seconds=seconds, on_done=lambda _: one_more())


def _rows(job: Job, found: Estimate) -> list[tuple[str, str]]:
    rows = [("measured", f"{found.told}, in {found.seconds:.1f} s")]
    failed = [("failed", f"task {task}: {why}") for task, why in found.failed.items()]
    rows += failed[:SHOWN]
    if len(failed) > SHOWN:
        rows.append(("", f"and {len(failed) - SHOWN} more"))
    limit = found.units
    if limit is None:
        more = "; allow more time with --seconds" if found.late else ""
        return [*rows, ("limit", f"unknown: too little ended well here{more}")]
    tasks = len(job.manifest.tasks)
    complete = len(found.results) == tasks
    times = f"{COMPLETE if complete else GENEROUS:g} times the most"
    named = job.manifest.limits.units
    if job.names_fuel and named < max(found.measured):
        low = f"the file's limit of {count(named)} is too low: tasks would fail"
        rows.append(("limit", low))
    in_all = f"about {count(round(tasks * (found.mean_units(limit) or 0)))}"
    advice = f"{times}; a task that needs more fails, and is billed all of it"
    return [
        *rows,
        ("in all", f"{in_all}, at most {count(tasks * limit)}"),
        ("write", f"{fuel_line(limit)} into [limits]: {advice}"),
    ]
