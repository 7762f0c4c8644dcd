"""What a run says while it goes on, on stderr: lines, and on a terminal bars below them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from suanli.base.text import rough
from suanli.cli.output import console_on
from suanli.client import ClaimRefused, Confirmed, DealEnded, JobEvent, Progressed, TaskAccepted
from suanli.client.run import ProgressLines, Run, progress, short

if TYPE_CHECKING:
    from rich.progress import TaskID


def show(run: Run, happened: Iterable[JobEvent]) -> None:
    if not sys.stderr.isatty():
        for line in progress(run, happened):
            click.echo(line, err=True)
        return
    lines = ProgressLines(run)
    with Bars(run) as bars:
        for event in happened:
            bars.take(event)
            if not isinstance(event, Progressed):
                bars.say(lines.lines(event))
        bars.say(lines.rest())


class Bars:
    """One for the job, and one for each deal at work."""

    def __init__(self, run: Run) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
        )

        self._drawn = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[more]}", markup=False),
            console=console_on(sys.stderr),
            transient=True,
        )
        done = len(run.ledger.results())
        self._job = self._drawn.add_task(f"job {run.id}", total=run.tasks, completed=done, more="")
        self._deals: dict[int, TaskID] = {}
        self._run, self._left = run, dict[int, float]()
        """By deal, seconds that its rest takes, where that is known."""

    def __enter__(self) -> Bars:
        self._drawn.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._drawn.stop()

    def say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._drawn.console.print(line, soft_wrap=True)

    def take(self, event: JobEvent) -> None:
        match event:
            case TaskAccepted():
                self._drawn.advance(self._job)
            case Confirmed():
                self._begin(event.deal, event.miner)
            case Progressed():
                if event.deal not in self._deals:  # confirmed in an earlier run
                    self._begin(event.deal, event.miner)
                more = f"deadline in {rough(event.deadline)}"
                if event.left is not None:
                    more = f"about {rough(event.left)} left, {more}"
                    self._left[event.deal] = event.left
                self._drawn.update(
                    self._deals[event.deal], completed=event.done, total=event.tasks, more=more
                )
                self._sum_up()
            case DealEnded() | ClaimRefused():
                self._left.pop(event.deal, None)
                if (bar := self._deals.pop(event.deal, None)) is not None:
                    self._drawn.remove_task(bar)
                self._sum_up()

    def _begin(self, part: int, miner: str) -> None:
        name = f"deal {part} {short(miner)}"
        self._deals[part] = self._drawn.add_task(name, total=None, more="")
        self._sum_up()

    def _sum_up(self) -> None:
        """Of the whole job: how many deals are at work, the money, the time."""
        deals = len(self._deals)
        told = [f"{deals} deal{'' if deals == 1 else 's'} at work"]
        told.append(f"{self._run.show(self._run.reserved)} locked or spent")
        if self._left:
            told.append(f"about {rough(max(self._left.values()))} left")
        self._drawn.update(self._job, more=", ".join(told))
