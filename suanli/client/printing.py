"""Quotes and reports, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from suanli import amounts
from suanli.as_json import as_json as to_json
from suanli.client.connection import Client, Quote
from suanli.client.progress import short
from suanli.client.report import Report
from suanli.model import Terms
from suanli.text import aligned


def print_quote(client: Client, quote: Quote, budget: str | None, as_json: bool) -> None:
    found = quote.plan
    worst = quote.worst
    enough = worst is not None and (
        budget is None or worst <= amounts.parse(budget, client.decimals)
    )
    if as_json:
        about = {
            "name": quote.job.name,
            "tasks": len(quote.job.manifest.tasks),
            "units": quote.job.manifest.units,
            "price": quote.price,
            "worst": worst,
            "parts": [asdict(part) for part in found.parts],
            "objections": dict(found.objections),
            "unplaced": len(found.unplaced),
            "within_budget": enough,
            "terms": {"number": quote.terms.number} | _terms(quote.terms.terms),
        }
        click.echo(to_json(about))
        return
    manifest = quote.job.manifest
    click.echo(f"tasks     {len(manifest.tasks):,}, at most {manifest.units:,} units in all")
    click.echo(f"price     {amounts.show_price(quote.price)} a unit by the model")
    click.echo(f"terms     {str(quote.terms).removeprefix('terms ')}")
    for part in found.parts:
        seconds = "unknown time" if part.seconds is None else f"{part.seconds:.0f} s at most"
        click.echo(
            f"{short(part.miner)}  {len(part.tasks)} tasks, {seconds}, bid"
            f" {amounts.show_price(part.bid)}, at most {client.show(part.lock)}"
        )
    for miner, why in found.objections.items():
        click.echo(f"{short(miner)}  nothing: {why}")
    if found.unplaced:
        waits = "until capacity is free" if found.parts else "for an offer that fits"
        if not quote.candidates:
            waits = "for a miner: nobody offers this class now"
        click.echo(f"{len(found.unplaced):,} tasks must wait {waits}")
    click.echo(f"at worst  {'unknown: no offer fits' if worst is None else client.show(worst)}")
    if budget is not None:
        click.echo("the budget reaches" if enough else f"the budget of {budget} does not reach")
    click.echo("nothing was moved")


def _terms(terms: Terms) -> dict[str, Any]:
    shown = ("fee_bps", "challenge_window", "verdict_by", "court")
    return {name: value for name, value in terms._asdict().items() if name in shown}


def print_report(client: Client, report: Report, as_json: bool, **more: Any) -> None:
    """`more`: what only the JSON says."""
    if as_json:
        totals: dict[str, Any] = {"cost": report.cost, "locked": report.locked, "gas": report.gas}
        totals["available"] = client.funds.free()
        click.echo(to_json(asdict(report) | totals | more))
        return
    for line in table(client, report):
        click.echo(line)


def table(client: Client, report: Report) -> list[str]:
    """The cost report for people."""
    rows = [("deal", "miner", "tasks", "units", "price", "paid", "fee", "gas", "state")]
    for deal in report.deals:
        rows.append(
            (
                str(deal.number),
                short(deal.miner),
                str(deal.tasks),
                f"{deal.units:,}",
                amounts.show_price(deal.price),
                amounts.show(deal.paid, client.decimals),
                amounts.show(deal.fee, client.decimals),
                f"{deal.gas:,}",
                deal.state,
            )
        )
    rows.append(
        (
            "all",
            "",
            str(report.done),
            f"{report.units:,}",
            "",
            amounts.show(report.paid, client.decimals),
            amounts.show(report.fees, client.decimals),
            f"{report.gas:,}",
            f"{report.done} of {report.tasks} tasks done, {report.audited} run again",
        )
    )
    return aligned(rows, right=(0, *range(2, 8)))
