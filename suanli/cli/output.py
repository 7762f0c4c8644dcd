"""What commands print, in the same forms everywhere, by rich, which is loaded when it is needed.

On a terminal tables have bold heads and long texts fold below themselves. In a pipe or a file each
row is one line of plain text whose columns are two spaces apart: fit for grep, cut and a diff.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

NAMES = 10
"""Characters at least, the same whatever is told: those of a short address."""
WIDE = 1_000_000
"""Columns where there is no terminal: no row folds."""


def print_table(
    head: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int] = ()
) -> None:
    """Rows of equally many cells below a head; the columns `right` end where their widest cell
    ends."""
    for line in _whole(console_on(sys.stdout), _table(head, rows, right)):
        click.echo(line)


def print_facts(rows: Iterable[tuple[str, str]], right: bool = False, err: bool = False) -> None:
    """What each is called, and what it is. `right`: the names end where the widest ends."""
    for line in _lines(console_on(sys.stderr if err else sys.stdout), _facts(rows, right)):
        click.echo(line, err=err)


def console_on(stream: TextIO) -> Console:
    """A console that takes texts as they are."""
    from rich.console import Console

    terminal = stream.isatty()
    return Console(
        file=stream,
        width=None if terminal else WIDE,
        force_terminal=None if terminal else False,
        color_system="auto" if terminal else None,
        markup=False,
        emoji=False,
        highlight=False,
    )


def redraw(every: float, rows: Callable[[], Iterable[tuple[str, str]]]) -> None:
    """Facts on the whole terminal, anew each `every` seconds, until Ctrl-C."""
    from rich.live import Live

    if not sys.stdout.isatty():
        raise click.UsageError("--watch needs a terminal: leave it out, or ask again and again")
    with Live(console=console_on(sys.stdout), screen=True, auto_refresh=False) as live:
        while True:
            live.update(_facts(rows(), False), refresh=True)
            time.sleep(every)


@contextmanager
def counted(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr while something is done `total` times: call it each time. Where stderr is no
    terminal, nothing is shown."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    terminal = sys.stderr.isatty()
    with Progress(*columns, console=console_on(sys.stderr), disable=not terminal) as bar:
        counted_task = bar.add_task(what, total=total)
        yield lambda: bar.advance(counted_task)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, name in enumerate(head):
        table.add_column(name, justify="right" if number in right else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _facts(rows: Iterable[tuple[str, str]], right: bool) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2, 0, 0))
    justify: Any = "right" if right else "left"
    table.add_column(style="bold", justify=justify, no_wrap=True, min_width=0 if right else NAMES)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(name, text)
    return table


def _lines(console: Console, table: Table) -> list[str]:
    with console.capture() as captured:
        console.print(table, crop=False)
    return [line.rstrip() for line in captured.get().splitlines()]


def _whole(console: Console, table: Table) -> list[str]:
    """Where it is wider than the terminal its lines are the terminal's to fold: nothing is cut."""
    console.width = max(
        console.width,
        console.measure(table, options=console.options.update(max_width=WIDE)).maximum,
    )
    return _lines(console, table)
