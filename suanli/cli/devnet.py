"""`suanli devnet`: a thin skin."""

from __future__ import annotations

import shlex
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suanli.cli.options import folder_option

if TYPE_CHECKING:
    from suanli.devnet import Devnet

EXAMPLE = Path(__file__).parents[2] / "examples" / "raytrace" / "demo.toml"


@click.command()
@click.option(
    "--miners", type=click.IntRange(0, 64), default=2, show_default=True, help="How many sell."
)
@click.option(
    "--jurors",
    type=click.IntRange(0, 15),
    default=0,
    show_default=True,
    help="How many judge; without any a stand-in is the court.",
)
@click.option(
    "--relays",
    type=click.IntRange(1, 8),
    default=1,
    show_default=True,
    help="How many relays; all parties use all.",
)
@folder_option(
    "--folder", "All its state; started again with it, the devnet goes on.", ".suanli/devnet"
)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Of each miner."
)
@click.option(
    "--leases",
    type=click.IntRange(0, 64),
    default=0,
    show_default=True,
    help="How many of the miners lease rooms, too; takes root.",
)
@click.option(
    "--storage",
    type=click.IntRange(0, 64),
    default=0,
    show_default=True,
    help="How many of the miners sell space on the disk, too.",
)
@click.option(
    "--metrics",
    is_flag=True,
    help="Relays, jurors and miners tell Prometheus their figures; prints how to start it.",
)
def devnet(
    miners: int,
    jurors: int,
    relays: int,
    folder: Path,
    workers: int,
    leases: int,
    storage: int,
    metrics: bool,
) -> None:
    """Run a whole market on this machine until Ctrl-C: chain, contracts, relay, miners, jurors.

    Keys and tokens are worth nothing, and the chain listens on this machine only.
    """
    from suanli.devnet import Devnet, DevnetSale  # it takes long to load

    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    net = Devnet(
        folder,
        miners,
        DevnetSale(workers=workers),
        lambda x: click.echo(x),
        jurors=jurors,
        leases=leases,
        keepers=storage,
        relays=relays,
        metrics=metrics,
    )
    with net:
        click.echo("\nReady. In a second terminal:\n")
        for name, value in net.environment.items():
            click.echo(f"  export {name}={shlex.quote(value)}")
        click.echo("")
        for line in suggestions(net):
            click.echo(f"  {line}")
        click.echo("\nCtrl-C ends it all.")
        try:
            # In short waits: a signal is handled between them.
            while not stop.wait(1.0):
                _tell_the_dead(net)
        except KeyboardInterrupt:
            pass
        click.echo("\nending: the state stays in " + str(net.folder))


def suggestions(net: Devnet) -> list[str]:
    """Commands to try next."""
    if not net.miners:
        return [
            "suanli account new seller && suanli account fund seller --tokens 100000",
            "suanli miner init --account seller && suanli miner run    # nobody sells here yet",
            "suanli account balance requester",
        ]
    near = EXAMPLE.is_relative_to(Path.cwd())
    example = EXAMPLE.relative_to(Path.cwd()) if near else EXAMPLE
    job = shlex.quote(str(example)) if EXAMPLE.exists() else "job.toml"
    judged = [f"suanli juror status --config {shlex.quote(str(net.juror_config(1)))}"]
    return [
        f"suanli job run {job} --budget 50000 --out picture",
        f"suanli miner status --config {shlex.quote(str(net.miner_config(1)))}",
        "suanli account balance requester",
        *(judged if net.juror_config(1).exists() else ()),
        *(["suanli lease shell --for 10m"] if net.leases else ()),
        *(["suanli storage put --copies 1 --for 1h README.md"] if net.keepers else ()),
    ]


def _tell_the_dead(net: Devnet) -> None:
    for child in net.ended_since():
        click.echo(f"{child.name} ended: see {child.log}", err=True)
