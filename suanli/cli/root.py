"""The command line: a thin skin over the package.

A group of commands is named in `COMMANDS`, and its commands in `suanli.cli.groups`: each stands
beside the code it calls, and is imported only when it is called. A command raises `SuanliError` for
whatever its user can mend: it ends as one line on stderr and exit code 1. Usage errors are click's:
exit code 2; Ctrl-C: exit code 130.
"""

from typing import Any

import click

from suanli.base.errors import SuanliError
from suanli.base.text import plain
from suanli.base.version import VERSION
from suanli.cli.groups import LazyGroup

COMMANDS = {
    "account": ("groups:account", "Keep keys in encrypted files."),
    "case": ("groups:case", "Follow challenged results before the court."),
    "devnet": ("devnet:devnet", "Run a whole market on this machine."),
    "govern": ("groups:govern", "Vote on what the market's owner may do."),
    "identity": ("groups:identity", "Attest who miners and requesters are, and show it."),
    "init": ("init:init", "Write the configuration, by asking: node, market, relays, account."),
    "job": ("groups:job", "Run jobs: many tasks of one program."),
    "lease": ("groups:lease", "Use a machine of a miner's for a time, paid by the second."),
    "market": ("groups:market", "Offers, prices, deals; put money in, take it out."),
    "juror": ("groups:juror", "Judge cases of a court by running their tasks again."),
    "miner": ("groups:miner", "Sell this machine's computing power."),
    "python": ("groups:python", "Pythons in which functions run on the market."),
    "rehearse": ("rehearse:rehearse", "Try a deployment on a chain like its network."),
    "relay": ("groups:relay", "Run a broker for signed messages and blobs."),
    "rewards": ("groups:rewards", "See, draw and claim what miners get out of fees."),
    "runtime": ("groups:runtime", "Keep runtimes of the engine, of several versions."),
    "simulate": ("simulate:simulate_command", "Try price models on a market that is made up."),
    "storage": ("groups:storage", "Keep files on miners' disks, paid against proofs."),
    "task": ("groups:task", "Run single tasks on this machine."),
}
"""Where each group is, and what stands beside it in the list."""


INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


class Root(LazyGroup):
    """Ends with one line on errors the user can mend."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # whoever read the output has seen enough: click ends without a word
        except (SuanliError, OSError) as error:
            # Others' words may be in it: none of them moves the terminal.
            lines = str(error).split("\n")
            raise click.ClickException("\n".join(map(plain, lines))) from error
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)


cli = Root("cli", COMMANDS, help="Buy and sell computing power on the Suanli market.")
click.version_option(VERSION, prog_name="suanli")(cli)


def main() -> None:
    """Entry point of the `suanli` script."""
    cli()
