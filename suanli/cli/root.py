"""The command line: a thin skin over the package.

A group of commands lives beside the code it calls and is named in `COMMANDS`. It is imported only
when it is called, since the libraries of one group would slow the start of the others. A command
raises `SuanliError` for whatever its user can mend: it ends as one line on stderr and exit code 1.
Usage errors are click's: exit code 2; Ctrl-C: exit code 130.
"""

import importlib
from typing import Any

import click

from suanli.base.errors import SuanliError
from suanli.base.text import plain
from suanli.base.version import VERSION

COMMANDS = {
    "account": ("suanli.cli.account:account_group", "Keep keys in encrypted files."),
    "devnet": ("suanli.cli.devnet:devnet", "Run a whole market on this machine."),
    "job": ("suanli.cli.job:job_group", "Run jobs: many tasks of one program."),
    "market": (
        "suanli.cli.market:market",
        "Offers, prices, deals; put money in, take it out.",
    ),
    "miner": ("suanli.cli.miner:miner", "Sell this machine's computing power."),
    "relay": ("suanli.cli.relay:relay", "Run a broker for signed messages and blobs."),
    "task": ("suanli.cli.task:task", "Run single tasks on this machine."),
}
"""Where each group is, and what stands beside it in the list."""


INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


class LazyGroup(click.Group):
    """Loads the groups of `COMMANDS`, and ends with one line on errors the user can mend."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])

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


@click.group(cls=LazyGroup)
@click.version_option(VERSION, prog_name="suanli")
def cli() -> None:
    """Buy and sell computing power on the Suanli market."""


def main() -> None:
    """Entry point of the `suanli` script."""
    cli()
