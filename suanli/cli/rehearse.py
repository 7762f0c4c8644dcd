"""`suanli rehearse`: a thin skin."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from suanli.base.text import rough
from suanli.cli.output import print_table


@click.command(
    epilog="""\b
Example:
  suanli rehearse deployments/networks/op-stack.toml"""
)
@click.argument("file", type=click.Path(path_type=Path))
def rehearse(file: Path) -> None:
    """Try a deployment's FILE on a local chain with its network's pace and fees.

    Deploys exactly what FILE says, runs a job from request to payment and a case of the court, and
    prints what each cost and how long it took. It takes some minutes; nothing leaves this machine.
    FILE's [network] says what the chain is like; addresses in FILE may still be zero.
    """
    from suanli.devnet import remarks  # it takes long to load
    from suanli.devnet.rehearsal import Rehearsal

    trial = Rehearsal(file, click.echo)
    folder = Path(tempfile.mkdtemp(prefix="suanli-rehearsal-"))
    found = trial.run(folder)  # what fails names the folder's logs
    shutil.rmtree(folder, ignore_errors=True)
    click.echo("")
    print_table(
        ("stage", "blocks", "seconds", "clock moved by"),
        [
            (
                one.name,
                str(one.blocks),
                f"{one.seconds:.0f}",
                rough(one.passed) if one.passed else "",
            )
            for one in found.stages
        ],
        (1, 2),
    )
    click.echo("")
    rows = [
        (one.who, one.what, str(one.count), f"{one.gas:,}", one.coins)
        for one in remarks.costs(found)
    ]
    print_table(("who", "what", "times", "gas", found.chain.network.coin), rows, (2, 3, 4))
    click.echo("")
    for line in remarks.remarks(found):
        click.echo(line)
    click.echo(remarks.NOT_IMITATED)
