"""`suanli case`: what goes on before a market's court, in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from suanli.base.text import rough
from suanli.chain import Court, Market, Token
from suanli.cli.as_json import as_json as to_json
from suanli.cli.options import json_option, market_option, rpc_option, state_option
from suanli.cli.output import print_facts, print_table
from suanli.client import cases, jobs, places, reach
from suanli.client.cases import ListedCase
from suanli.client.run import short
from suanli.verify.case_words import about, case_told, next_told, silence_told

DIGITS = 10
"""Of a case's id, in tables."""
_court_option = click.option(
    "--court", metavar="ADDRESS", help="The court.  [default: that of the newest terms]"
)


def _where(command: Any) -> Any:
    return _court_option(rpc_option(market_option(command)))


@click.command(
    "list",
    epilog="""\b
Examples:
  suanli case list
  suanli case list --filer 0x… --json | jq '.[].state'""",
)
@click.option("--filer", metavar="ADDRESS", help="Of this challenger alone.")
@json_option
@_where
def list_cases(filer: str | None, as_json: bool, **where: Any) -> None:
    """List the cases of the court, newest first: what each waits for."""
    market, court = _reached(**where)
    now = market.node.head().time
    found = cases.cases(court, filer)
    if as_json:
        click.echo(to_json([_facts(court, case, now) for case in found]))
        return
    if not found:
        click.echo(f"the court {court.address} has no cases")
        return
    rows = [
        (
            case.case.hex()[:DIGITS],
            str(case.miner),
            short(case.filer),
            case.status.phase.name.lower(),
            _left(case, now),
            case_told(case.status),
        )
        for case in found
    ]
    print_table(("case", "miner", "filed by", "state", "left", "what it waits for"), rows)


@click.command()
@click.argument("name", metavar="CASE")
@json_option
@state_option
@_where
def show(name: str, as_json: bool, state: Path | None, **where: Any) -> None:
    """Tell CASE in plain words: what is challenged, what follows, by when, and the money.

    CASE is its id, or the beginning of it.
    """
    market, court = _reached(**where)
    case, now = cases.find_case(court, name), market.node.head().time
    job = cases.job_of(market, places.state_folder(state), case)
    if as_json:
        mine = {"job": job[0], "deal": job[1]} if job else {"job": None, "deal": None}
        click.echo(to_json(_facts(court, case, now) | mine))
        return
    print_facts(_rows(market, court, case, now, job))


def _reached(court: str | None, rpc: str | None, market: str | None) -> tuple[Market, Court]:
    found, _ = reach(rpc, market, "")
    return found, cases.court_of(found, court)


def _left(case: ListedCase, now: int) -> str:
    if case.status.phase.is_final:
        return ""
    left = case.status.deadline - now
    return rough(left) if left >= 0 else "over"


def _rows(
    market: Market, court: Court, case: ListedCase, now: int, job: tuple[str, int] | None
) -> list[tuple[str, str]]:
    status, show = case.status, Token(market.node, market.token()).show
    rows = [
        ("case", "0x" + case.case.hex()),
        ("about", about(status)),
        ("deal", f"0x{case.request.hex()} of miner {case.miner}"),
        ("filed", f"by {case.filer}, {jobs.date(status.filed_at)}"),
    ]
    if job is not None:
        rows.append(("job", f"{job[0]}, deal {job[1]}"))
    rows.append(("held", _held(case, show)))
    rows.append(("state", case_told(status)))
    if status.phase.is_final:
        rows.append(("next", next_told(status, case.docket, now)))
    else:
        late = now > status.deadline
        until = f"until {jobs.date(status.deadline)}, " + (
            "which is over: anybody may do what is due" if late else f"{_left(case, now)} left"
        )
        rows += [("time", until), ("then", silence_told(status))]
    if status.seats and status.phase.value > 3:
        rows.append(("jury", _jury(court, case)))
    if case.division is not None:
        rows += _money(case, show)
    return [(name, told) for name, told in rows if told]


def _held(case: ListedCase, show: Any) -> str:
    told = f"{show(case.deposit)} by the challenger"
    if case.status.appeal_deposit:
        told += f", {show(case.status.appeal_deposit)} by {case.status.appellant}, who appealed"
    return told


def _jury(court: Court, case: ListedCase) -> str:
    seats = court.seats_of(case.case, case.status.round)
    named = ", ".join(str(position) for position in seats)
    return f"seats {named}" if named else f"{case.status.seats} seats, not drawn yet"


def _money(case: ListedCase, show: Any) -> list[tuple[str, str]]:
    parts = case.division
    assert parts is not None
    shares = (
        ("back to the challenger", parts.filer + parts.refund),
        ("its reward", parts.reward),
        ("back to who appealed", parts.appellant),
        ("to jurors", parts.jurors),
        ("to the miner", parts.miner),
        ("to nobody who judges or trades", parts.sink),
    )
    told = [f"{show(amount)} {whose}" for whose, amount in shares if amount]
    return [("money", "; ".join(told) or "nothing was held")]


def _facts(court: Court, case: ListedCase, now: int) -> dict[str, Any]:
    status = case.status
    parts = case.division
    return {
        "case": "0x" + case.case.hex(),
        "court": court.address,
        "request": "0x" + case.request.hex(),
        "filer": case.filer,
        "miner_id": case.miner,
        "task": status.task,
        "kind": "withheld" if status.withheld else "wrong",
        "filed": status.filed_at,
        "state": status.phase.name.lower(),
        "round": status.round,
        "until": None if status.phase.is_final else status.deadline,
        "told": case_told(status),
        "next": next_told(status, case.docket, now)
        if status.phase.is_final
        else silence_told(status),
        "seats": list(court.seats_of(case.case, status.round)),
        "committed": status.committed,
        "revealed": status.revealed,
        "outcome": status.outcome.name.lower(),
        "deposit": case.deposit,
        "appeal": status.appeal_deposit,
        "division": None
        if parts is None
        else {
            "filer": {"amount": parts.filer + parts.refund},
            "reward": parts.reward,
            "appellant": {"amount": parts.appellant},
            "jurors": {"amount": parts.jurors},
            "miner": {"amount": parts.miner},
            "sink": {"amount": parts.sink},
        },
    }
