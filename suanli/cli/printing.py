"""Quotes and reports, for people and as JSON."""

from __future__ import annotations

import os
from dataclasses import asdict
from math import ceil
from typing import Any

import click

from suanli.base import amounts
from suanli.base.text import aligned
from suanli.cli.as_json import as_json as to_json
from suanli.client.connection import Client
from suanli.client.quote import Quote
from suanli.client.report import Report
from suanli.client.run import hedging
from suanli.client.run.progress import short, told_doubling
from suanli.protocol import Terms


def print_quote(
    client: Client, quote: Quote, budget: str | None, as_json: bool, hedge: bool | None = None
) -> None:
    """`hedge`: see Options."""
    amount = None if budget is None else amounts.parse(budget, client.decimals)
    enough = quote.worst is not None and (amount is None or quote.worst <= amount)
    doubling = None
    if amount is not None and quote.worst is not None:
        doubling = max(0, min(hedging.most(hedge, amount), amount - quote.worst))
    if as_json:
        click.echo(to_json(_quote_json(quote) | {"within_budget": enough, "doubling": doubling}))
        return
    for line in quote_lines(client, quote):
        click.echo(line)
    if amount is not None and quote.worst is not None:
        rest = "" if enough else f", {client.show(quote.worst - amount)} more would"
        click.echo(f"the budget of {budget} {'reaches' if enough else 'does not reach'}{rest}")
        if doubling:
            click.echo(f"doubled   {told_doubling(client, doubling, bool(hedge))}")
    click.echo("nothing was moved")


def quote_lines(client: Client, quote: Quote) -> list[str]:
    """A quote for people."""
    found, limits = quote.plan, quote.job.manifest.limits
    lines = [f"tasks     {len(quote.job.manifest.tasks):,}, each at most {limits.units:,} units"]
    if quote.limit_told:
        lines.append(f"limit     {quote.limit_told}")
    lines.append(f"terms     {str(quote.terms).removeprefix('terms ')}")
    for part in found.parts:
        seconds = "unknown time" if part.seconds is None else f"{part.seconds:.0f} s at most"
        lines.append(
            f"{short(part.miner)}  {len(part.tasks):,} tasks, {seconds}, bid"
            f" {amounts.show_price(part.bid)}, at most {client.show(part.lock)}"
        )
    lines += [f"{short(miner)}  nothing: {why}" for miner, why in found.objections.items()]
    if found.unplaced:
        waits = "until capacity is free" if found.parts else "for an offer that fits"
        if not quote.candidates:
            waits = "for a miner: nobody offers this class now"
        lines.append(f"{len(found.unplaced):,} tasks must wait {waits}")
    lines += cost_lines(client, quote)
    lines.append(f"audit     {_audit(quote)}")
    wallet, available = client.show(quote.wallet), client.show(quote.available)
    lines.append(f"balance   {wallet} in the wallet, {available} in the market")
    return lines


def _audit(quote: Quote) -> str:
    if not quote.audited:
        return "only tasks that fail are run again here"
    count, each = ceil(quote.audited), quote.estimate.mean_seconds if quote.estimate else None
    told = f"about {count:,} task{'' if count == 1 else 's'} will be run again here"
    if each is None:
        return told
    cores = len(os.sched_getaffinity(0))
    return f"{told}, {quote.audited * each / cores:,.1f} s on {cores} cores"


def cost_lines(client: Client, quote: Quote) -> list[str]:
    """Price, expected and worst cost for people."""
    worst = "unknown: no offer fits" if quote.worst is None else client.show(quote.worst)
    return [
        f"price     {amounts.show_price(quote.price)} a unit by the model",
        *_expected(client, quote),
        f"at worst  {worst}",
    ]


def _expected(client: Client, quote: Quote) -> list[str]:
    tried, limit = quote.estimate, quote.job.manifest.limits.units
    if tried is None:
        return []
    lines = []
    if quote.expected is not None:
        lines.append(f"expected  {client.show(quote.expected)}, by {tried.told}")
    elif tried.late:
        lines.append(f"expected  unknown: {tried.told}")
    if starved := [task for task, units in tried.units_by_task.items() if units > limit]:
        lines.append(
            f"failing   {len(starved)} of these need more than their limit, such as task"
            f" {starved[0]}: they would fail, and be billed {limit:,} units each"
        )
    if tried.failed:
        first, why = next(iter(tried.failed.items()))
        lines.append(f"failing   {len(tried.failed)} of these fail, such as task {first}: {why}")
    return lines


def _quote_json(quote: Quote) -> dict[str, Any]:
    found, tried = quote.plan, quote.estimate
    return {
        "name": quote.job.name,
        "tasks": len(quote.job.manifest.tasks),
        "units": quote.job.manifest.units,
        "task_units": quote.job.manifest.limits.units,
        "price": quote.price,
        "worst": quote.worst,
        "expected": quote.expected,
        "tried": None if tried is None else tried.to_json(),
        "audited": round(quote.audited, 3),
        "wallet": quote.wallet,
        "available": quote.available,
        "parts": [asdict(part) for part in found.parts],
        "objections": dict(found.objections),
        "unplaced": len(found.unplaced),
        "terms": {"number": quote.terms.number} | _terms(quote.terms.terms),
    }


def _terms(terms: Terms) -> dict[str, Any]:
    shown = ("fee_bps", "challenge_window", "verdict_by", "court")
    return {name: value for name, value in terms._asdict().items() if name in shown}


def print_report(report: Report, decimals: int, as_json: bool, **more: Any) -> None:
    """`decimals` of the token; `more`: what only the JSON says."""
    if as_json:
        totals: dict[str, Any] = {"cost": report.cost, "locked": report.locked, "gas": report.gas}
        click.echo(to_json(asdict(report) | totals | more))
        return
    for line in table(report, decimals):
        click.echo(line)


def table(report: Report, decimals: int) -> list[str]:
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
                amounts.show(deal.paid, decimals),
                amounts.show(deal.fee, decimals),
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
            amounts.show(report.paid, decimals),
            amounts.show(report.fees, decimals),
            f"{report.gas:,}",
            f"{report.done} of {report.tasks} tasks done, {report.audited} run again",
        )
    )
    return aligned(rows, right=(0, *range(2, 8)))
