"""The command line: a thin skin over the package.

A group of commands lives beside the code it calls and is added at the end of this file with
`cli.add_command`. A command raises `SuanliError` for whatever its user can mend: it ends as one
line on stderr and exit code 1. Usage errors are click's: exit code 2.
"""

from typing import Any

import click

from suanli import __version__
from suanli.account_commands import account_group
from suanli.engine.commands import task
from suanli.errors import SuanliError
from suanli.job.commands import job_group
from suanli.relay.commands import relay


class ErrorHandlingGroup(click.Group):
    """A group whose commands end with one line, not a traceback, on errors the user can mend."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SuanliError, OSError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=ErrorHandlingGroup)
@click.version_option(__version__, prog_name="suanli")
def cli() -> None:
    """Buy and sell computing power on the Suanli market."""


cli.add_command(account_group)
cli.add_command(job_group)
cli.add_command(relay)
cli.add_command(task)


def main() -> None:
    """Entry point of the `suanli` script."""
    cli()
