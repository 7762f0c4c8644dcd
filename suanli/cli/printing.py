"""Quotes and reports, for people and as JSON."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import asdict
from math import ceil
from typing import Any

import click

from suanli.base import amounts
from suanli.cli.as_json import as_json as to_json
from suanli.cli.output import print_facts, print_table
from suanli.client import (
    NOT_FILED,
    SEALED_TOLD,
    Client,
    CourtQuote,
    Filing,
    JobQuote,
    Report,
)
from suanli.client.run import first_use_told, most, score_told, short, told_doubling
from suanli.engine import show_runtime
from suanli.protocol import Terms
from suanli.reputation import MinerRecord

Row = tuple[str, str]
"""What it is called, and what it is."""
HEAD = ("deal", "miner", "tasks", "units", "price", "paid", "fee", "gas", "state")
RIGHT = (0, *range(2, 8))
"""Columns of numbers."""


def print_quote(
    client: Client, quote: JobQuote, budget: str | None, as_json: bool, hedge: bool | None = None
) -> None:
    """`hedge`: see Options."""
    amount = None if budget is None else amounts.parse(budget, client.decimals)
    enough = quote.worst is not None and (amount is None or quote.worst <= amount)
    doubling = None
    if amount is not None and quote.worst is not None:
        doubling = max(0, min(most(hedge, amount), amount - quote.worst))
    if as_json:
        click.echo(to_json(_quote_json(quote) | {"within_budget": enough, "doubling": doubling}))
        return
    print_facts(quote_rows(client, quote))
    if amount is not None and quote.worst is not None:
        rest = "" if enough else f", {client.show(quote.worst - amount)} more would"
        click.echo(f"the budget of {budget} {'reaches' if enough else 'does not reach'}{rest}")
        if doubling:
            print_facts([("doubled", told_doubling(client, doubling, bool(hedge)))])
    click.echo("nothing was moved")


def quote_rows(client: Client, quote: JobQuote) -> list[Row]:
    """A quote for people."""
    found, manifest = quote.plan, quote.job.manifest
    count, units = len(manifest.tasks), manifest.limits.units
    rows = [("tasks", f"{count:,}, each at most {units:,} units")]
    rows.append(("runtime", show_runtime(manifest.runtime)))
    if quote.limit_told:
        rows.append(("limit", quote.limit_told))
    rows.append(("terms", str(quote.terms).removeprefix("terms ")))
    for part in found.parts:
        seconds = "unknown time" if part.seconds is None else f"{part.seconds:.0f} s at most"
        told = (
            f"{len(part.tasks):,} tasks, {seconds}, bid {amounts.show_price(part.bid)}, at most"
            f" {client.show(part.lock)}{score_told(found.scores.get(part.miner))}"
            f"{first_use_told(part.first_use)}"
        )
        rows.append((short(part.miner), told))
    rows += [(short(miner), f"nothing: {why}") for miner, why in found.objections.items()]
    if found.unplaced:
        waits = "until capacity is free" if found.parts else "for an offer that fits"
        if not quote.candidates:
            waits = "for a miner: nobody offers this class now"
        rows.append(("waiting", f"{len(found.unplaced):,} tasks must wait {waits}"))
    if quote.need.sealed:
        rows.append(("sealed", "; ".join(SEALED_TOLD).removeprefix("sealed: ")))
    rows += cost_rows(client, quote)
    rows.append(("audit", _audit(quote)))
    if quote.court is not None:
        rows.append(("court", _court(client, quote, quote.court)))
    wallet, available = client.show(quote.wallet), client.show(quote.available)
    rows.append(("balance", f"{wallet} in the wallet, {available} in the market"))
    return rows


def record_json(record: MinerRecord | None, cost: int) -> dict[str, Any]:
    """What the logs say of a miner, for a job that may cost so many base units."""
    if record is None:
        return {"score": None, "merit": None, "blame": None}
    amounts_ = {"merit": round(record.merit), "blame": round(record.blame)}
    return {"score": round(record.score(cost), 6), **amounts_}


def _court(client: Client, quote: JobQuote, court: CourtQuote) -> str:
    show, running = client.show, client.scale.value_down(quote.need.units, quote.price) * 3 // 10
    told = (
        f"can judge deals with up to {show(court.value)} at stake now; a challenge holds"
        f" {show(court.deposit)}, an appeal {show(court.appeal)}, until they are decided (--bond)"
    )
    if running > court.fee:
        told += (
            f"; a juror gets {show(court.fee)}, and running a task at its limit may cost it"
            f" {show(running)}: with a lower limit more of them would"
        )
    return told


def _audit(quote: JobQuote) -> str:
    if not quote.audited:
        return "only tasks that fail are run again here"
    count, each = ceil(quote.audited), quote.estimate.mean_seconds if quote.estimate else None
    told = f"about {count:,} task{'' if count == 1 else 's'} will be run again here"
    if each is None:
        return told
    cores = len(os.sched_getaffinity(0))
    return f"{told}, {quote.audited * each / cores:,.1f} s on {cores} cores"


def cost_rows(client: Client, quote: JobQuote) -> list[Row]:
    """Price, expected and worst cost for people."""
    worst = "unknown: no offer fits" if quote.worst is None else client.show(quote.worst)
    return [
        ("price", f"{amounts.show_price(quote.price)} a unit by the model"),
        *_expected(client, quote),
        ("at worst", worst),
    ]


def _expected(client: Client, quote: JobQuote) -> list[Row]:
    tried, limit = quote.estimate, quote.job.manifest.limits.units
    if tried is None:
        return []
    rows = []
    if quote.expected is not None:
        rows.append(("expected", f"{client.show(quote.expected)}, by {tried.told}"))
    elif tried.late:
        rows.append(("expected", f"unknown: {tried.told}"))
    if starved := [task for task, units in tried.units_by_task.items() if units > limit]:
        told = (
            f"{len(starved)} of these need more than their limit, such as task"
            f" {starved[0]}: they would fail, and be billed {limit:,} units each"
        )
        rows.append(("failing", told))
    if tried.failed:
        first, why = next(iter(tried.failed.items()))
        told = f"{len(tried.failed)} of these fail, such as task {first}: {why}"
        rows.append(("failing", told))
    return rows


def _quote_json(quote: JobQuote) -> dict[str, Any]:
    found, tried = quote.plan, quote.estimate
    return {
        "name": quote.job.name,
        "tasks": len(quote.job.manifest.tasks),
        "units": quote.job.manifest.units,
        "task_units": quote.job.manifest.limits.units,
        "runtime": quote.job.manifest.runtime.hex(),
        "price": quote.price,
        "worst": quote.worst,
        "expected": quote.expected,
        "tried": None if tried is None else tried.to_json(),
        "audited": round(quote.audited, 3),
        "wallet": quote.wallet,
        "available": quote.available,
        "parts": [asdict(part) | {"score": found.scores.get(part.miner)} for part in found.parts],
        "court": None if quote.court is None else asdict(quote.court),
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
    print_table(HEAD, report_rows(report, decimals), RIGHT)


def report_rows(report: Report, decimals: int) -> list[tuple[str, ...]]:
    """The cost report for people, below `HEAD`; the sum last."""
    rows = [
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
        for deal in report.deals
    ]
    whole = (
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
    return [*rows, whole]


def challenges_json(filings: Iterable[Filing]) -> list[dict[str, Any]]:
    """What became of results that were brought before a court."""
    return [
        {
            "number": filing.deal,
            "state": filing.end or str(filing.stage),
            "locked": filing.deposit if filing.open else 0,
            "cost": filing.cost,
            "reward": filing.reward,
        }
        for filing in filings
        if filing.end != NOT_FILED
    ]


def print_challenges(filings: Iterable[Filing], show: Callable[[int], str]) -> None:
    for told in challenges_json(filings):
        held = f", {show(told['locked'])} are held" if told["locked"] else ""
        won = f", it brought {show(told['reward'])}" if told["reward"] else ""
        click.echo(
            f"deal {told['number']} was challenged: {told['state']}{held}, it cost"
            f" {show(told['cost'])}{won}"
        )
