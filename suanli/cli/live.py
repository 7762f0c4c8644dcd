"""What a run says while it goes on, on stderr."""

from __future__ import annotations

from collections.abc import Iterable

import click

from suanli.client.events import Event
from suanli.client.run.progress import progress
from suanli.client.run.run import Run


def show(run: Run, happened: Iterable[Event]) -> None:
    for line in progress(run, happened):
        click.echo(line, err=True)
