"""`suanli runtime …`: packages of the engine's runtimes, of this version and others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from suanli.base.errors import SuanliError
from suanli.cli import runtime_needs
from suanli.cli.as_json import as_json as to_json
from suanli.cli.options import json_option
from suanli.cli.output import print_facts, print_table
from suanli.engine import EngineUnavailable, runtime_ids
from suanli.engine.host import (
    InstalledRuntime,
    RuntimePackage,
    packages,
    packages_folder,
    packing,
)

HEAD = ("package", "of", "runtime", "id", "MiB", "state")


class NoPackage(SuanliError):
    """None, or several."""


def _digest(ctx: click.Context, param: click.Parameter, value: str) -> bytes:
    try:
        found = bytes.fromhex(value.removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise click.BadParameter(
            "a package's digest has 64 hexadecimal digits, as `suanli runtime pack` says"
        )
    return found


@click.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List the packages that are here, and what still needs them."""
    found = packages()
    if as_json:
        click.echo(to_json([_about(package) for package in found]))
    elif not found:
        click.echo(f"none in {packages_folder()}: `suanli runtime keep` keeps this version's")
    else:
        print_table(HEAD, (row for package in found for row in _rows(package)), right=(4,))


@click.command()
def keep() -> None:
    """Keep this version's runtimes, so that the next version has them, too.

    Daemons and `suanli job run` do it by themselves.
    """
    print_facts(_facts(packing.keep()))


@click.command(
    epilog="""\b
Example:
  suanli runtime pack 6abcf31e runtimes.zip"""
)
@click.argument("which", metavar="PACKAGE")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def pack(which: str, file: Path) -> None:
    """Write PACKAGE into FILE, for another machine, and say the digest that it is added by.

    PACKAGE is the beginning of its digest, or of the id of a runtime in it.
    """
    package = _find(which)
    packing.pack(package, file)
    print_facts([*_facts(package), ("file", str(file))])


@click.command(
    epilog="""\b
Example:
  suanli runtime add runtimes.zip 3f9a…"""
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("digest", callback=_digest)
def add(file: Path, digest: bytes) -> None:
    """Add the package in FILE, if it has this DIGEST.

    Its code runs on this machine, as a worker: take the digest from whom you trust.
    """
    print_facts(_facts(packing.add(file, digest)))
    click.echo("Daemons serve it once they are started again.", err=True)


@click.command()
@click.argument("which", metavar="PACKAGE")
def remove(which: str) -> None:
    """Take PACKAGE away: at once, or as soon as no deal, job or case may need it.

    Until then it takes no new deals. A miner that runs now is to be started again.
    """
    package = _find(which)
    if why := runtime_needs.go(package):
        click.echo(f"{package} takes nothing new from now on, and goes when nothing needs it:")
        for text in why:
            click.echo(f"  {text}")
        click.echo("A daemon that starts takes it away by then, and `suanli runtime prune`.")
    else:
        click.echo(f"{package} is gone")


@click.command()
def prune() -> None:
    """Take away the packages that were to go, as far as nothing needs them any more."""
    runtime_needs.prune(click.echo)
    for package in packages():
        if package.is_leaving:
            click.echo(f"{package} stays: {'; '.join(runtime_needs.needs_of(package))}")


def _find(which: str) -> RuntimePackage:
    start = which.lower().removeprefix("0x").rstrip("…")
    found = [
        package
        for package in packages()
        if start and any(id_.hex().startswith(start) for id_ in (package.digest, *package.ids))
    ]
    if len(found) != 1:
        how = "several packages begin" if found else "no package begins"
        raise NoPackage(f"{how} with {which!r}: see suanli runtime list")
    return found[0]


def _facts(package: RuntimePackage) -> list[tuple[str, str]]:
    runtimes = [("runtime", f"{one.name} {one.id.hex()}") for one in package.runtimes]
    return [("package", str(package)), *runtimes, ("digest", package.digest.hex())]


def _rows(package: RuntimePackage) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for number, one in enumerate(package.runtimes):
        first = number == 0
        rows.append(
            (
                f"{package.digest.hex()[:16]}…" if first else "",
                str(package) if first else "",
                one.name,
                f"{one.id.hex()[:16]}…",
                f"{package.size >> 20}" if first else "",
                _state(package, one),
            )
        )
    return rows


def _state(package: RuntimePackage, one: InstalledRuntime) -> str:
    if why := _objection(package, one):
        return why
    if package.is_leaving:
        needs = "; ".join(runtime_needs.needs_of(package))
        return f"leaving, needed by {needs}" if needs else "leaving, needed by nothing any more"
    return "this version's own" if one.id in runtime_ids() else "kept"


def _objection(package: RuntimePackage, one: InstalledRuntime) -> str:
    try:
        package.require_usable()
        one.check_host()
    except EngineUnavailable as error:
        return str(error)
    return ""


def _about(package: RuntimePackage) -> dict[str, Any]:
    return {
        "digest": package.digest.hex(),
        "suanli": package.version,
        "wasmtime": package.wasmtime,
        "bytes": package.size,
        "runtimes": [
            {"id": one.id.hex(), "name": one.name, "objection": _objection(package, one) or None}
            for one in package.runtimes
        ],
        "leaving": package.is_leaving,
        "needed_by": runtime_needs.needs_of(package),
    }
