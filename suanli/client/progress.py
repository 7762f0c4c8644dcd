"""What happens to a job, for people, as it happens."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import click

from suanli import amounts
from suanli.client.connection import Client
from suanli.client.events import (
    Confirmed,
    Event,
    FellBack,
    PartEnded,
    PartRefused,
    Placed,
    Refused,
    TaskDone,
    TermsChosen,
    Trouble,
    Waiting,
)
from suanli.client.run import Run

SHORT = 10
"""Characters of an address."""


def show(run: Run, happened: Iterator[Event], done: int) -> None:
    for line in progress(run, happened, done):
        click.echo(line, err=True)


def progress(run: Run, happened: Iterable[Event], done: int) -> Iterator[str]:
    """A line for each event; results of a deal come together and share one."""
    begun, before = time.monotonic(), done
    batch: list[TaskDone] = []
    for event in happened:
        same = batch and isinstance(event, TaskDone) and event.miner == batch[0].miner
        if batch and not same:
            done += len(batch)
            left = (time.monotonic() - begun) / (done - before) * (run.tasks - done)
            yield _accepted(run, batch, done, left)
            batch = []
        if isinstance(event, TaskDone):
            batch.append(event)
        else:
            yield describe(run.client, event)
    if batch:
        yield _accepted(run, batch, done + len(batch), 0.0)


def _accepted(run: Run, batch: list[TaskDone], done: int, left: float) -> str:
    units, audited = sum(e.units for e in batch), sum(e.audited for e in batch)
    return (
        f"[{done}/{run.tasks}] {len(batch)} results of {short(batch[0].miner)} are right:"
        f" {units:,} units, {audited} run again here; {run.show(run.reserved)} locked or spent,"
        f" about {left:.0f} s left"
    )


def describe(client: Client, event: Event) -> str:
    """An event in one line."""
    match event:
        case TermsChosen():
            return event.terms
        case Placed():
            return (
                f"deal {event.part}: {len(event.tasks)} tasks offered to {short(event.miner)},"
                f" at most {client.show(event.lock)}"
            )
        case Confirmed():
            price = amounts.show_price(event.price)
            return f"deal {event.part}: {short(event.miner)} took it at {price} a unit"
        case Refused():
            how = "refuses it" if event.final else "puts it off"
            return f"deal {event.part}: {short(event.miner)} {how}: {event.reason}"
        case Waiting():
            why = "".join(f"\n  {reason}" for reason in event.reasons) or " there are no offers"
            return f"no miner for {event.tasks} tasks, waiting {event.seconds:g} s for offers:{why}"
        case TaskDone():
            audited = ", run again here" if event.audited else ""
            return f"task {event.task} by {short(event.miner)}: {event.units:,} units{audited}"
        case PartRefused():
            return (
                f"deal {event.part}: result of {short(event.miner)} refused ({event.kind}):"
                f" {event.why}; there is no court yet, it would be challenged with {event.evidence}"
            )
        case PartEnded():
            why = f" ({event.why})" if event.why else ""
            paid = client.show(event.cost)
            return f"deal {event.part}: {short(event.miner)} {event.how}{why}, paid {paid}"
        case FellBack():
            return f"going on over the chain: {event.why}"
        case Trouble():
            return f"trying again: {event.why}"
    return repr(event)


def short(address: str) -> str:
    return address[:SHORT]
