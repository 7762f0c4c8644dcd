"""`suanli job …`: a thin skin over `suanli.job`."""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from suanli.base.saving import save
from suanli.cli.as_json import as_json as to_json
from suanli.cli.job_where import Where
from suanli.cli.options import (
    channels_option,
    choices,
    cluster_option,
    connection,
    detach_option,
    file_argument,
    json_option,
    out_option,
)
from suanli.cli.output import counted, print_facts
from suanli.engine import EngineUnavailable, Outcome, Result, show_runtime
from suanli.engine.cluster import Cluster
from suanli.engine.host import pool_by
from suanli.job import Job, LocalRun, failure, load, run_local
from suanli.job.estimating import count as units_told
from suanli.job.estimating import fuel_line, proposal
from suanli.protocol import NO_SALT, SALT_BYTES, JobError

SHOWN = 5
CLUSTER_SECONDS = 20.0
"""In which a cluster must show a machine."""
AHEAD = 8
"""Tasks handed to a cluster for each of its places: none is idle while others are on their way."""


def _salt(_context: click.Context, _parameter: click.Parameter, value: str | None) -> bytes:
    if value is None:
        return NO_SALT
    try:
        salt = bytes.fromhex(value)
    except ValueError:
        salt = b""
    if len(salt) != SALT_BYTES:
        raise click.BadParameter(f"must be {SALT_BYTES} bytes in hexadecimal")
    return salt


salt_option = click.option(
    "--salt",
    metavar="HEX",
    callback=_salt,
    help="32 bytes that all digests depend on, to compare with a published job.  [default: zeros]",
)


@click.command(
    epilog="""\b
Examples:
  suanli job check job.toml
  suanli job check job.toml --json | jq .units"""
)
@file_argument
@salt_option
@json_option
def check(file: Path, salt: bytes, as_json: bool) -> None:
    """Check a job file and its program, and explain what it would run.

    Every mistake is printed with its line. Exit code 1 if there is any.
    """
    job = load(file, salt=salt)
    _check_modules(job)
    about = _about(job)
    if as_json:
        click.echo(to_json(about))
        return
    print_facts(_rows(job, about))


@click.command(
    epilog="""\b
Examples:
  suanli job run --local job.toml --out result
  suanli job run job.toml --dry-run
  suanli job run job.toml --budget 50 --audit 0.1"""
)
@file_argument
@click.option("--local", is_flag=True, help="Run on this machine's cores; costs nothing.")
@click.option(
    "--budget", metavar="TOKENS", help="Run on the market; never more is locked or spent."
)
@click.option("--dry-run", is_flag=True, help="Show offers, price and worst cost; nothing moves.")
@out_option
@click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    help="Worker processes, with --local.  [default: one a core]",
)
@click.option(
    "--on",
    metavar="CLUSTER",
    callback=cluster_option,
    help="With --local, on the machines of a cluster of dask, such as dask://scheduler:8786.",
)
@click.option(
    "--channel",
    is_flag=True,
    help="On the market, each task paid by voucher as it comes: no deal, no collateral, no court.",
)
@click.option(
    "--miners",
    type=click.IntRange(1, 256),
    default=4,
    show_default=True,
    help="Channels at most, with --channel: one a miner.",
)
@channels_option
@salt_option
@json_option
@detach_option
@choices
@connection
def run(
    file: Path,
    local: bool,
    out: Path,
    workers: int | None,
    on: str | None,
    channel: bool,
    miners: int,
    channels: str | None,
    salt: bytes,
    as_json: bool,
    **market: Any,
) -> None:
    """Run a job, on the market or with --local here, and gather its result.

    Exit code 1 if a task failed: then nothing is gathered.
    """
    if on is not None and not local:
        raise click.UsageError("--on says where --local runs: give both, or leave it out")
    if on is not None and workers is not None:
        raise click.UsageError(
            "a cluster's machines have as many workers as threads: leave one out"
        )
    if channel and (local or market["dry_run"] or market["detach"]):
        raise click.UsageError("--channel is for the market: leave out the options that are not")
    if channel:
        from suanli.cli.job_channel import by_channel

        job = load(file, salt=salt)
        with by_channel(job, miners, channels, market) as where:
            _run_local(job, where, out, as_json)
        return
    if not local:
        from suanli.cli.job_market import from_flags

        from_flags(file, out, as_json, market)
        return
    if market["budget"] is not None or market["dry_run"]:
        raise click.UsageError("--local costs nothing: leave out --budget and --dry-run")
    if market["detach"]:
        raise click.UsageError("--detach is for the market: leave it out with --local")
    job = load(file, salt=salt)
    with _on_cluster(on, job) if on is not None else _here(workers, job) as where:
        _run_local(job, where, out, as_json)


@contextmanager
def _here(workers: int | None, job: Job) -> Iterator[Where]:
    count = min(workers or len(os.sched_getaffinity(0)), len(job.manifest.tasks))
    with pool_by(job.manifest.runtime, count) as pool:
        yield Where(pool, count, 2 * count)


@contextmanager
def _on_cluster(address: str, job: Job) -> Iterator[Where]:
    runtime = job.manifest.runtime

    def tell(text: str) -> None:
        click.echo(text, err=True)

    if job.seal:
        tell(
            "sealed to miners only: the scheduler and the machines of this cluster read everything"
        )

    def outage(why: str) -> None:
        tell(f"{why}; waiting for it" if why else "the scheduler is there again")

    with Cluster(address, [runtime], tell=tell, outage=outage) as cluster:
        if missing := cluster.wait(CLUSTER_SECONDS):
            raise EngineUnavailable(missing)
        places = sum(one.places for one in cluster.machines)
        yield Where(cluster.of(runtime), places, AHEAD * places)


def _run_local(job: Job, where: Where, out: Path, as_json: bool) -> None:
    executor, count, ahead = where
    with counted(job.name, len(job.manifest.tasks)) as one_more:
        done = run_local(job, executor, ahead=ahead, on_done=lambda *_: one_more())
    files = done.files or {}
    save(out, {path: [data] for path, data in files.items()})
    written = {str(out / path): data for path, data in files.items()}
    if as_json:
        click.echo(to_json(_summary(job, done, count, written)))
    else:
        print_facts(_summary_rows(job, done, count, written))
    if done.failed:
        raise JobError(_failures(done.results, done.failed))


def _check_modules(job: Job) -> None:
    refs = [job.manifest.module, job.manifest.gather.module]
    with pool_by(job.manifest.runtime, 1) as pool:
        for ref in filter(None, refs):
            if reason := pool.prepare(job.module(ref), job.manifest.limits):
                path = job.parts[ref.digest].path
                raise JobError(f"{path}: the engine refuses this module: {reason}")


def _about(job: Job) -> dict[str, Any]:
    manifest = job.manifest
    return {
        "name": job.name,
        "digest": job.digest.hex(),
        "module": manifest.module.digest.hex(),
        "runtime": manifest.runtime.hex(),
        "tasks": len(manifest.tasks),
        "units": manifest.units,
        "input_bytes": sum(ref.size for ref in manifest.references().values()),
        "gather": manifest.gather.kind,
        "seal": job.seal,
    }


def _rows(job: Job, about: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("name", "digest", "module"):
        yield name, about[name]
    yield "runtime", f"{show_runtime(job.manifest.runtime)}, {about['runtime']}"
    yield "tasks", f"{about['tasks']:,}, at most {about['units']:,} units in all"
    yield "inputs", f"{about['input_bytes']:,} bytes"
    yield "gather", about["gather"]
    if job.seal:
        yield "sealed", "inputs, arguments, environment and results (docs/privacy.md)"
    for index, task in enumerate(job.manifest.tasks[:SHOWN]):
        inputs = ", ".join(job.manifest.task_inputs(index)) or "none"
        yield f"task {index}", f"args {list(task.args)}, inputs {inputs}"
    if len(job.manifest.tasks) > SHOWN:
        yield "", f"and {len(job.manifest.tasks) - SHOWN} more"


def _summary(job: Job, done: LocalRun, workers: int, written: dict[str, bytes]) -> dict[str, Any]:
    return {
        "name": job.name,
        "digest": job.digest.hex(),
        "root": done.root.hex(),
        "tasks": len(done.results),
        "outcomes": dict(Counter(str(result.outcome) for result in done.results)),
        "failed": len(done.failed),
        "failed_tasks": done.failed,
        "fuel": done.fuel,
        "units": done.units,
        "most_units": max(result.units for result in done.results),
        "seconds": round(done.seconds, 3),
        "workers": workers,
        "files": {
            path: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for path, data in written.items()
        },
    }


def _summary_rows(
    job: Job, done: LocalRun, workers: int, written: dict[str, bytes]
) -> Iterator[tuple[str, str]]:
    busy = sum(result.seconds for result in done.results)
    yield "digest", job.digest.hex()
    yield "root", done.root.hex()
    yield "tasks", f"{len(done.results):,}, {len(done.failed):,} of them failed"
    yield "fuel", f"{done.fuel:,}, billed as {done.units:,} units"
    by = show_runtime(job.manifest.runtime)
    yield "time", f"{done.seconds:.2f} s on {workers} workers, {by}; tasks alone {busy:.2f} s"
    for path, data in written.items():
        yield "result", f"{path}, {len(data):,} bytes"
    yield from _most_used(job, done)


def _most_used(job: Job, done: LocalRun) -> Iterator[tuple[str, str]]:
    """What the tasks took, and the limit to write for another run like this."""
    used = {i: r.units for i, r in enumerate(done.results) if r.outcome is Outcome.EXITED}
    if not used:
        return
    most = max(used, key=lambda task: used[task])
    allowed = job.manifest.limits.units
    yield "most", f"task {most} used {units_told(used[most])} of {allowed:,}"
    if len(used) < len(done.results):
        return
    limit = proposal(list(used.values()), complete=True)
    if not job.names_fuel or limit < allowed:
        yield "write", f"{fuel_line(limit)} into [limits], and less is locked on the market"


def _failures(results: list[Result], failed: list[int]) -> str:
    lines = [f"task {index} failed: {failure(results[index])}" for index in failed[:SHOWN]]
    if len(failed) > SHOWN:
        lines.append(f"and {len(failed) - SHOWN} more")
    return "\n".join([*lines, "Nothing was gathered."])
