"""`suanli market`: what is offered, at what price, what one has there, and the way in and out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import click

from suanli.base import amounts
from suanli.base.text import plain
from suanli.chain import Market, PriceController, Token
from suanli.cli.as_json import as_json as to_json
from suanli.cli.flags import connected
from suanli.cli.options import connection, json_option, reaching, state_option
from suanli.cli.output import print_table
from suanli.cli.printing import record_json
from suanli.client import (
    Candidate,
    DealRecord,
    DealStage,
    Ledger,
    WalletMust,
    as_object,
    jobs,
    newest_verifier,
    offers,
    places,
    reach,
)
from suanli.client.run import short
from suanli.engine import show_runtime
from suanli.protocol import Kind
from suanli.relay import Relays
from suanli.reputation import History, MinerRecords

READING = 60.0
"""Seconds that the market's past is read for at most, before its offers are shown without."""


@click.command("offers")
@click.option("--resource", type=int, default=1, show_default=True, help="Resource class.")
@click.option(
    "--worth",
    metavar="TOKENS",
    default="100",
    show_default=True,
    help="What the job may cost that scores are for.",
)
@json_option
@reaching
def show_offers(resource: int, worth: str, as_json: bool, **where: Any) -> None:
    """List the offers of a class, cheapest first.

    A score, from 0 to 1, is what the chain's past says of a miner; a newcomer has 0.1.
    """
    found_at, relay = reach(**where)
    cost = amounts.parse(worth, Token(found_at.node, found_at.token()).decimals())
    with closing(relay) if relay is not None else nullcontext():
        found = offers_of(found_at, relay, resource)
    now = found_at.node.head().time
    if as_json:
        click.echo(to_json([_offer(candidate, cost) for candidate in found]))
        return
    if not found:
        click.echo(f"nobody offers class {resource} now")
        return
    head = (
        "miner",
        "ask",
        "free units",
        "units/s",
        "score",
        "paid",
        "defaulted",
        "overturned",
        "ends",
        "runtimes",
        "for",
    )
    rows = [
        (
            c.miner,
            amounts.show_price(c.ask),
            f"{c.free:,}",
            "?" if c.pace is None else f"{c.pace.speed * c.pace.workers:,.0f}",
            "?" if c.record is None else f"{c.record.score(cost):.3f}",
            f"{c.completed:,}",
            f"{c.defaulted:,}",
            f"{c.overturned:,}",
            jobs.date(c.valid_until) if c.valid_until >= now else "expired",
            ", ".join(map(show_runtime, c.runtimes)) or "?",
            "verified" if c.verified_only else "all",
        )
        for c in found
    ]
    print_table(head, rows, right=range(1, 8))


def offers_of(found_at: Market, relay: Relays | None, resource: int) -> list[Candidate]:
    """Of a class, the cheapest first."""
    now, verifier = found_at.node.head().time, newest_verifier(found_at)
    if relay is not None:
        found = offers.from_relay(found_at, relay, resource, now, verifier)
    else:
        registered = offers.Registered.of(found_at, places.state_folder())
        found = registered.offers(resource, verifier)
    found = offers.with_records(found, _records(found_at, now) if found else None)
    return sorted(found, key=lambda candidate: (candidate.ask, candidate.miner))


def _records(market: Market, now: int) -> MinerRecords | None:
    with closing(History.of(market, places.state_folder())) as history:
        return history.records(now, READING)


def _offer(candidate: Candidate, cost: int) -> dict[str, Any]:
    pace = candidate.pace
    return {
        "miner": candidate.miner,
        "ask": candidate.ask,
        "free": candidate.free,
        "valid_until": candidate.valid_until,
        "units_per_second": None if pace is None else pace.speed,
        "workers": None if pace is None else pace.workers,
        "runtimes": [runtime.hex() for runtime in candidate.runtimes],
        **record_json(candidate.record, cost),
        "completed": candidate.completed,
        "defaulted": candidate.defaulted,
        "overturned": candidate.overturned,
        "verified": candidate.verified,
        "verified_only": candidate.verified_only,
    }


@click.command()
@json_option
@reaching
def prices(as_json: bool, **where: Any) -> None:
    """List the resource classes: the price of a unit now, offer and demand."""
    found_at, relay = reach(**where)
    if relay is not None:
        relay.close()
    found = [_class(found_at, number) for number in range(1, found_at.resource_count() + 1)]
    if as_json:
        click.echo(to_json(found))
        return
    head = (
        "class",
        "price",
        "adapts",
        "floor",
        "published units",
        "demanded",
        "stake a unit",
        "sold by",
    )
    rows = [
        (
            str(row["resource"]),
            amounts.show_price(row["price"]),
            "yes" if row["adapts"] else "no",
            amounts.show_price(row["floor"]),
            f"{row['published']:,}",
            f"{row['demanded']:,}",
            amounts.show_price(row["stake_per_unit"]),
            "nobody any more" if row["retired"] else row["sold_by"],
        )
        for row in found
    ]
    print_table(head, rows, right=(0, 1, 3, 4, 5, 6))


def _class(found_at: Market, number: int) -> dict[str, Any]:
    kind, supply = found_at.resource_class(number), found_at.supply_of(number)
    return {
        "resource": number,
        "price": found_at.price_of(number),
        "adapts": PriceController.of(found_at, number) is not None,
        "floor": kind.floor,
        "published": supply.published,
        "demanded": supply.demanded,
        "stake_per_unit": kind.stake_per_unit,
        "retired": kind.retired,
        "sold_by": "deals" if kind.kind is Kind.JUDGED else "channels",
    }


@click.command()
@click.option("--open", "only_open", is_flag=True, help="Only those that are not over.")
@json_option
@state_option
def deals(only_open: bool, as_json: bool, state: Path | None) -> None:
    """List the deals of all jobs, as their runs saw them last; newest last."""
    folder = places.state_folder(state)
    found = [
        deal
        for job in jobs.summaries(folder, partial(click.echo, err=True))
        for deal in _deals(folder / "jobs" / job.job)
        if deal["state"] not in jobs.ENDS or not only_open
    ]
    if as_json:
        click.echo(to_json(found))
        return
    if not found:
        click.echo("no deals yet: suanli job run job.toml --budget TOKENS")
        return
    head = ("job", "deal", "miner", "tasks", "locked", "cost", "confirm by", "state")
    rows = []
    for deal in found:
        money = [amounts.show(deal[name], deal["decimals"]) for name in ("locked", "cost")]
        by = jobs.date(deal["confirm_by"])
        number, tasks = str(deal["number"]), f"{deal['tasks']:,}"
        rows.append((deal["job"], number, short(deal["miner"]), tasks, *money, by, deal["state"]))
    print_table(head, rows, right=(1, 3, 4, 5))


def _deals(folder: Path) -> list[dict[str, Any]]:
    with closing(Ledger(folder / "job.sqlite")) as ledger:
        facts, parts = ledger.facts(), ledger.deals()
    return [_deal(folder.name, facts, part) for part in parts]


def _deal(job: str, facts: dict[str, Any], part: DealRecord) -> dict[str, Any]:
    ended = part.stage is DealStage.ENDED
    return {
        "job": job,
        "number": part.number,
        "miner": part.miner,
        "tasks": len(part.tasks),
        "units": part.request.units,
        "locked": 0 if ended else part.lock,
        "cost": part.cost,
        "confirm_by": part.request.confirm_by,
        "state": plain(part.end) if ended else str(part.stage),
        "decimals": facts["decimals"],
    }


@click.command()
@click.argument("amount")
@json_option
@connection
def deposit(amount: str, as_json: bool, **where: Any) -> None:
    """Put AMOUNT tokens into the market; jobs do that themselves for what they need."""
    with connected(**where) as client:
        units = amounts.parse(amount, client.decimals)
        with _calls_told(as_json):
            with client.funds.alone:
                client.funds.require_wallet(units)
                client.funds.deposit(units)
            _tell_moved(client, "deposited", units, as_json)


@click.command()
@click.argument("amount", required=False)
@click.option("--to", metavar="ADDRESS", help="Who gets it. Default: the account.")
@json_option
@connection
def withdraw(amount: str | None, to: str | None, as_json: bool, **where: Any) -> None:
    """Take AMOUNT tokens out of the market, or all that no running job needs."""
    with connected(**where) as client:
        units = None if amount is None else amounts.parse(amount, client.decimals)
        with _calls_told(as_json):
            _tell_moved(client, "withdrawn", client.withdraw(units, to), as_json)


@contextmanager
def _calls_told(as_json: bool) -> Iterator[None]:
    """What a contract account must send itself is what was asked for."""
    try:
        yield
    except WalletMust as must:
        click.echo(to_json({"calls": list(map(as_object, must.calls))}) if as_json else str(must))


def _tell_moved(client: Any, what: str, units: int, as_json: bool) -> None:
    held = client.market.account_of(client.requester)
    if as_json:
        told = {"value": units, "available": held.available, "locked": held.locked}
        click.echo(to_json(told))
        return
    click.echo(
        f"{what} {client.show(units)}; in the market {client.show(held.available)} available,"
        f" {client.show(held.locked)} locked"
    )
