"""`suanli task`: run one task from the command line."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import click

from suanli.base.saving import save
from suanli.cli.as_json import as_json as to_json
from suanli.cli.options import folder_option, json_option
from suanli.cli.output import print_facts
from suanli.engine import (
    LIMIT_NAMES,
    BeyondEnd,
    InvalidTask,
    Limits,
    Module,
    Outcome,
    Result,
    Runtime,
    Task,
    default_runtime,
    runtime_id,
)
from suanli.engine.host import Pool

_SUFFIXES = {"k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 1 << 10, "mi": 1 << 20}
_SUFFIXES |= {"gi": 1 << 30, "": 1}

_HELP = f"""Run MODULE, a WebAssembly WASI preview 1 command, once, and say what it did.

The program sees only what is given here, below the root folder, where it starts. What it prints
is printed; every file it made or changed is written below the folder named by --out.

\b
Examples:
  suanli task run hello.wasm
  suanli task run count.wasm --input inputs/data.csv=data.csv --out results -- inputs/data.csv
  suanli task run sort.wasm --stdin words.txt --limit fuel=5g --limit memory=64Mi
  suanli task run table.wasm --dir outputs --out .
  suanli task run search.wasm --env SEED=7 --json -- --board 8

\b
Limits: {", ".join(LIMIT_NAMES)}.
Suffixes k, m, g, t are powers of 1000; Ki, Mi, Gi of 1024.

\b
Exit codes:
  0  the program ended with code 0
  1  this machine could not run it, or a file could not be read or written
  2  the command line is wrong
  3  the program ended with another code
  4  it trapped, ran out of fuel or passed a limit
  5  the module is invalid
"""


class _UsageErrors(click.Command):
    """Turns what the task's own checks refuse into a usage error, as click's own checks are."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except InvalidTask as error:
            raise click.UsageError(str(error), ctx) from error


@click.command(cls=_UsageErrors, help=_HELP)
@click.argument("module", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("args", nargs=-1)
@click.option("--input", "inputs", multiple=True, metavar="NAME=FILE", help="Give it a file.")
@click.option("--dir", "dirs", multiple=True, metavar="NAME", help="Give it an empty folder.")
@click.option("--env", multiple=True, metavar="K=V", help="Set a variable of its environment.")
@click.option("--stdin", type=click.File("rb"), help="Its standard input (- for this one's).")
@click.option("--limit", "limits", multiple=True, metavar="NAME=N", help="Change a limit.")
@click.option(
    "--runtime",
    "named",
    type=click.Choice([str(runtime) for runtime in Runtime]),
    help="Whose NaNs it sees.  [default: what this machine has, fast before portable]",
)
@click.option("--seed", default="", metavar="TEXT", help="Give it other random numbers.")
@click.option("--trace", "at", type=int, metavar="N", help="Also its trace after N fuel.")
@folder_option("--out", "Keep its files here.")
@json_option
def run(
    module: Path,
    args: tuple[str, ...],
    inputs: tuple[str, ...],
    dirs: tuple[str, ...],
    env: tuple[str, ...],
    stdin: BinaryIO | None,
    limits: tuple[str, ...],
    named: str | None,
    seed: str,
    at: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    one = Task(
        Module.from_file(module),
        args,
        _pairs("--env", env),
        stdin.read() if stdin else b"",
        {name: Path(file).read_bytes() for name, file in _pairs("--input", inputs).items()},
        _limits(limits),
        seed.encode(),
        dirs,
    )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    runtime = Runtime(named) if named else default_runtime()
    with Pool(1, runtime=runtime) as pool:
        result = pool.submit(one).result()
        trace, beyond = _trace(pool, one, at)
        result = replace(result, trace=trace)
    seconds = time.perf_counter() - started
    if as_json:
        click.echo(to_json(_report(one, result, runtime, seconds)))
    else:
        _print(result, seconds, out)
    if out is not None:
        save(out, {path: [content] for path, content in result.files.items()})
    if beyond is not None:
        raise beyond
    sys.exit(_exit_code(result))


def _trace(pool: Pool, one: Task, at: int | None) -> tuple[bytes, BeyondEnd | None]:
    """An error is for the end: what the task did is shown all the same."""
    try:
        return b"" if at is None else pool.trace(one, at).result().trace, None
    except BeyondEnd as error:
        return b"", error


def _pairs(option: str, pairs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{option} takes NAME=VALUE: {pair!r}")
        if name in found:
            raise click.UsageError(f"{option} names {name!r} twice")
        found[name] = value
    return found


def _limits(pairs: tuple[str, ...]) -> Limits:
    values = {name: _number(name, text) for name, text in _pairs("--limit", pairs).items()}
    for name in values:
        if name not in LIMIT_NAMES:
            raise click.UsageError(f"no limit {name!r}; there are {', '.join(LIMIT_NAMES)}")
    return Limits(**values)


def _number(name: str, text: str) -> int:
    digits = text.rstrip("kKmMgGtTi")
    factor = _SUFFIXES.get(text[len(digits) :].lower())
    if factor is None or not digits.isascii() or not digits.isdigit():
        raise click.UsageError(f"limit {name} takes a whole number such as 5g or 64Mi: {text!r}")
    return int(digits) * factor


def _report(one: Task, result: Result, runtime: Runtime, seconds: float) -> dict[str, Any]:
    return {
        "outcome": result.outcome.value,
        "exit_code": result.exit_code,
        "detail": result.detail,
        "fuel": result.fuel,
        "units": result.units,
        "trace": result.trace.hex() or None,
        "module": one.module.digest.hex(),
        "runtime": runtime_id(runtime).hex(),
        "stdout": _content(result.stdout) | {"text": result.stdout.decode(errors="replace")},
        "stderr": _content(result.stderr) | {"text": result.stderr.decode(errors="replace")},
        "files": {path: _content(content) for path, content in result.files.items()},
        "seconds": {"guest": round(result.seconds, 6), "total": round(seconds, 6)},
    }


def _content(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _print(result: Result, seconds: float, out: Path | None) -> None:
    click.echo(result.stdout, nl=False)
    click.echo(result.stderr, nl=False, err=True)
    print_facts(_rows(result, seconds), err=True)
    if result.files and out is None:
        click.echo("Name a folder with --out to keep these files.", err=True)


def _rows(result: Result, seconds: float) -> Iterator[tuple[str, str]]:
    code = "" if result.exit_code is None else f" with code {result.exit_code}"
    detail = f" ({result.detail})" if result.detail else ""
    yield "outcome", f"{result.outcome.value}{code}{detail}"
    yield "fuel", f"{result.fuel:,} = {result.units:,} units"
    if result.trace:
        yield "trace", result.trace.hex()
    yield "time", f"{result.seconds:.3f} s, {seconds:.3f} s with start and compiling"
    yield "stdout", _summary(result.stdout)
    for path, content in result.files.items():
        yield "file", f"{_summary(content)}  {path!r}"


def _summary(content: bytes) -> str:
    return f"{hashlib.sha256(content).hexdigest()}  {len(content):,} bytes"


def _exit_code(result: Result) -> int:
    if result.outcome is Outcome.EXITED:
        return 0 if result.ok else 3
    return 5 if result.outcome is Outcome.INVALID else 4
