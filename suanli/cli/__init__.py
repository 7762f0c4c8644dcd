"""The command line; `suanli.cli.root` puts the groups together."""

from suanli.cli.root import COMMANDS, cli, main

__all__ = ["COMMANDS", "cli", "main"]
