"""`suanli market show`: a class at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, nullcontext
from typing import Any

import click

from suanli.base import amounts
from suanli.base.text import plain, rough
from suanli.chain import Market, Token
from suanli.cli.as_json import as_json as to_json
from suanli.cli.chart import bars
from suanli.cli.market import offers_of
from suanli.cli.options import json_option, reaching
from suanli.cli.output import print_facts, print_table
from suanli.client import Candidate, jobs, prices_lately, reach
from suanli.protocol import ResourceClass, Supply
from suanli.relay import PriceStep

WIDE = 60
"""Steps in the chart."""
MOST_OFFERS = 10
STEPS = {"minute": 60, "hour": 3_600, "day": 86_400}


@click.command()
@click.option("--resource", type=int, default=1, show_default=True, help="Resource class.")
@click.option(
    "--step",
    type=click.Choice(list(STEPS)),
    default="hour",
    show_default=True,
    help=f"What a bar of the chart stands for; it has {WIDE}.",
)
@json_option
@reaching
def show(resource: int, step: str, as_json: bool, **where: Any) -> None:
    """Show a class: its price and supply now, what units cost lately, its cheapest offers.

    The chart is as a relay tells it, or by the newest blocks; all else is the chain's.
    """
    found_at, relay = reach(**where)
    with closing(relay) if relay is not None else nullcontext():
        kind, supply = found_at.resource_class(resource), found_at.supply_of(resource)
        price, now = found_at.price_of(resource), found_at.node.head().time
        lately, told_by = prices_lately(found_at, relay, resource, step, STEPS[step])
        offered = [c for c in offers_of(found_at, relay, resource) if c.valid_until >= now]
    row = _filled(lately, STEPS[step], now)
    if as_json:
        click.echo(to_json(_facts(resource, kind, supply, price, row, offered)))
        return
    _tell(resource, kind, supply, price)
    _tell_chart(row, step, told_by)
    _tell_offers(found_at, offered)


def _filled(lately: Sequence[PriceStep], seconds: int, now: int) -> list[PriceStep]:
    """One for each of the last steps; the price of those without a deal is that before."""
    by_start, last = {step.start: step for step in lately}, now - now % seconds
    first = last - (WIDE - 1) * seconds
    before = [step.price for step in lately if step.start < first and step.price is not None]
    price, row = before[-1] if before else None, []
    for start in range(first, last + 1, seconds):
        step = by_start.get(start, PriceStep(start, 0, 0, None))
        price = price if step.price is None else step.price
        row.append(PriceStep(start, step.deals, step.units, price))
    return row


def _tell(resource: int, kind: ResourceClass, supply: Supply, price: int) -> None:
    sale, wanted = supply.published, supply.demanded
    use = f" ({100 * wanted / sale:.1f} %)" if sale else ""
    print_facts(
        [
            ("class", f"{resource}{', retired' if kind.retired else ''}"),
            ("price", f"{amounts.show_price(price)} tokens a unit now; not below"
                      f" {amounts.show_price(kind.floor)}"),
            ("supply", f"{sale:,} units for sale, {wanted:,} of them in demand{use}"),
        ]
    )  # fmt: skip


def _tell_chart(row: Sequence[PriceStep], step: str, told_by: str) -> None:
    prices = [one.price for one in row if one.price is not None]
    span = rough(STEPS[step] * len(row))
    if not prices:
        click.echo(f"\nno deals in the last {span}; told by {plain(told_by)}")
        return
    low, high = min(prices), max(prices)
    most = max(one.units for one in row)
    click.echo(f"\nthe last {span}, a bar a {step}; told by {plain(told_by)}")
    about = amounts.show_price(low)
    about += "" if low == high else f" to {amounts.show_price(high)}"
    print_facts(
        [
            ("paid", f"{bars([one.price for one in row])}  {about} tokens a unit"),
            ("sold", f"{bars([one.units or None for one in row])}  up to {most:,} units"),
        ]
    )


def _tell_offers(found_at: Market, offered: Sequence[Candidate]) -> None:
    if not offered:
        click.echo("\nnobody offers anything now")
        return
    cost = 100 * 10 ** Token(found_at.node, found_at.token()).decimals()
    click.echo("")
    rows = [
        (
            c.miner,
            amounts.show_price(c.ask),
            f"{c.free:,}",
            "?" if c.record is None else f"{c.record.score(cost):.3f}",
            jobs.date(c.valid_until),
        )
        for c in offered[:MOST_OFFERS]
    ]
    print_table(("miner", "ask", "free units", "score", "ends"), rows, right=(1, 2, 3))
    if len(offered) > MOST_OFFERS:
        click.echo(f"and {len(offered) - MOST_OFFERS:,} more: suanli market offers")


def _facts(
    resource: int,
    kind: ResourceClass,
    supply: Supply,
    price: int,
    row: Sequence[PriceStep],
    offered: Sequence[Candidate],
) -> dict[str, Any]:
    return {
        "resource": resource,
        "price": price,
        "floor": kind.floor,
        "retired": kind.retired,
        "published": supply.published,
        "demanded": supply.demanded,
        "prices": [
            {"start": s.start, "deals": s.deals, "units": s.units, "price": s.price} for s in row
        ],
        "offers": [
            {"miner": c.miner, "ask": c.ask, "free": c.free, "valid_until": c.valid_until}
            for c in offered
        ],
    }
